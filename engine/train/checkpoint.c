#include "engine/train/checkpoint.h"

#include <string.h>

#include "engine/core/error.h"
#include "engine/core/replace-file.h"

#define EPOCH_TYPE "(idddddd)"
#define FORMAT "(ssiiiixxxdda" EPOCH_TYPE "xaay)"
enum { ROOMS = 5 }; /* of each parameter: itself, best, average, two moments */

static const char magic[] = "praxi checkpoint 1";

static float *
room_of (const PraxiTrainState *state, guint i, int room)
{
  PraxiParam *param = state->trainable->params->pdata[i];
  float *const rooms[ROOMS] = {param->tensor.data, state->best[i], state->average[i],
                               state->optimizer->first[i], state->optimizer->second[i]};
  return rooms[room];
}

static gsize
room_bytes (const PraxiTrainState *state, guint i)
{
  return sizeof (float) * ((PraxiParam *) state->trainable->params->pdata[i])->n;
}

static GVariant *
pack_epochs (const GArray *epochs)
{
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a" EPOCH_TYPE));
  for (guint i = 0; i < epochs->len; i++) {
    const PraxiEpoch *e = &g_array_index (epochs, PraxiEpoch, i);
    g_variant_builder_add (&builder, EPOCH_TYPE, e->epoch, e->train_loss, e->val_loss,
                           e->val_accuracy, e->val_f1, e->val_auc_pr, e->val_auc_roc);
  }
  return g_variant_builder_end (&builder);
}

static GVariant *
pack_rooms (const PraxiTrainState *state)
{
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aay"));
  for (guint i = 0; i < state->trainable->params->len; i++)
    for (int room = 0; room < ROOMS; room++)
      g_variant_builder_add_value (&builder, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE,
                                                                        room_of (state, i, room),
                                                                        room_bytes (state, i), 1));
  return g_variant_builder_end (&builder);
}

static GVariant *
pack (const PraxiTrainState *state, const char *key)
{
  return g_variant_new ("(ssiiiixxxdd@a" EPOCH_TYPE "x@aay)", magic, key, state->best_epoch,
                        state->epoch, state->step, state->rollbacks, state->n_done, state->n_drawn,
                        state->n_averaged, state->rate, state->loss, pack_epochs (state->epochs),
                        state->optimizer->n_steps, pack_rooms (state));
}

gboolean
praxi_checkpoint_save (const PraxiTrainState *state,
                       const char *key,
                       const char *path,
                       GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GVariant) packed = g_variant_ref_sink (pack (state, key));
  if (praxi_replace_file (path, g_variant_get_data (packed), g_variant_get_size (packed), &failure))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "keeping the checkpoint: %s",
               failure->message);
  return FALSE;
}

static gboolean
unpack_rooms (PraxiTrainState *state, GVariant *rooms)
{
  const guint n = state->trainable->params->len;
  if (g_variant_n_children (rooms) != n * ROOMS)
    return FALSE;
  for (int pass = 0; pass < 2; pass++)
    for (guint k = 0; k < n * ROOMS; k++) {
      gsize bytes = 0;
      g_autoptr (GVariant) child = g_variant_get_child_value (rooms, k);
      const void *data = g_variant_get_fixed_array (child, &bytes, 1);
      if (bytes != room_bytes (state, k / ROOMS))
        return FALSE;
      if (pass == 1)
        memcpy (room_of (state, k / ROOMS, (int) (k % ROOMS)), data, bytes);
    }
  return TRUE;
}

static void
unpack_epochs (GArray *epochs, GVariant *list)
{
  g_array_set_size (epochs, 0);
  for (gsize i = 0; i < g_variant_n_children (list); i++) {
    PraxiEpoch e = {0};
    g_variant_get_child (list, i, EPOCH_TYPE, &e.epoch, &e.train_loss, &e.val_loss, &e.val_accuracy,
                         &e.val_f1, &e.val_auc_pr, &e.val_auc_roc);
    g_array_append_val (epochs, e);
  }
}

static gboolean
unpack (PraxiTrainState *state, const char *key, const char *path, GVariant *packed, GError **error)
{
  const char *marked, *keyed;
  PraxiTrainState found = *state;
  g_autoptr (GVariant) epochs = NULL, rooms = NULL;
  gint64 n_steps;
  g_variant_get (packed, "(&s&siiiixxxdd@a" EPOCH_TYPE "x@aay)", &marked, &keyed, &found.best_epoch,
                 &found.epoch, &found.step, &found.rollbacks, &found.n_done, &found.n_drawn,
                 &found.n_averaged, &found.rate, &found.loss, &epochs, &n_steps, &rooms);
  if (!g_str_equal (marked, magic))
    return praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                                  "is no checkpoint of this program; remove it to train anew");
  if (!g_str_equal (keyed, key))
    return praxi_error_fail_file (
        error, PRAXI_ERROR_FORMAT, path,
        "belongs to a training with other data, model or options; remove it to train anew");
  if (!unpack_rooms (state, rooms))
    return praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                                  "is damaged; remove it to train anew");
  unpack_epochs (state->epochs, epochs);
  *state = found;
  state->optimizer->n_steps = n_steps;
  return TRUE;
}

gboolean
praxi_checkpoint_load (PraxiTrainState *state,
                       const char *key,
                       const char *path,
                       gboolean *is_there,
                       GError **error)
{
  g_autofree char *data = NULL;
  gsize bytes = 0;
  g_autoptr (GError) failure = NULL;
  *is_there = g_file_get_contents (path, &data, &bytes, &failure);
  if (g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  if (!*is_there) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "reading the checkpoint: %s",
                 failure->message);
    return FALSE;
  }
  g_autoptr (GBytes) owned = g_bytes_new_take (g_steal_pointer (&data), bytes);
  g_autoptr (GVariant) packed =
      g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (FORMAT), owned, FALSE));
  if (!g_variant_is_normal_form (packed))
    return praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                                  "is damaged; remove it to train anew");
  return unpack (state, key, path, packed, error);
}

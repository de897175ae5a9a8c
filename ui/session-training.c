#include "ui/session-training.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-jobs.h"
#include "ui/session-model.h"

/* The project's own model lies with its tracks. Free with g_free. */
static char *
own_model_path (PraxiSession *self)
{
  return g_strconcat (self->project_path, "-tracks/own.onnx", NULL);
}

/* --- the job ------------------------------------------------------------------------------- */

static char **
make_argv (PraxiSession *self, PraxiJobItem *item)
{
  g_autofree char *out = own_model_path (self);
  g_autofree char *folder = g_path_get_dirname (out);
  g_mkdir_with_parents (folder, 0700);
  const char *const argv[] = {self->praxi_path, "train",       "--json", "--progress", "json",
                              "--project",      item->subject, "--out",  out,          NULL};
  return g_strdupv ((char **) (gpointer) argv);
}

static void
begun (PraxiSession *self, PraxiJobItem *item)
{
  g_array_set_size (self->epochs, 0);
  self->best_epoch = 0;
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static double
number_of (JsonObject *line, const char *name)
{
  JsonNode *node = json_object_get_member (line, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static gboolean
is_better (const PraxiUiEpoch *a, const PraxiUiEpoch *b)
{
  if (isnan (a->val_f1))
    return isnan (b->train_loss) || a->train_loss < b->train_loss;
  return a->val_f1 > b->val_f1 || (a->val_f1 >= b->val_f1 && a->val_loss < b->val_loss);
}

static void
line (PraxiSession *self, PraxiJobItem *item, JsonObject *object)
{
  if (!json_object_has_member (object, "epoch"))
    return;
  const PraxiUiEpoch epoch = {.epoch = (int) json_object_get_int_member (object, "epoch"),
                              .train_loss = number_of (object, "train_loss"),
                              .val_loss = number_of (object, "val_loss"),
                              .val_accuracy = number_of (object, "val_accuracy"),
                              .val_f1 = number_of (object, "val_f1")};
  g_array_append_val (self->epochs, epoch);
  if (is_better (&epoch, &g_array_index (self->epochs, PraxiUiEpoch, (guint) self->best_epoch)))
    self->best_epoch = (int) self->epochs->len - 1;
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static void
finished (PraxiSession *self, PraxiJobItem *item)
{
  if (praxi_job_state (item->job) == PRAXI_JOB_DONE)
    praxi_session_say (self, FALSE,
                       self->best_epoch > 0
                           ? _ ("The project has a model of its own now")
                           : _ ("No epoch was better than the model it began with"));
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static const PraxiJobKind kind = {.argv = make_argv,
                                  .begun = begun,
                                  .line = line,
                                  .finished = finished};

void
praxi_session_train (PraxiSession *self)
{
  if (praxi_session_find_job (self, &kind, NULL) != NULL)
    return;
  praxi_session_enqueue (self, &kind, g_strdup (_ ("Training on your labels")), NULL,
                         self->project_path);
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

void
praxi_session_cancel_training (PraxiSession *self)
{
  PraxiJobItem *job = praxi_session_find_job (self, &kind, NULL);
  if (job != NULL)
    praxi_session_cancel (self, job);
}

PraxiTrainingState
praxi_session_training (PraxiSession *self)
{
  if (praxi_session_find_job (self, &kind, NULL) != NULL)
    return PRAXI_TRAINING_RUNNING;
  return self->epochs->len > 0 ? PRAXI_TRAINING_DONE : PRAXI_TRAINING_NONE;
}

const GArray *
praxi_session_epochs (PraxiSession *self)
{
  return self->epochs;
}

int
praxi_session_best_epoch (PraxiSession *self)
{
  return self->best_epoch;
}

/* --- the model in use ---------------------------------------------------------------------- */

gboolean
praxi_session_has_own_model (PraxiSession *self)
{
  g_autofree char *path = own_model_path (self);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
praxi_session_uses_own_model (PraxiSession *self)
{
  g_autofree char *own = own_model_path (self), *used = praxi_session_model (self);
  return g_str_equal (own, used);
}

void
praxi_session_use_own_model (PraxiSession *self, gboolean use)
{
  g_autofree char *own = own_model_path (self);
  if (use == praxi_session_uses_own_model (self))
    return;
  praxi_session_set_model (self, use ? own : "light");
}

void
praxi_session_training_init (PraxiSession *self)
{
  self->epochs = g_array_new (FALSE, FALSE, sizeof (PraxiUiEpoch));
}

void
praxi_session_training_close (PraxiSession *self)
{
  g_clear_pointer (&self->epochs, g_array_unref);
}

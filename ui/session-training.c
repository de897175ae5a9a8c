#include "ui/session-training.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-jobs.h"
#include "ui/session-made.h"

/* --- the job ------------------------------------------------------------------------------- */

static char **
make_argv (PraxiSession *self, PraxiJobItem *item)
{
  g_autofree char *out = praxi_session_made_path (self, PRAXI_MADE_OWN);
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
                              .train_loss = praxi_job_line_number (object, "train_loss"),
                              .val_loss = praxi_job_line_number (object, "val_loss"),
                              .val_accuracy = praxi_job_line_number (object, "val_accuracy"),
                              .val_f1 = praxi_job_line_number (object, "val_f1")};
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
  praxi_session_learn (self, &kind, g_strdup (_ ("Training on your labels")));
}

void
praxi_session_cancel_training (PraxiSession *self)
{
  praxi_session_cancel_kind (self, &kind);
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

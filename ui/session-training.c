#include "ui/session-training.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include "ui/session-jobs.h"
#include "ui/session-made.h"

/* --- the job ------------------------------------------------------------------------------- */

static void
add_words (GPtrArray *words, const char *const *add)
{
  for (; *add != NULL; add++)
    g_ptr_array_add (words, g_strdup (*add));
}

static char **
make_argv (PraxiSession *self, PraxiJobItem *item)
{
  static const char *const quick[] = {"--head-only", "--epochs", "8", NULL};
  static const char *const resume[] = {"--resume", NULL};
  static const char *const labelled[] = {"--classes", "labels", NULL};
  g_autofree char *out = praxi_session_made_path (self, PRAXI_MADE_OWN);
  const PraxiTrainFrom from = self->train_plan.from;
  const char *const first[] = {self->praxi_path,
                               "train",
                               "--json",
                               "--progress",
                               "json",
                               "--project",
                               item->subject,
                               "--out",
                               out,
                               "--from",
                               from == PRAXI_TRAIN_OWN        ? out
                               : from == PRAXI_TRAIN_ORIGINAL ? "original"
                                                              : "light",
                               NULL};
  GPtrArray *words = g_ptr_array_new ();
  add_words (words, first);
  if (self->train_plan.how == PRAXI_TRAIN_QUICK)
    add_words (words, quick);
  if (self->train_plan.classes == PRAXI_TRAIN_LABELLED)
    add_words (words, labelled);
  if (self->resumes_training)
    add_words (words, resume);
  g_ptr_array_add (words, NULL);
  return (char **) g_ptr_array_free (words, FALSE);
}

static void
begun (PraxiSession *self, PraxiJobItem *item)
{
  g_array_set_size (self->epochs, 0);
  self->best_epoch = 0;
  g_clear_pointer (&self->training_report, json_object_unref);
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
take_report (PraxiSession *self, JsonObject *document)
{
  JsonNode *report = document != NULL ? json_object_get_member (document, "report") : NULL;
  if (report != NULL && JSON_NODE_HOLDS_OBJECT (report))
    self->training_report = json_object_ref (json_node_get_object (report));
}

static void
finished (PraxiSession *self, PraxiJobItem *item)
{
  if (praxi_job_state (item->job) == PRAXI_JOB_DONE) {
    take_report (self, praxi_job_document (item->job));
    praxi_session_say (self, FALSE,
                       self->best_epoch > 0
                           ? _ ("The project has a model of its own now")
                           : _ ("No epoch was better than the model it began with"));
    if (self->train_plan.how == PRAXI_TRAIN_LIGHTER)
      praxi_session_lighten_own (self);
  }
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

static const PraxiJobKind kind = {.argv = make_argv,
                                  .begun = begun,
                                  .line = line,
                                  .finished = finished};

/* --- kept, so that a training cut off can go on after a restart --------------------------------
 */

static char *
plan_path (PraxiSession *self)
{
  return praxi_session_track_file (self, "own.plan");
}

static void
keep_plan (PraxiSession *self)
{
  g_autofree char *path = plan_path (self);
  const PraxiTrainPlan *plan = &self->train_plan;
  g_autofree char *text =
      g_strdup_printf ("%d %d %d\n", (int) plan->from, (int) plan->how, (int) plan->classes);
  g_file_set_contents (path, text, -1, NULL); /* lost, a training only cannot go on */
}

static gboolean
read_plan (PraxiSession *self, PraxiTrainPlan *plan)
{
  g_autofree char *path = plan_path (self), *text = NULL;
  int from, how, classes = PRAXI_TRAIN_KNOWN; /* as before there was a choice */
  if (!g_file_get_contents (path, &text, NULL, NULL) ||
      sscanf (text, "%d %d %d", &from, &how, &classes) < 2 || from < 0 || from > PRAXI_TRAIN_OWN ||
      how < 0 || how > PRAXI_TRAIN_LIGHTER || classes < 0 || classes > PRAXI_TRAIN_KNOWN)
    return FALSE;
  *plan = (PraxiTrainPlan){(PraxiTrainFrom) from, (PraxiTrainHow) how, (PraxiTrainClasses) classes};
  return TRUE;
}

static void
start (PraxiSession *self, const PraxiTrainPlan *plan, gboolean resumes)
{
  if (praxi_session_find_job (self, &kind, NULL) != NULL)
    return;
  self->train_plan = *plan;
  if (plan->how == PRAXI_TRAIN_LIGHTER) /* INT8 cannot be made lighter */
    self->train_plan.from = PRAXI_TRAIN_ORIGINAL;
  self->resumes_training = resumes;
  praxi_session_learn (self, &kind, g_strdup (_ ("Training on your labels")));
  keep_plan (self);
}

void
praxi_session_train (PraxiSession *self, const PraxiTrainPlan *plan)
{
  start (self, plan, FALSE);
}

gboolean
praxi_session_can_resume_training (PraxiSession *self)
{
  g_autofree char *model = praxi_session_made_path (self, PRAXI_MADE_OWN);
  g_autofree char *checkpoint = g_strconcat (model, ".checkpoint", NULL);
  return praxi_session_find_job (self, &kind, NULL) == NULL &&
         g_file_test (checkpoint, G_FILE_TEST_EXISTS);
}

void
praxi_session_resume_training (PraxiSession *self)
{
  PraxiTrainPlan plan;
  if (read_plan (self, &plan))
    start (self, &plan, TRUE);
}

JsonObject *
praxi_session_training_report (PraxiSession *self)
{
  return self->training_report;
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
  g_clear_pointer (&self->training_report, json_object_unref);
}

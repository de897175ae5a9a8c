/* praxi train: a model learns from labelled footage. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/analysis.h"
#include "app/compare-child.h"
#include "app/label-splits.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/model/spec.h"
#include "engine/train/trainer.h"

enum { CLIP_SHARE_STEPS = 1000 };

typedef struct {
  char *data, *project, *from, *arch, *out, *progress;
  PraxiTrainOptions options;
  gint64 seed;
  double stride_s;
  gboolean json, json_progress;

  PraxiModel *model;
  PraxiDataset *train, *val; /* val: NULL for none */
  PraxiClips *train_clips, *val_clips;
  PraxiTrainable *trainable;
  PraxiTraining *training;
  PraxiCliProgress *bar;
} Train;

/* --- progress ------------------------------------------------------------------------------- */

static gboolean
reading_cb (gpointer data, double share)
{
  const Train *train = data;
  praxi_cli_progress_update (train->bar, MIN (share, 0.9999) * CLIP_SHARE_STEPS, CLIP_SHARE_STEPS);
  return !praxi_cli_cancelled;
}

static gboolean
learning_cb (gpointer data, double done_epochs, double total_epochs)
{
  const Train *train = data;
  praxi_cli_progress_update (train->bar, MIN (done_epochs, total_epochs * 0.9999), total_epochs);
  return !praxi_cli_cancelled;
}

static void
add_epoch (JsonBuilder *builder, const PraxiEpoch *epoch)
{
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "epoch", epoch->epoch);
  praxi_json_add_double (builder, "train_loss", epoch->train_loss);
  praxi_json_add_double (builder, "val_loss", epoch->val_loss);
  praxi_json_add_double (builder, "val_accuracy", epoch->val_accuracy);
  praxi_json_add_double (builder, "val_f1", epoch->val_f1);
  json_builder_end_object (builder);
}

static void
epoch_cb (gpointer data, const PraxiEpoch *epoch)
{
  const Train *train = data;
  if (train->json_progress) {
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    add_epoch (builder, epoch);
    praxi_json_write (builder, stderr, FALSE);
  } else if (!train->json) {
    if (epoch->epoch > 0)
      printf ("epoch %3d   loss %.3f", epoch->epoch, epoch->train_loss);
    else
      printf ("before                ");
    if (train->val != NULL)
      printf ("   validation: loss %.3f, accuracy %.1f %%, macro-F1 %.3f", epoch->val_loss,
              epoch->val_accuracy * 100, epoch->val_f1);
    putchar ('\n');
    fflush (stdout);
  }
}

/* --- the work ------------------------------------------------------------------------------- */

static PraxiClips *
read_clips (Train *train, const PraxiDataset *dataset, GError **error)
{
  const PraxiClipsOptions options = {.stride_s = train->stride_s,
                                     .threads = train->options.threads,
                                     .tick = reading_cb,
                                     .data = train};
  PraxiClips *clips = praxi_clips_load (praxi_model_spec (train->model), dataset, &options, error);
  if (clips != NULL)
    praxi_label_splits_print_warnings (clips->warnings);
  return clips;
}

static gboolean
read_all_clips (Train *train, GError **error)
{
  train->bar = praxi_cli_progress_new (train->json_progress, "clips");
  train->train_clips = read_clips (train, train->train, error);
  if (train->train_clips != NULL && train->val != NULL)
    train->val_clips = read_clips (train, train->val, error);
  const gboolean good =
      train->train_clips != NULL && (train->val == NULL || train->val_clips != NULL);
  if (good)
    praxi_cli_progress_update (train->bar, CLIP_SHARE_STEPS, CLIP_SHARE_STEPS);
  g_clear_pointer (&train->bar, praxi_cli_progress_free);
  return good;
}

static gboolean
learn (Train *train, GError **error)
{
  train->trainable = praxi_trainable_new (train->model, error);
  if (train->trainable == NULL)
    return FALSE;
  train->options.tick = learning_cb;
  train->options.epoch = epoch_cb;
  train->options.data = train;
  train->bar = praxi_cli_progress_new (train->json_progress, "epochs");
  train->training = praxi_train (train->trainable, train->model, train->train_clips,
                                 train->val_clips, &train->options, error);
  if (train->training != NULL)
    praxi_cli_progress_update (train->bar, train->options.epochs, train->options.epochs);
  g_clear_pointer (&train->bar, praxi_cli_progress_free);
  return train->training != NULL;
}

/* The spec of what came out: as before, a name of its own and one more step. */
static char *
write_spec (const Train *train)
{
  PraxiModelSpec spec = *praxi_model_spec (train->model);
  g_autofree char *base = g_path_get_basename (train->out);
  g_autofree char *name =
      g_str_has_suffix (base, ".onnx") ? g_strndup (base, strlen (base) - 5) : g_strdup (base);
  g_autofree char *step =
      g_strdup_printf ("fine-tuned: %u clips, epoch %d of %u", train->train_clips->clips->len,
                       train->training->best_epoch, train->training->epochs->len - 1);
  g_autofree PraxiLineageStep *lineage = g_new (PraxiLineageStep, spec.n_lineage + 1);
  memcpy (lineage, spec.lineage, sizeof *lineage * (gsize) spec.n_lineage);
  lineage[spec.n_lineage++] = (PraxiLineageStep){.name = spec.name, .step = step};
  spec.lineage = lineage;
  g_autofree char *valid = praxi_text_file_name (name);
  spec.name = valid;
  return praxi_model_spec_write (&spec);
}

static gboolean
save (const Train *train, GError **error)
{
  g_autofree char *spec = write_spec (train);
  g_autoptr (PraxiGraph) graph = praxi_trainable_graph (train->trainable, train->model);
  return praxi_model_save (graph, spec, train->out, error);
}

static void
unused_cb (gpointer data, double share)
{
}

/* What came out, judged as `praxi compare` judges; NULL without footage to judge by. */
static JsonNode *
judge (const Train *train, GError **error)
{
  const PraxiCompareChild child = {.name = train->out,
                                   .threads = train->options.threads,
                                   .stride_s = train->stride_s,
                                   .progress = unused_cb};
  return train->val != NULL ? praxi_compare_child_run (&child, train->val, error) : NULL;
}

static void
print_json (const Train *train, JsonNode *judged)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "epochs");
  json_builder_begin_array (builder);
  for (guint i = 0; i < train->training->epochs->len; i++)
    add_epoch (builder, &g_array_index (train->training->epochs, PraxiEpoch, i));
  json_builder_end_array (builder);
  praxi_json_add_int (builder, "best_epoch", train->training->best_epoch);
  praxi_json_add_int (builder, "train_clips", train->train_clips->clips->len);
  praxi_json_add_int (builder, "val_clips",
                      train->val_clips != NULL ? train->val_clips->clips->len : 0);
  praxi_json_add_boolean (builder, "partial", train->training->is_cancelled);
  if (judged != NULL) {
    json_builder_set_member_name (builder, "report");
    json_builder_add_value (
        builder, json_node_copy (json_object_get_member (json_node_get_object (judged), "report")));
  }
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static PraxiExit
finish (Train *train)
{
  g_autoptr (GError) error = NULL;
  if (!save (train, &error))
    return praxi_cli_fail (&error);
  const gboolean is_cancelled = train->training->is_cancelled;
  g_autoptr (JsonNode) judged = is_cancelled ? NULL : judge (train, &error);
  if (error != NULL && *error->message != '\0')
    fprintf (stderr, "praxi: the model is kept, but was not judged: %s\n", error->message);
  if (train->json) {
    print_json (train, judged);
  } else {
    g_autofree char *name = praxi_text_file_name (train->out);
    if (train->training->best_epoch == 0)
      printf ("%s: written; no epoch was better than the model it began with\n", name);
    else
      printf ("%s: written, epoch %d\n", name, train->training->best_epoch);
  }
  return is_cancelled ? PRAXI_EXIT_CANCELLED : PRAXI_EXIT_DONE;
}

static PraxiExit
train_model (Train *train)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = praxi_cli_model_path (train->from != NULL ? train->from : "light");
  train->model = praxi_model_load (path, &error);
  if (train->model == NULL)
    return praxi_cli_fail (&error);
  if (praxi_model_spec (train->model) == NULL) {
    g_autofree char *shown = praxi_text_file_name (path);
    g_set_error (&error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s: says nothing of its classes and input; give it a spec with 'praxi convert'",
                 shown);
    return praxi_cli_fail (&error);
  }
  if (!praxi_label_splits_load (train->data, train->project, praxi_model_spec (train->model),
                                &train->train, &train->val, &error) ||
      !read_all_clips (train, &error) || !learn (train, &error))
    return praxi_cli_fail (&error);
  return finish (train);
}

static gboolean
check_options (Train *train, GError **error)
{
  const char *problem = NULL;
  if ((train->data == NULL) == (train->project == NULL))
    problem = "train: give either --data DIR or --project FILE; see 'praxi train --help'";
  else if (train->arch != NULL)
    problem = "--arch: training from nothing is not possible yet; begin with a model by --from";
  else if (train->out == NULL)
    problem = "train: say with --out where the model shall go";
  else if (train->options.threads < 0 || train->options.threads > 1024)
    problem = "--threads: give 1 to 1024";
  else if (train->options.epochs < 1 || train->options.epochs > 10000)
    problem = "--epochs: give 1 to 10000";
  else if (train->options.batch < 1 || train->options.batch > 4096)
    problem = "--batch: give 1 to 4096";
  else if (!(train->options.rate > 0 && train->options.rate <= 1))
    problem = "--rate: give more than 0 and at most 1";
  else if (!(train->stride_s > 0 && train->stride_s < 1e6))
    problem = "--stride: give seconds";
  train->options.seed = (guint32) train->seed;
  if (problem == NULL)
    return praxi_cli_wants_json_progress (train->progress, &train->json_progress, error);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
  return FALSE;
}

static void
clear (Train *train)
{
  praxi_training_free (train->training);
  praxi_trainable_free (train->trainable);
  praxi_clips_free (train->train_clips);
  praxi_clips_free (train->val_clips);
  praxi_dataset_free (train->train);
  praxi_dataset_free (train->val);
  g_clear_pointer (&train->model, praxi_model_unref);
  char *const texts[] = {train->data, train->project, train->from,
                         train->arch, train->out,     train->progress};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}

PraxiExit
praxi_cli_train (int argc, char **argv)
{
  Train t = {.options = {.epochs = 20, .batch = 16, .rate = 0.001}, .stride_s = 0.5};
  const GOptionEntry entries[] = {
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &t.data, "A folder with labels.csv", "DIR"},
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &t.project, "The labels of a project", "FILE.praxi"},
      {"from", 0, 0, G_OPTION_ARG_FILENAME, &t.from, "The model to begin with (default: light)",
       "MODEL"},
      {"arch", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &t.arch, NULL, NULL},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &t.out, "Where to write the model", "OUT.onnx"},
      {"epochs", 0, 0, G_OPTION_ARG_INT, &t.options.epochs, "Rounds at most (20)", "N"},
      {"batch", 0, 0, G_OPTION_ARG_INT, &t.options.batch, "Clips a step (16)", "N"},
      {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &t.options.rate, "Length of steps (0.001)", "R"},
      {"stride", 0, 0, G_OPTION_ARG_DOUBLE, &t.stride_s, "Seconds between windows (0.5)", "S"},
      {"no-augment", 0, 0, G_OPTION_ARG_NONE, &t.options.no_augment, "Leave clips as they are",
       NULL},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &t.seed, "Of what is drawn by chance (0)", "N"},
      {"threads", 0, 0, G_OPTION_ARG_INT, &t.options.threads, "Threads (default: one per core)",
       "N"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &t.json, "Print one JSON document", NULL},
      {"progress", 0, 0, G_OPTION_ARG_STRING, &t.progress, "Print progress to stderr", "json"},
      {NULL}};
  PraxiExit status;
  if (praxi_cli_parse (&argc, &argv, entries, "",
                       "Fine-tunes a model on labelled footage; the best epoch is kept.",
                       &status)) {
    g_autoptr (GError) error = NULL;
    praxi_cli_catch_signals ();
    status = check_options (&t, &error) ? train_model (&t) : praxi_cli_fail (&error);
  }
  clear (&t);
  return status;
}

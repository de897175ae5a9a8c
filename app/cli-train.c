/* praxi train: a model learns from labelled footage. */
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/analysis.h"
#include "app/compare-child.h"
#include "app/label-splits.h"
#include "app/train-job.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/model/spec.h"

/* --- progress ------------------------------------------------------------------------------- */

static void
add_epoch (JsonBuilder *builder, const PraxiEpoch *epoch)
{
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "epoch", epoch->epoch);
  praxi_json_add_double (builder, "train_loss", epoch->train_loss);
  praxi_json_add_double (builder, "val_loss", epoch->val_loss);
  praxi_json_add_double (builder, "val_accuracy", epoch->val_accuracy);
  praxi_json_add_double (builder, "val_f1", epoch->val_f1);
  praxi_json_add_double (builder, "val_auc_pr", epoch->val_auc_pr);
  praxi_json_add_double (builder, "val_auc_roc", epoch->val_auc_roc);
  json_builder_end_object (builder);
}

static void
epoch_cb (gpointer data, const PraxiEpoch *epoch)
{
  const PraxiTrainJob *train = data;
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

static void
unused_cb (gpointer data, double share)
{
}

/* What came out, judged as `praxi compare` judges; NULL without footage to judge by. */
static JsonNode *
judge (const PraxiTrainJob *train, GError **error)
{
  const PraxiCompareChild child = {.name = train->out,
                                   .executor.threads = train->options.threads,
                                   .stride_s = train->stride_s,
                                   .progress = unused_cb};
  return train->val != NULL && !praxi_train_job_reads_joints (train)
             ? praxi_compare_child_run (&child, train->val, error)
             : NULL;
}

/* What learned at smaller sizes. */
static void
add_stages (JsonBuilder *builder, const PraxiTrainJob *train)
{
  json_builder_set_member_name (builder, "stages");
  json_builder_begin_array (builder);
  for (guint i = 0; i < train->stages->len; i++) {
    const PraxiTrainStage *stage = &g_array_index (train->stages, PraxiTrainStage, i);
    json_builder_begin_object (builder);
    praxi_json_add_int (builder, "clips_at_once", stage->trainable->batch);
    praxi_json_add_int (builder, "clips_a_step", stage->batch);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
print_json (const PraxiTrainJob *train, JsonNode *judged)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "epochs");
  json_builder_begin_array (builder);
  for (guint i = 0; i < train->training->epochs->len; i++)
    add_epoch (builder, &g_array_index (train->training->epochs, PraxiEpoch, i));
  json_builder_end_array (builder);
  praxi_json_add_int (builder, "best_epoch", train->training->best_epoch);
  praxi_json_add_int (builder, "train_clips", train->train_source->n);
  praxi_json_add_int (builder, "val_clips", train->val_source != NULL ? train->val_source->n : 0);
  praxi_json_add_int (builder, "clips_a_step", train->trainable->batch);
  if (train->stages != NULL)
    add_stages (builder, train);
  praxi_json_add_boolean (builder, "partial", train->training->is_cancelled);
  if (train->temper.n > 0) {
    praxi_json_add_double (builder, "cross_entropy_before", train->temper.before);
    praxi_json_add_double (builder, "cross_entropy_calibrated", train->temper.after);
  }
  if (judged != NULL) {
    json_builder_set_member_name (builder, "report");
    json_builder_add_value (
        builder, json_node_copy (json_object_get_member (json_node_get_object (judged), "report")));
  }
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static PraxiExit
finish (PraxiTrainJob *train)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) why = NULL;
  if (!train->training->is_cancelled && !praxi_train_job_calibrate (train, &why))
    fprintf (stderr, "praxi: %s; the model is kept as it learned\n", why->message);
  if (!praxi_train_job_save (train, train->out, &error))
    return praxi_cli_fail (&error);
  if (!train->training->is_cancelled && train->checkpoint != NULL)
    g_unlink (train->checkpoint);
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
    if (train->temper.n > 0)
      printf ("calibrated: cross-entropy of the validation footage %.3f, before %.3f\n",
              train->temper.after, train->temper.before);
  }
  return is_cancelled ? PRAXI_EXIT_CANCELLED : PRAXI_EXIT_DONE;
}

static PraxiExit
train_model (PraxiTrainJob *train)
{
  g_autoptr (GError) error = NULL;
  if (!praxi_train_job_model (train, &error) || !praxi_train_job_choose_head (train, &error))
    return praxi_cli_fail (&error);
  if (train->folds > 0)
    return praxi_train_folds (train);
  if (!praxi_label_splits_load (train->data, train->project, praxi_model_spec (train->model),
                                &train->train, &train->val, &error) ||
      !praxi_train_job_add_more (train, &error) || !praxi_train_job_read (train, &error) ||
      !praxi_train_job_prepare (train, NULL, &error))
    return praxi_cli_fail (&error);
  train->options.keeps_last =
      train->keeps_last || (train->arch != NULL && train->val_source == NULL);
  praxi_train_job_keep (train, train->out);
  train->options.epoch = epoch_cb;
  if (!praxi_train_job_learn (train, &error))
    return praxi_cli_fail (&error);
  return finish (train);
}

/* One word of a few; FALSE where it is none of them. */
static gboolean
choose (const char *word, const char *const *words, int *choice)
{
  for (int i = 0; word != NULL && words[i] != NULL; i++)
    if (g_str_equal (words[i], word)) {
      *choice = i;
      return TRUE;
    }
  return word == NULL;
}

/* Fills what stands for words as well. */
static const char *
find_value_problem (PraxiTrainJob *t)
{
  static const char *const optimizers[] = {"adamw", "sgd", NULL};
  static const char *const balances[] = {"root", "equal", "none", NULL};
  const PraxiTrainOptions *o = &t->options;
  int optimizer = 0, balance = 0;
  const gboolean knows_optimizer = choose (t->optimizer, optimizers, &optimizer);
  const gboolean knows_balance = choose (t->balance, balances, &balance);
  t->options.optimizer = (PraxiOptimizerKind) optimizer;
  t->options.balance = (PraxiBalance) balance;
  if (o->threads < 0 || o->threads > 1024)
    return "--threads: give 1 to 1024";
  if (o->epochs < 1 || o->epochs > 10000)
    return "--epochs: give 1 to 10000";
  if (o->batch < 1 || o->batch > 4096)
    return "--batch: give 1 to 4096";
  if (!(o->rate > 0 && o->rate <= 1))
    return "--rate: give more than 0 and at most 1";
  if (!(t->stride_s > 0 && t->stride_s < 1e6))
    return "--stride: give seconds";
  if (!knows_optimizer)
    return "--optimizer: give adamw or sgd";
  if (!knows_balance)
    return "--balance: give root, equal or none";
  if (!(o->mix.mixup >= 0 && o->mix.mixup <= 10) || !(o->mix.cutmix >= 0 && o->mix.cutmix <= 1))
    return "--mixup: give 0 to 10; --cutmix: give 0 to 1";
  if (!(o->average >= 0 && o->average < 1) || !(t->how.dropout >= 0 && t->how.dropout < 1))
    return "--average, --dropout: give 0 or more and less than 1";
  if (!(t->how.focal >= 0 && t->how.focal <= 10) || !(t->positive_weight > 0))
    return "--focal: give 0 to 10; --positive-weight: give more than 0";
  if (t->folds != 0 && (t->folds < 2 || t->folds > 100))
    return "--folds: give 2 to 100";
  if (!(t->memory_mb >= 1))
    return "--memory: give megabytes";
  return NULL;
}

static const char *
find_problem (PraxiTrainJob *t)
{
  static const char *const splits[] = {"train", "val", "test", "all", NULL};
  int split = 0;
  if ((t->data == NULL) == (t->project == NULL))
    return "train: give either --data DIR or --project FILE; see 'praxi train --help'";
  if (t->arch != NULL && t->from != NULL)
    return "train: --arch begins from nothing, --from with a model; give one of them";
  if (t->smote && t->ensemble > 0)
    return "--smote, --easy-ensemble: give one of them";
  if (t->ensemble < 0 || t->ensemble > 1000)
    return "--easy-ensemble: give 1 to 1000";
  if ((t->scores != NULL || t->curves != NULL || t->judged != NULL) && t->folds == 0)
    return "--scores, --curves, --judge: go with --folds";
  if (t->split != NULL &&
      (t->folds == 0 || t->judged != NULL || !choose (t->split, splits, &split)))
    return "--split: give train, val, test or all, with --folds and something to train";
  if (t->pairs && (t->folds < 3 || t->out == NULL || t->judged != NULL || t->scores != NULL ||
                   t->curves != NULL || t->json))
    return "--pairs: goes with three --folds or more and --out, and nothing is judged";
  if (t->alarms != NULL && (!t->calibrates || t->judged == NULL))
    return "--alarms: goes with --folds, --judge and --calibrate";
  if (t->more != NULL && (t->data == NULL || t->judged != NULL))
    return "--more: goes with --data, and with something to train";
  if (t->judged != NULL &&
      (t->arch != NULL || (t->out != NULL) != t->calibrates || (t->from != NULL && !t->calibrates)))
    return "--judge: nothing is trained; leave --arch away, and --from and --out too unless the "
           "models shall be calibrated";
  if (t->folds > 0 && t->calibrates && t->judged == NULL)
    return "--calibrate: goes with --judge where there are --folds";
  if (t->options.resume && t->out == NULL)
    return "--resume: goes with --out";
  if (t->out == NULL && t->folds == 0)
    return "train: say with --out where the model shall go";
  return find_value_problem (t);
}

static gboolean
check_options (PraxiTrainJob *train, GError **error)
{
  praxi_train_job_defaults (train);
  const char *problem = find_problem (train);
  train->options.seed = (guint32) train->seed;
  if (problem == NULL)
    return praxi_cli_wants_json_progress (train->progress, &train->json_progress, error);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
  return FALSE;
}

/* Options of learning itself; main has no room for them. */
static void
list_learning (PraxiTrainJob *t, GArray *entries)
{
  const GOptionEntry more[] = {
      {"optimizer", 0, 0, G_OPTION_ARG_STRING, &t->optimizer, "adamw or sgd (adamw)", "NAME"},
      {"decay", 0, 0, G_OPTION_ARG_DOUBLE, &t->options.weight_decay, "Of weights (0.01)", "D"},
      {"smoothing", 0, 0, G_OPTION_ARG_DOUBLE, &t->options.smoothing, "Of labels (0.05)", "S"},
      {"mixup", 0, 0, G_OPTION_ARG_DOUBLE, &t->options.mix.mixup, "Blends clips, 0.4 is usual (0)",
       "A"},
      {"cutmix", 0, 0, G_OPTION_ARG_DOUBLE, &t->options.mix.cutmix,
       "Share of batches with parts of other clips (0)", "P"},
      {"average", 0, 0, G_OPTION_ARG_DOUBLE, &t->options.average,
       "Keeps a moving average of weights, 0.98 is usual (0)", "K"},
      {"dropout", 0, 0, G_OPTION_ARG_DOUBLE, &t->how.dropout, "Before the last layer (0)", "P"},
      {"focal", 0, 0, G_OPTION_ARG_DOUBLE, &t->how.focal, "Focal loss, 2 is usual (0)", "G"},
      {"positive-weight", 0, 0, G_OPTION_ARG_DOUBLE, &t->positive_weight,
       "Of clips that show an event (1)", "W"},
      {"balance", 0, 0, G_OPTION_ARG_STRING, &t->balance,
       "How classes are drawn: root, equal, none (root)", "HOW"},
      {"sizes", 0, 0, G_OPTION_ARG_STRING, &t->sizes,
       "Sides of the clips by share of the epochs, the model's own last, as in 96,128,160; steps "
       "of "
       "smaller ones have more clips",
       "LIST"},
      {"smote", 0, 0, G_OPTION_ARG_NONE, &t->smote,
       "Fits the last layer at the end, rare classes filled up with clips made of features", NULL},
      {"easy-ensemble", 0, 0, G_OPTION_ARG_INT, &t->ensemble,
       "Fits the last layer at the end: the mean of N, each of as many clips of every class", "N"},
      {"head-only", 0, 0, G_OPTION_ARG_NONE, &t->how.head_only, "Only the last layer learns", NULL},
      {"freeze-norm", 0, 0, G_OPTION_ARG_NONE, &t->how.freeze_norm,
       "Batch normalization stays as it is", NULL},
      {"layer-decay", 0, 0, G_OPTION_ARG_DOUBLE, &t->options.layer_decay,
       "Of the rate, from layer to layer (1)", "D"},
      {"backbone-rate", 0, 0, G_OPTION_ARG_DOUBLE, &t->options.backbone_rate,
       "Of all layers but the last, times the rate (1)", "R"},
      {"patience", 0, 0, G_OPTION_ARG_INT, &t->options.patience,
       "Epochs without a better one before it stops (8)", "N"},
      {"last", 0, 0, G_OPTION_ARG_NONE, &t->keeps_last,
       "Keeps the last epoch, not the best: the validation footage chooses nothing", NULL},
      {"recompute", 0, 0, G_OPTION_ARG_NONE, &t->how.recompute,
       "Computes activations twice to save memory", NULL},
      {"memory", 0, 0, G_OPTION_ARG_DOUBLE, &t->memory_mb, "For one step at most (2048)", "MB"},
      {"licence", 0, 0, G_OPTION_ARG_STRING, &t->licence,
       "Of the weights, in words that stand in the file", "TEXT"},
      {"more", 0, 0, G_OPTION_ARG_FILENAME, &t->more,
       "More footage to learn from, an eighth of what is shown, that nothing is judged by; 'praxi "
       "render' makes some",
       "DIR"},
      {"cache", 0, 0, G_OPTION_ARG_FILENAME, &t->cache,
       "Keeps the motion of footage there, so that the next run begins at once (1.5 MB a second)",
       "DIR"},
      {"maps", 0, 0, G_OPTION_ARG_NONE, &t->maps,
       "Fine-tunes on motion computed once a file, as --arch and --folds do", NULL},
      {"resume", 0, 0, G_OPTION_ARG_NONE, &t->options.resume,
       "Goes on where a training to the same file was cut off", NULL},
      {"checkpoint", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_DOUBLE, &t->options.checkpoint_s, NULL,
       NULL},
  };
  g_array_append_vals (entries, more, G_N_ELEMENTS (more));
}

/* Options of cross-validation and of what is made of it. */
static void
list_folds (PraxiTrainJob *t, GArray *entries)
{
  const GOptionEntry more[] = {
      {"folds", 0, 0, G_OPTION_ARG_INT, &t->folds,
       "Cross-validation by group instead of one model; --out OUT.onnx keeps OUT-1.onnx to "
       "OUT-K.onnx",
       "K"},
      {"pairs", 0, 0, G_OPTION_ARG_NONE, &t->pairs,
       "With --folds and --out: a model for every two folds instead, OUT-1-2.onnx and so on, which "
       "saw neither",
       NULL},
      {"split", 0, 0, G_OPTION_ARG_STRING, &t->split,
       "With --folds: only footage of train, val or test; the folds are those of all", "SPLIT"},
      {"judge", 0, 0, G_OPTION_ARG_FILENAME, &t->judged,
       "With --folds: trains nothing, judges OUT-1.onnx to OUT-K.onnx, each by its fold",
       "OUT.onnx"},
      {"scores", 0, 0, G_OPTION_ARG_FILENAME, &t->scores,
       "With --folds: a table of what footage held out was given", "FILE.csv"},
      {"curves", 0, 0, G_OPTION_ARG_FILENAME, &t->curves,
       "With --folds: a table of what thresholds find and how often they are wrong", "FILE.csv"},
      {"calibrate", 0, 0, G_OPTION_ARG_NONE, &t->calibrates,
       "Fits the scores to the validation footage, so that 0.8 is right in 8 of 10 cases; with "
       "--judge and --out each fold's to what the others held out, and --from's to all of that",
       NULL},
      {"alarms", 0, 0, G_OPTION_ARG_STRING, &t->alarms,
       "With those: thresholds that find most events within so many false ones an hour, fall=20",
       "LIST"},
  };
  g_array_append_vals (entries, more, G_N_ELEMENTS (more));
}

PraxiExit
praxi_cli_train (int argc, char **argv)
{
  PraxiTrainJob t;
  praxi_train_job_init (&t);
  const GOptionEntry entries[] = {
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &t.data, "A folder with labels.csv", "DIR"},
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &t.project, "The labels of a project", "FILE.praxi"},
      {"from", 0, 0, G_OPTION_ARG_FILENAME, &t.from, "The model to begin with (default: light)",
       "MODEL"},
      {"arch", 0, 0, G_OPTION_ARG_STRING, &t.arch,
       "Begins from nothing: flow-light, flow-wide, flow-statistics, sequence (joints in .npy "
       "files), or a net of the zoo",
       "NAME"},
      {"classes", 0, 0, G_OPTION_ARG_STRING, &t.classes,
       "Of --arch, normal first (normal,fight,fall); a model there is gets a new last layer for "
       "them; labels: for those labelled, where it does not know them all",
       "LIST"},
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
      {"progress", 0, 0, G_OPTION_ARG_STRING, &t.progress, "Print progress to stderr", "json"}};
  PraxiExit status;
  g_autoptr (GArray) all = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  g_array_append_vals (all, entries, G_N_ELEMENTS (entries));
  list_learning (&t, all);
  list_folds (&t, all);
  if (praxi_cli_parse (&argc, &argv, (const GOptionEntry *) (const void *) all->data, "",
                       "Trains a model on labelled footage; the best epoch is kept.", &status)) {
    g_autoptr (GError) error = NULL;
    praxi_cli_catch_signals ();
    status = check_options (&t, &error) ? train_model (&t) : praxi_cli_fail (&error);
  }
  praxi_train_job_clear (&t);
  return status;
}

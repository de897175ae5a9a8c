#include "app/train-job.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/label-splits.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/infer/events.h"
#include "engine/model/flow-net.h"
#include "engine/model/sequence-net.h"
#include "engine/model/spec.h"
#include "engine/model/zoo.h"

enum { CLIP_SHARE_STEPS = 1000, SEQUENCE_FRAMES = 48 };
#define PERCENT_OF_FILES 0.9999

static const char *const usual_classes[] = {"normal", "fight", "fall", NULL};

/* --- the model ------------------------------------------------------------------------------ */

PraxiModel *
praxi_train_model_of (const PraxiGraph *graph, const char *spec, GError **error)
{
  g_autofree char *path = NULL;
  const int file = g_file_open_tmp ("praxiscope-XXXXXX.onnx", &path, error);
  if (file < 0)
    return NULL;
  close (file);
  PraxiModel *model =
      praxi_model_save (graph, spec, path, error) ? praxi_model_load (path, error) : NULL;
  g_unlink (path);
  return model;
}

/* A net of pictures: "NAME" or "NAME:key=value,…" as `praxi convert` takes them behind zoo: */
static PraxiModel *
build_zoo (const PraxiTrainJob *job, char **classes, GError **error)
{
  g_autofree char *name = NULL;
  PraxiZooOptions options = {0};
  const char *text = job->arch;
  if (g_str_has_prefix (text, "zoo:"))
    text += strlen ("zoo:");
  if (!praxi_zoo_parse (text, &name, &options, error))
    return NULL;
  options.classes = (const char *const *) classes;
  options.n_classes = (int) g_strv_length (classes);
  options.seed = (guint64) job->seed;
  return praxi_zoo_model (name, &options, error);
}

/* A spec of what begins with chance. classes, enter: borrowed */
static PraxiModelSpec
new_spec (const PraxiTrainJob *job, char **classes, double *none)
{
  const int n = (int) g_strv_length (classes);
  for (int i = 0; i < n; i++)
    none[i] = (double) NAN;
  return (PraxiModelSpec){.name = job->arch,
                          .classes = classes,
                          .n_classes = n,
                          .std = {1, 1, 1},
                          .output_name = "scores",
                          .precision = "f32",
                          .enter = none,
                          .exit = none,
                          .licence = ""};
}

/* The first labelled sequence that can be read says how many joints there are. */
static PraxiSequence *
first_sequence (const PraxiTrainJob *job, char **classes, GError **error)
{
  const PraxiDatasetOptions options = {.classes = (const char *const *) classes,
                                       .n_classes = (int) g_strv_length (classes),
                                       .split = "all"};
  g_autoptr (PraxiDataset) dataset = praxi_dataset_load_folder (job->data, &options, error);
  PraxiSequence *sequence = NULL;
  for (guint i = 0; dataset != NULL && sequence == NULL && i < dataset->samples->len; i++) {
    const PraxiSample *sample = dataset->samples->pdata[i];
    sequence = praxi_sequence_read (sample->path, NULL);
  }
  if (dataset != NULL && sequence == NULL)
    praxi_error_fail (error, PRAXI_ERROR_FAILED,
                      "none of the labelled files is a .npy file of joints");
  return sequence;
}

static PraxiModel *
build_sequence (const PraxiTrainJob *job, char **classes, GError **error)
{
  if (job->data == NULL || job->classes == NULL || g_strv_length (classes) < 2) {
    praxi_error_fail (
        error, PRAXI_ERROR_USAGE,
        "a net of sequences wants --data and two or more --classes, as in wave,point");
    return NULL;
  }
  g_autoptr (PraxiSequence) first = first_sequence (job, classes, error);
  if (first == NULL)
    return NULL;
  g_autofree double *none = g_new (double, g_strv_length (classes));
  PraxiModelSpec spec = new_spec (job, classes, none);
  spec.input_name = "joints";
  spec.frames = SEQUENCE_FRAMES;
  spec.height = first->joints;
  spec.width = first->dims;
  spec.rate_hz = PRAXI_SEQUENCE_RATE_HZ;
  spec.layout = PRAXI_LAYOUT_NTJD;
  spec.is_float = TRUE;
  spec.is_logits = TRUE;
  const PraxiSequenceShape shape = {SEQUENCE_FRAMES, first->joints, first->dims, spec.n_classes};
  g_autoptr (PraxiGraph) graph = praxi_sequence_net (&shape, (guint32) job->seed);
  g_autofree char *json = praxi_model_spec_write (&spec);
  return praxi_train_model_of (graph, json, error);
}

static PraxiModel *
build_flow (const PraxiTrainJob *job, char **classes, GError **error)
{
  const PraxiFlowShape shape = {21, 144, 192, 10};
  const guint n = g_strv_length (classes);
  if (n < 2 || !praxi_events_is_background (classes[0])) {
    praxi_error_fail (
        error, PRAXI_ERROR_USAGE,
        "a net of motion wants --classes with normal first and an event after it, as in "
        "normal,fight,fall");
    return NULL;
  }
  g_autoptr (PraxiGraph) graph =
      praxi_flow_net (job->arch, &shape, (const char *const *) classes + 1, (guint32) job->seed);
  g_autofree double *none = g_new (double, n);
  PraxiModelSpec spec = new_spec (job, classes, none);
  spec.input_name = "frames";
  spec.frames = shape.frames;
  spec.height = shape.height;
  spec.width = shape.width;
  spec.rate_hz = shape.rate_hz;
  g_autofree char *json = praxi_model_spec_write (&spec);
  return praxi_train_model_of (graph, json, error);
}

void
praxi_train_job_init (PraxiTrainJob *job)
{
  *job = (PraxiTrainJob){.options = {.epochs = -1,
                                     .batch = -1,
                                     .rate = -1,
                                     .weight_decay = -1,
                                     .smoothing = -1,
                                     .average = -1,
                                     .mix = {.mixup = -1}},
                         .how = {.dropout = -1},
                         .positive_weight = -1,
                         .memory_mb = 2048,
                         .stride_s = 0.5};
}

gboolean
praxi_train_job_model (PraxiTrainJob *job, GError **error)
{
  g_clear_pointer (&job->model, praxi_model_unref);
  if (job->arch != NULL) {
    g_auto (GStrv) asked = job->classes != NULL ? g_strsplit (job->classes, ",", -1) : NULL;
    char **classes = asked != NULL ? asked : (char **) usual_classes;
    const gboolean is_flow = g_strv_contains (praxi_flow_nets (), job->arch);
    job->model = is_flow ? build_flow (job, classes, error)
                 : g_str_equal (job->arch, PRAXI_SEQUENCE_NET)
                     ? build_sequence (job, classes, error)
                     : build_zoo (job, classes, error);
    if (job->model == NULL)
      g_prefix_error (error, "--arch: ");
    return job->model != NULL;
  }
  g_autofree char *judged = job->judged != NULL ? praxi_train_fold_path (job->judged, 1) : NULL;
  const char *from = judged != NULL ? judged : job->from;
  job->model = praxi_cli_load_with_spec (from != NULL ? from : "light", error);
  return job->model != NULL;
}

typedef struct {
  const char *arch;
  int epochs, batch;
  double rate, decay, smoothing, mixup, average, dropout, positive_weight;
} Preset;

static const Preset presets[] = {
    {"flow-light", 7, 24, 3e-3, 0.05, 0.1, 0.4, 0.98, 0.3, 1},
    {"flow-wide", 6, 24, 3e-3, 0.05, 0.1, 0.4, 0.98, 0.3, 1},
    {"flow-statistics", 40, 32, 1e-2, 0.05, 0.1, 0, 0.98, 0, 1},
    {PRAXI_SEQUENCE_NET, 60, 16, 2e-3, 0.05, 0.1, 0, 0.98, 0.2, 1},
    {"zoo", 30, 8, 2e-3, 0.05, 0.1, 0.2, 0.98, 0.2, 1},
    {NULL, 20, 16, 0.001, 0, 0, 0, 0, 0, 1}, /* what there is already */
};

static void
take (double *asked, double preset)
{
  *asked = *asked < 0 ? preset : *asked;
}

/* To the trainer 0 means its own default: a 0 that was asked for becomes none. */
static double
asked_or (double asked, double preset)
{
  if (asked < 0)
    return preset;
  return asked > 0 ? asked : -1;
}

void
praxi_train_job_defaults (PraxiTrainJob *job)
{
  const Preset *preset = presets;
  const gboolean is_zoo = job->arch != NULL && !g_strv_contains (praxi_flow_nets (), job->arch) &&
                          !g_str_equal (job->arch, PRAXI_SEQUENCE_NET);
  PraxiTrainOptions *options = &job->options;
  while (preset->arch != NULL &&
         (job->arch == NULL || !g_str_equal (preset->arch, is_zoo ? "zoo" : job->arch)))
    preset++;
  options->epochs = options->epochs < 0 ? preset->epochs : options->epochs;
  options->batch = options->batch < 0 ? preset->batch : options->batch;
  take (&options->rate, preset->rate);
  take (&options->mix.mixup, preset->mixup);
  take (&options->average, preset->average);
  take (&job->how.dropout, preset->dropout);
  take (&job->positive_weight, preset->positive_weight);
  options->weight_decay = asked_or (options->weight_decay, preset->decay);
  options->smoothing = asked_or (options->smoothing, preset->smoothing);
  if (job->arch != NULL && options->patience == 0)
    options->patience = -1;
}

/* --- labels and footage --------------------------------------------------------------------- */

gboolean
praxi_train_job_add_more (PraxiTrainJob *job, GError **error)
{
  if (job->more == NULL)
    return TRUE;
  if (!praxi_flow_clips_fit (job->model))
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED,
                             "--more: works with models that begin with the motion stem");
  return praxi_label_splits_add_extra (job->train, job->more, praxi_model_spec (job->model), error);
}

static gboolean
reading_cb (gpointer data, double share)
{
  const PraxiTrainJob *job = data;
  praxi_cli_progress_update (job->bar, MIN (share, PERCENT_OF_FILES) * CLIP_SHARE_STEPS,
                             CLIP_SHARE_STEPS);
  return !praxi_cli_cancelled;
}

static PraxiClips *
read_clips (PraxiTrainJob *job, const PraxiDataset *dataset, GError **error)
{
  const PraxiClipsOptions options = {
      .stride_s = job->stride_s, .threads = job->options.threads, .tick = reading_cb, .data = job};
  PraxiClips *clips = praxi_clips_load (praxi_model_spec (job->model), dataset, &options, error);
  if (clips != NULL)
    praxi_label_splits_print_warnings (clips->warnings);
  return clips;
}

static gboolean
wants_statistics (const PraxiTrainJob *job)
{
  return praxi_graph_find (praxi_model_graph (job->model), PRAXI_STATISTICS_VALUE) >= 0;
}

static PraxiFlowClips *
read_flow (PraxiTrainJob *job, const PraxiDataset *dataset, int n_views, GError **error)
{
  const PraxiFlowClipsOptions options = {.n_views = n_views,
                                         .statistics_views =
                                             wants_statistics (job) ? PRAXI_FLOW_VIEWS : 0,
                                         .threads = job->options.threads,
                                         .cache = job->cache,
                                         .tick = reading_cb,
                                         .data = job};
  PraxiFlowClips *clips =
      praxi_flow_clips_load (praxi_model_spec (job->model), dataset, &options, error);
  if (clips != NULL)
    praxi_label_splits_print_warnings (clips->warnings);
  return clips;
}

gboolean
praxi_train_job_reads_joints (const PraxiTrainJob *job)
{
  return praxi_model_spec (job->model)->layout == PRAXI_LAYOUT_NTJD;
}

static PraxiSequences *
read_sequences (const PraxiTrainJob *job, const PraxiDataset *dataset, GError **error)
{
  PraxiSequences *sequences = praxi_sequences_load (praxi_model_spec (job->model), dataset, error);
  if (sequences != NULL)
    praxi_label_splits_print_warnings (sequences->warnings);
  return sequences;
}

static gboolean
read_joints (PraxiTrainJob *job, GError **error)
{
  job->train_sequences = read_sequences (job, job->train, error);
  if (job->train_sequences != NULL && job->val != NULL)
    job->val_sequences = read_sequences (job, job->val, error);
  return job->train_sequences != NULL && (job->val == NULL || job->val_sequences != NULL);
}

gboolean
praxi_train_job_read (PraxiTrainJob *job, GError **error)
{
  if (praxi_train_job_reads_joints (job))
    return read_joints (job, error);
  const gboolean wants_flow = job->arch != NULL || job->folds > 0 || job->maps || job->more != NULL;
  const gboolean is_flow = wants_flow && praxi_flow_clips_fit (job->model);
  job->bar = praxi_cli_progress_new (job->json_progress, "clips");
  if (is_flow) {
    job->train_flow = read_flow (job, job->train, job->options.no_augment ? 1 : 0, error);
    if (job->train_flow != NULL && job->val != NULL)
      job->val_flow = read_flow (job, job->val, 1, error);
  } else {
    job->train_clips = read_clips (job, job->train, error);
    if (job->train_clips != NULL && job->val != NULL)
      job->val_clips = read_clips (job, job->val, error);
  }
  const gboolean good =
      is_flow ? job->train_flow != NULL && (job->val == NULL || job->val_flow != NULL)
              : job->train_clips != NULL && (job->val == NULL || job->val_clips != NULL);
  if (good)
    praxi_cli_progress_update (job->bar, CLIP_SHARE_STEPS, CLIP_SHARE_STEPS);
  g_clear_pointer (&job->bar, praxi_cli_progress_free);
  return good;
}

/* --- learning ------------------------------------------------------------------------------- */

/* Halves the batch until it fits; a plan, nothing is allocated by guess. */
PraxiTrainable *
praxi_train_job_fit_memory (const PraxiTrainJob *job, PraxiModel *model, int batch, GError **error)
{
  PraxiTrainableOptions how = job->how;
  how.batch = batch;
  for (;;) {
    g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, &how, error);
    g_autoptr (PraxiStepper) stepper =
        trainable != NULL ? praxi_stepper_new (trainable, job->options.threads, error) : NULL;
    if (stepper == NULL)
      return NULL;
    const double mb = (double) praxi_stepper_peak_bytes (stepper) / 1e6;
    if (mb <= job->memory_mb || trainable->batch <= 1)
      return g_steal_pointer (&trainable);
    how.batch = trainable->batch / 2;
  }
}

static void
weigh_positives (PraxiTrainJob *job)
{
  const int n = job->trainable->n_outputs;
  g_free (job->output_weights);
  job->output_weights = g_new (double, n + 1);
  for (int i = 0; i < n; i++)
    job->output_weights[i] = job->positive_weight;
  job->options.output_weights = job->positive_weight != 1 ? job->output_weights : NULL;
}

gboolean
praxi_train_job_prepare (PraxiTrainJob *job, const gboolean *files, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (job->model);
  job->trainable = praxi_train_job_fit_memory (job, job->model, job->options.batch, error);
  if (job->trainable == NULL)
    return FALSE;
  weigh_positives (job);
  if (job->train_flow != NULL) {
    PraxiFlowSourceOptions options = {.clips = job->train_flow,
                                      .trainable = job->trainable,
                                      .spec = spec,
                                      .files = files,
                                      .balance = job->options.balance,
                                      .no_augment = job->options.no_augment};
    job->train_source = praxi_flow_source_new (&options);
    options.clips = job->val_flow;
    options.files = NULL;
    job->val_source = job->val_flow != NULL ? praxi_flow_source_new_val (&options) : NULL;
  } else if (job->train_sequences != NULL) {
    job->train_source = praxi_source_of_sequences (job->train_sequences, job->trainable, spec,
                                                   job->options.balance, !job->options.no_augment);
    job->val_source = job->val_sequences != NULL
                          ? praxi_source_of_sequences (job->val_sequences, job->trainable, spec,
                                                       job->options.balance, FALSE)
                          : NULL;
  } else {
    job->train_source = praxi_source_of_clips (job->train_clips, job->trainable, spec,
                                               job->options.balance, !job->options.no_augment);
    job->val_source = job->val_clips != NULL
                          ? praxi_source_of_clips (job->val_clips, job->trainable, spec,
                                                   job->options.balance, FALSE)
                          : NULL;
  }
  if (job->train_source->n == 0)
    return praxi_error_fail (
        error, PRAXI_ERROR_FAILED,
        "no window of the labelled footage shows one class; label longer spans");
  double loss;
  job->files = files;
  return (!job->has_new_head || praxi_train_job_fit_head (job, &loss, error)) &&
         (job->sizes == NULL || praxi_train_job_stage (job, error));
}

static gboolean
learning_cb (gpointer data, double done_epochs, double total_epochs)
{
  const PraxiTrainJob *job = data;
  praxi_cli_progress_update (job->bar, MIN (done_epochs, total_epochs * PERCENT_OF_FILES),
                             total_epochs);
  return !praxi_cli_cancelled;
}

static gboolean
fits_last (const PraxiTrainJob *job)
{
  return job->smote || job->ensemble > 0;
}

/* The last layer is fitted once more to what the others learned: one more epoch, which stays. */
static gboolean
fit_last (PraxiTrainJob *job, GError **error)
{
  PraxiTraining *training = job->training;
  PraxiEpoch epoch = {.epoch = (int) training->epochs->len};
  if (!praxi_train_job_fit_head (job, &epoch.train_loss, error))
    return FALSE;
  g_autoptr (PraxiStepper) stepper =
      praxi_stepper_new (job->trainable, job->options.threads, error);
  if (stepper == NULL || !praxi_train_judge (job->trainable, praxi_model_spec (job->model), stepper,
                                             job->val_source, &epoch, error))
    return FALSE;
  training->best_epoch = epoch.epoch;
  g_array_append_val (training->epochs, epoch);
  if (job->options.epoch != NULL)
    job->options.epoch (job->options.data, &epoch);
  return TRUE;
}

gboolean
praxi_train_job_learn (PraxiTrainJob *job, GError **error)
{
  job->options.tick = learning_cb;
  job->options.data = job;
  PraxiTrainOptions options = job->options;
  if (job->how.head_only && fits_last (job))
    options.epochs = -1; /* there is nothing else to learn */
  job->bar = praxi_cli_progress_new (job->json_progress, "epochs");
  job->training = praxi_train_on (job->trainable, praxi_model_spec (job->model), job->train_source,
                                  job->val_source, &options, error);
  if (job->training != NULL && !job->training->is_cancelled && fits_last (job) &&
      !fit_last (job, error))
    g_clear_pointer (&job->training, praxi_training_free);
  if (job->training != NULL)
    praxi_cli_progress_update (job->bar, job->options.epochs, job->options.epochs);
  g_clear_pointer (&job->bar, praxi_cli_progress_free);
  return job->training != NULL;
}

/* The spec of what came out: as before, a name of its own and one more step. */
static char *
write_spec (const PraxiTrainJob *job, const char *path)
{
  g_autofree char *step = g_strdup_printf (
      "%s: %u clips, epoch %d of %u", job->arch != NULL ? "trained" : "fine-tuned",
      job->train_source->n, job->training->best_epoch, job->training->epochs->len - 1);
  PraxiModelSpec spec = *praxi_model_spec (job->model);
  if (job->licence != NULL)
    spec.licence = job->licence;
  return praxi_model_spec_write_step (&spec, path, step);
}

gboolean
praxi_train_job_calibrate (PraxiTrainJob *job, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (job->model);
  const PraxiSource *val = job->val_source;
  job->temper.n = 0;
  if (!job->calibrates)
    return TRUE;
  if (val == NULL || val->n == 0)
    return praxi_error_fail (
        error, PRAXI_ERROR_FAILED,
        "--calibrate: there is no footage to validate with; label some of another source");
  g_autoptr (PraxiStepper) stepper =
      praxi_stepper_new (job->trainable, job->options.threads, error);
  g_autofree float *scores =
      stepper != NULL ? praxi_train_score (job->trainable, spec, stepper, val, error) : NULL;
  if (scores == NULL)
    return FALSE;
  g_autofree int *truth = g_new (int, val->n);
  for (guint i = 0; i < val->n; i++)
    truth[i] = val->class_of (val->data, i);
  if (praxi_temper_fit (scores, truth, (int) val->n, spec->n_classes, job->trainable->n_outputs,
                        job->trainable->is_exclusive, &job->temper))
    return TRUE;
  job->temper.n = 0;
  return praxi_error_fail (error, PRAXI_ERROR_FAILED,
                           "--calibrate: the footage to validate with does not show every class");
}

gboolean
praxi_train_job_save (const PraxiTrainJob *job, const char *path, GError **error)
{
  g_autofree char *spec = write_spec (job, path);
  g_autoptr (PraxiGraph) graph = praxi_trainable_graph (job->trainable, job->model);
  if (job->temper.n > 0)
    praxi_temper_apply (graph, &job->temper, praxi_model_spec (job->model)->is_logits);
  return praxi_model_save (graph, spec, path, error);
}

char *
praxi_train_job_key (const PraxiTrainJob *t)
{
  const PraxiTrainOptions *o = &t->options;
  const guint n = t->train_source != NULL ? t->train_source->n : t->train->samples->len;
  return g_strdup_printf (
      "%s|%s|%s|%s|%d|%d|%g|%g|%g|%u|%g|%g|%g|%g|%d|%d|%d|%s|%s|%u|%g|%g|%d|%d|%d|%d|%d|%s|%s|%d|%"
      "d|"
      "%g|%g|%g|%d",
      t->data != NULL ? t->data : "", t->project != NULL ? t->project : "",
      t->arch != NULL ? t->arch : "", praxi_model_sha256 (t->model), o->epochs, o->batch, o->rate,
      o->weight_decay, o->smoothing, o->seed, o->mix.mixup, o->mix.cutmix, o->average,
      t->how.dropout, o->no_augment, t->how.head_only, t->how.freeze_norm,
      t->optimizer != NULL ? t->optimizer : "", t->classes != NULL ? t->classes : "", n,
      t->positive_weight, t->how.focal, (int) o->balance,
      t->trainable != NULL ? t->trainable->batch : 0, o->keeps_last, t->smote, t->ensemble,
      t->sizes != NULL ? t->sizes : "", t->more != NULL ? t->more : "", t->folds, t->pairs,
      t->stride_s, o->layer_decay, o->backbone_rate, o->patience);
}

void
praxi_train_job_keep (PraxiTrainJob *job, const char *path)
{
  g_free (job->key);
  g_free (job->checkpoint);
  job->key = praxi_train_job_key (job);
  job->checkpoint = g_strconcat (path, ".checkpoint", NULL);
  job->options.checkpoint = job->checkpoint;
  job->options.checkpoint_key = job->key;
}

gboolean
praxi_train_job_make (PraxiTrainJob *job, const gboolean *files, const char *path, GError **error)
{
  if (!praxi_train_job_prepare (job, files, error))
    return FALSE;
  if (job->out != NULL)
    praxi_train_job_keep (job, path);
  if (!praxi_train_job_learn (job, error))
    return FALSE;
  if (job->training->is_cancelled)
    return praxi_error_fail (error, PRAXI_ERROR_CANCELLED, "cancelled");
  return praxi_train_job_save (job, path, error);
}

void
praxi_train_job_forget (PraxiTrainJob *job)
{
  g_clear_pointer (&job->training, praxi_training_free);
  g_clear_pointer (&job->train_source, praxi_source_free);
  g_clear_pointer (&job->val_source, praxi_source_free);
  g_clear_pointer (&job->made, g_ptr_array_unref);
  g_clear_pointer (&job->stages, g_array_unref);
  g_clear_pointer (&job->trainable, praxi_trainable_free);
}

void
praxi_train_job_clear (PraxiTrainJob *job)
{
  praxi_train_job_forget (job);
  praxi_clips_free (job->train_clips);
  praxi_clips_free (job->val_clips);
  praxi_flow_clips_free (job->train_flow);
  praxi_flow_clips_free (job->val_flow);
  praxi_sequences_free (job->train_sequences);
  praxi_sequences_free (job->val_sequences);
  praxi_dataset_free (job->train);
  praxi_dataset_free (job->val);
  g_clear_pointer (&job->model, praxi_model_unref);
  char *const texts[] = {job->data,       job->project, job->from,     job->arch,
                         job->classes,    job->out,     job->progress, job->optimizer,
                         job->checkpoint, job->key,     job->balance,  job->scores,
                         job->curves,     job->split,   job->judged,   job->sizes,
                         job->more,       job->alarms,  job->cache,    job->licence};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_free (job->output_weights);
}

/* praxi train --sizes: smaller clips first. What learns at a size is the same model resolved for
 * clips of that size, with the same parameters; the smaller they are, the more fit into a step.
 */
#include "app/train-job.h"
#include "engine/core/error.h"
#include "engine/model/flow-net.h"
#include "engine/model/spec.h"

enum { LEAST_PX = 16, MOST_SIZES = 16 };

/* What a stage is made of: sources and trainables borrow the spec. */
typedef struct {
  PraxiModel *model;
  PraxiTrainable *trainable;
  PraxiSource *source;
} Stage;

static void
stage_free (gpointer data)
{
  Stage *stage = data;
  g_clear_pointer (&stage->source, praxi_source_free);
  g_clear_pointer (&stage->trainable, praxi_trainable_free);
  g_clear_pointer (&stage->model, praxi_model_unref);
  g_free (stage);
}

static gboolean
fail (GError **error, char *why)
{
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, why);
  g_free (why);
  return FALSE;
}

/* The graph for clips of a size, its input's height and width being what they were times it. */
static PraxiModel *
resized (PraxiModel *model, int height, int width, GError **error)
{
  PraxiModelSpec spec = *praxi_model_spec (model);
  g_autoptr (PraxiGraph) graph = praxi_graph_copy (praxi_model_graph (model));
  const int first = spec.layout == PRAXI_LAYOUT_NCTHW ? 3 : 2; /* of height among the dims */
  PraxiTensor *input = &praxi_graph_value (graph, g_array_index (graph->inputs, int, 0))->tensor;
  if (input->rank != 5) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED, "it does not read clips");
    return NULL;
  }
  input->dims[first] = spec.height = height;
  input->dims[first + 1] = spec.width = width;
  praxi_tensor_set_row_major (input);
  g_autofree char *text = praxi_model_spec_write (&spec);
  return praxi_train_model_of (graph, text, error);
}

/* The side is the longer one's; the other follows. */
static gboolean
add_stage (PraxiTrainJob *job, int px, GError **error)
{
  const PraxiModelSpec *own = praxi_model_spec (job->model);
  const int side = MAX (own->height, own->width);
  const int height = MAX (own->height * px / side, 1), width = MAX (own->width * px / side, 1);
  const double ratio = (double) own->height * own->width / ((double) height * width);
  const int batch = (int) (job->options.batch * ratio);
  Stage *stage = g_new0 (Stage, 1);
  g_ptr_array_add (job->made, stage);
  stage->model = resized (job->model, height, width, error);
  if (stage->model != NULL)
    stage->trainable = praxi_train_job_fit_memory (job, stage->model, batch, error);
  if (stage->trainable == NULL) {
    g_prefix_error (error, "--sizes: this model cannot learn at %d pixels: ", px);
    return FALSE;
  }
  if (!praxi_trainable_share (stage->trainable, job->trainable))
    return fail (error, g_strdup_printf ("--sizes: this model has other weights at %d pixels", px));
  stage->source =
      praxi_source_of_clips (job->train_clips, stage->trainable, praxi_model_spec (stage->model),
                             job->options.balance, !job->options.no_augment);
  const PraxiTrainStage ready = {stage->trainable, stage->source, batch};
  g_array_append_val (job->stages, ready);
  return TRUE;
}

static gboolean
read_sizes (const PraxiTrainJob *job, int *sizes, int *n, GError **error)
{
  const PraxiModelSpec *own = praxi_model_spec (job->model);
  const int side = MAX (own->height, own->width);
  g_auto (GStrv) words = g_strsplit (job->sizes, ",", -1);
  *n = 0;
  for (char **word = words; *word != NULL; word++) {
    gint64 px = 0;
    if (*n == MOST_SIZES || !g_ascii_string_to_signed (*word, 10, LEAST_PX, side, &px, NULL))
      return fail (error, g_strdup_printf (
                              "--sizes: give sides from 16 to the model's own, %d pixels", side));
    sizes[(*n)++] = (int) px;
  }
  if (*n == 0 || sizes[*n - 1] != side)
    return fail (error, g_strdup_printf (
                            "--sizes: the last one has to be the model's own, %d pixels", side));
  return TRUE;
}

gboolean
praxi_train_job_stage (PraxiTrainJob *job, GError **error)
{
  int sizes[MOST_SIZES], n = 0;
  if (job->train_clips == NULL || praxi_graph_find (job->trainable->step, PRAXI_MAPS_VALUE) >= 0) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                         "--sizes: goes with nets that see pictures; the motion stem has one size");
    return FALSE;
  }
  if (!read_sizes (job, sizes, &n, error))
    return FALSE;
  job->made = g_ptr_array_new_with_free_func (stage_free);
  job->stages = g_array_new (FALSE, FALSE, sizeof (PraxiTrainStage));
  for (int i = 0; i + 1 < n; i++)
    if (!add_stage (job, sizes[i], error))
      return FALSE;
  job->options.stages = (const PraxiTrainStage *) (const void *) job->stages->data;
  job->options.n_stages = (int) job->stages->len;
  return TRUE;
}

#include "engine/lighten/calibrate.h"

#include <math.h>

#include "engine/core/error.h"
#include "engine/infer/executor.h"
#include "engine/lighten/histogram.h"

#define CUT_SHARE 1e-4

static const char *const method_names[] = {
    [PRAXI_RANGE_PERCENTILE] = "percentile",
    [PRAXI_RANGE_MIN_MAX] = "min-max",
    [PRAXI_RANGE_ENTROPY] = "entropy",
};

gboolean
praxi_range_method_parse (const char *text, PraxiRangeMethod *method)
{
  for (guint i = 0; i < G_N_ELEMENTS (method_names); i++)
    if (g_str_equal (text, method_names[i])) {
      *method = (PraxiRangeMethod) i;
      return TRUE;
    }
  return FALSE;
}

const char *
praxi_range_method_name (PraxiRangeMethod method)
{
  return method_names[method];
}

/* Pictures are bytes or floats around 0; every clip is the same in every run. */
static gboolean
fill_noise (gpointer data, int i, const PraxiTensor *input, GError **error)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) i + 1);
  int64_t count = 0;
  praxi_tensor_count (input, &count);
  for (int64_t k = 0; k < count; k++) {
    const guint32 bits = g_rand_int (random);
    if (input->dtype == PRAXI_F32)
      ((float *) input->data)[k] = (float) (bits >> 8) * 0x1p-23f - 1;
    else
      praxi_tensor_set (input, k, bits & 255);
  }
  return TRUE;
}

PraxiCalibrationClips
praxi_calibration_noise (int n_clips)
{
  return (PraxiCalibrationClips){.n_clips = n_clips, .fill = fill_noise};
}

void
praxi_ranges_free (PraxiRange *ranges, int n)
{
  for (int i = 0; ranges != NULL && i < n; i++) {
    g_free (ranges[i].channel_mean);
    g_free (ranges[i].channel_peak);
  }
  g_free (ranges);
}

typedef struct {
  PraxiExecutor *executor;
  const PraxiCalibrationClips *clips;
  PraxiTensor input, *outputs;
  int n;
  PraxiRange *ranges;
  PraxiHistogram *histograms; /* NULL in the first round */
  int round, n_rounds;
} Calibration;

static gboolean
begin (Calibration *calibration, const PraxiGraph *graph, const int *values, GError **error)
{
  const PraxiExecutorOptions options = {.threads = calibration->clips->threads};
  g_autoptr (PraxiGraph) observed = praxi_graph_copy (graph);
  g_array_set_size (observed->outputs, 0);
  g_array_append_vals (observed->outputs, values, (guint) calibration->n);
  if (observed->inputs->len != 1) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                         "a model with several inputs cannot be made lighter");
    return FALSE;
  }
  calibration->executor = praxi_executor_new_for_graph (observed, NULL, 0, &options, error);
  if (calibration->executor == NULL)
    return FALSE;
  calibration->input = *praxi_executor_input (calibration->executor, 0);
  gboolean good = praxi_tensor_allocate (&calibration->input, error);
  for (int i = 0; good && i < calibration->n; i++) {
    const PraxiTensor *shape = praxi_executor_output (calibration->executor, i);
    PraxiRange *range = &calibration->ranges[i];
    calibration->outputs[i] = *shape;
    good = praxi_tensor_allocate (&calibration->outputs[i], error);
    range->n_channels = shape->rank > 1 ? (int) shape->dims[1] : 1;
    range->channel_mean = g_new0 (float, range->n_channels);
    range->channel_peak = g_new0 (float, range->n_channels);
    range->least = INFINITY;
    range->most = -INFINITY;
  }
  return good;
}

static void
end (Calibration *calibration)
{
  g_free (calibration->input.data);
  for (int i = 0; i < calibration->n; i++)
    g_free (calibration->outputs[i].data);
  g_free (calibration->outputs);
  g_free (calibration->histograms);
  g_clear_pointer (&calibration->executor, praxi_executor_free);
}

/* Limits, and mean and peak of every channel; x is row-major [N,C,…]. */
static gboolean
observe (const Calibration *calibration, int i)
{
  const PraxiTensor *x = &calibration->outputs[i];
  PraxiRange *range = &calibration->ranges[i];
  int64_t count = 0;
  praxi_tensor_count (x, &count);
  const int64_t outer = x->rank > 1 ? x->dims[0] : 1;
  const int64_t inner = count / MAX (outer * range->n_channels, 1);
  const float *at = x->data;
  for (int64_t n = 0; n < outer; n++)
    for (int c = 0; c < range->n_channels; c++) {
      double sum = 0;
      float low = INFINITY, high = -INFINITY;
      for (int64_t k = 0; k < inner; k++, at++) {
        sum += (double) *at;
        low = MIN (low, *at);
        high = MAX (high, *at);
      }
      if (!isfinite (sum))
        return FALSE;
      range->least = MIN (range->least, low);
      range->most = MAX (range->most, high);
      range->channel_peak[c] = MAX (range->channel_peak[c], MAX (-low, high));
      range->channel_mean[c] +=
          (float) (sum / (double) (MAX (inner * outer, 1) * calibration->clips->n_clips));
    }
  return TRUE;
}

static gboolean
look (Calibration *calibration, GError **error)
{
  for (int i = 0; i < calibration->n; i++) {
    const PraxiTensor *x = &calibration->outputs[i];
    int64_t count = 0;
    praxi_tensor_count (x, &count);
    if (calibration->histograms != NULL)
      praxi_histogram_add (&calibration->histograms[i], x->data, (gsize) count);
    else if (!observe (calibration, i)) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
                   "computes something that is not a number ('%s'); train or export it again",
                   praxi_executor_output_name (calibration->executor, i));
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
run_round (Calibration *calibration, GError **error)
{
  const PraxiCalibrationClips *clips = calibration->clips;
  for (int k = 0; k < clips->n_clips; k++) {
    if (!clips->fill (clips->data, k, &calibration->input, error) ||
        !praxi_executor_run_tensors (calibration->executor, &calibration->input,
                                     calibration->outputs, error) ||
        !look (calibration, error))
      return FALSE;
    const double share = (calibration->round + (k + 1.0) / clips->n_clips) / calibration->n_rounds;
    if (clips->tick != NULL && !clips->tick (clips->tick_data, share)) {
      g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "cancelled");
      return FALSE;
    }
  }
  calibration->round++;
  return TRUE;
}

static void
begin_histograms (Calibration *calibration)
{
  calibration->histograms = g_new0 (PraxiHistogram, calibration->n + 1);
  for (int i = 0; i < calibration->n; i++) {
    calibration->histograms[i].least = calibration->ranges[i].least;
    calibration->histograms[i].most = calibration->ranges[i].most;
  }
}

static void
choose (Calibration *calibration, PraxiRangeMethod method)
{
  for (int i = 0; i < calibration->n; i++) {
    PraxiRange *range = &calibration->ranges[i];
    range->low = MIN (range->least, 0);
    range->high = MAX (range->most, 0);
    if (method == PRAXI_RANGE_PERCENTILE)
      praxi_histogram_percentile (&calibration->histograms[i], CUT_SHARE, &range->low,
                                  &range->high);
    else if (method == PRAXI_RANGE_ENTROPY)
      praxi_histogram_entropy (&calibration->histograms[i], &range->low, &range->high);
  }
}

PraxiRange *
praxi_calibrate (const PraxiGraph *graph,
                 const int *values,
                 int n,
                 PraxiRangeMethod method,
                 const PraxiCalibrationClips *clips,
                 GError **error)
{
  Calibration calibration = {.clips = clips,
                             .n = n,
                             .ranges = g_new0 (PraxiRange, n + 1),
                             .outputs = g_new0 (PraxiTensor, n + 1),
                             .n_rounds = method == PRAXI_RANGE_MIN_MAX ? 1 : 2};
  gboolean good = begin (&calibration, graph, values, error) && run_round (&calibration, error);
  if (good && method != PRAXI_RANGE_MIN_MAX) {
    begin_histograms (&calibration);
    good = run_round (&calibration, error);
  }
  if (good)
    choose (&calibration, method);
  end (&calibration);
  if (good)
    return calibration.ranges;
  praxi_ranges_free (calibration.ranges, n);
  return NULL;
}

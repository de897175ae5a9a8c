/* A quantized net does what it did before, nearly; what can work on bytes does. */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/executor.h"
#include "engine/lighten/equalize.h"
#include "engine/lighten/histogram.h"
#include "engine/lighten/quantize.h"
#include "engine/model/fold.h"
#include "tests/lighten/nets.h"

enum { SCORES = 20 };

/* Signal against noise between two sets of scores, dB. */
static double
quality_db (const float *truth, const float *scores)
{
  double signal = 0, noise = 1e-12;
  for (int i = 0; i < SCORES; i++) {
    signal += (double) truth[i] * (double) truth[i];
    noise += ((double) truth[i] - (double) scores[i]) * ((double) truth[i] - (double) scores[i]);
  }
  return 10 * log10 (signal / noise);
}

static PraxiGraph *
quantized (const PraxiGraph *graph,
           const PraxiQuantizeOptions *options,
           PraxiQuantizeReport *report)
{
  g_autoptr (GError) error = NULL;
  const PraxiCalibrationClips clips = praxi_calibration_noise (6);
  PraxiGraph *made = praxi_quantize (graph, options, &clips, report, &error);
  g_assert_no_error (error);
  return made;
}

/* Operators of a kind that the executor runs. */
static int
count_ops (const PraxiGraph *graph, const char *op)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiExecutor) executor = praxi_executor_new_for_graph (graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (GArray) profile = praxi_executor_profile (executor);
  int n = 0;
  for (guint i = 0; i < profile->len; i++)
    n += g_str_equal (g_array_index (profile, PraxiExecutorOpProfile, i).op, op);
  return n;
}

static void
test_net (gconstpointer data)
{
  static const PraxiRangeMethod methods[] = {PRAXI_RANGE_MIN_MAX, PRAXI_RANGE_PERCENTILE,
                                             PRAXI_RANGE_ENTROPY};
  g_autoptr (PraxiGraph) graph = net_new (data, 5);
  g_autofree float *truth = net_scores (graph);
  for (guint m = 0; m < G_N_ELEMENTS (methods); m++) {
    const PraxiQuantizeOptions options = {.method = methods[m]};
    PraxiQuantizeReport report;
    g_autoptr (PraxiGraph) made = quantized (graph, &options, &report);
    g_autofree float *scores = net_scores (made);
    g_test_message ("%s, %s: %d on bytes, %.1f dB", (const char *) data,
                    praxi_range_method_name (methods[m]), report.n_int8,
                    quality_db (truth, scores));
    g_assert_cmpfloat (quality_db (truth, scores), >, 25);
    g_assert_cmpint (count_ops (made, "Conv"), ==, 0);
    g_assert_cmpint (count_ops (made, "QConv"), ==, report.n_int8);
    g_assert_cmpint (count_ops (made, "Relu"), ==, 0);
  }
}

/* Biases that follow the rounded weights bring the means of the scores closer. */
static void
test_bias (void)
{
  double gain = 0;
  for (guint32 seed = 1; seed <= 6; seed++) {
    g_autoptr (PraxiGraph) graph = net_new ("depthwise", seed);
    g_autofree float *truth = net_scores (graph);
    const PraxiQuantizeOptions plain = {.no_bias_correction = TRUE}, corrected = {0};
    g_autoptr (PraxiGraph) without = quantized (graph, &plain, NULL);
    g_autoptr (PraxiGraph) with = quantized (graph, &corrected, NULL);
    g_autofree float *a = net_scores (without), *b = net_scores (with);
    gain += quality_db (truth, b) - quality_db (truth, a);
  }
  g_test_message ("bias correction: %.2f dB", gain / 6);
  g_assert_cmpfloat (gain, >, 0);
}

/* No weight of seven bits is beyond 63, so 255 · 63 + 255 · 63 fits into 16 signed bits. */
static void
test_seven_bits (void)
{
  g_autoptr (PraxiGraph) graph = net_new ("depthwise", 3);
  g_autofree float *truth = net_scores (graph);
  for (int bits = 7; bits <= 8; bits++) {
    const PraxiQuantizeOptions options = {.weight_bits = bits};
    g_autoptr (PraxiGraph) made = quantized (graph, &options, NULL);
    g_autofree float *scores = net_scores (made);
    int most = 0;
    for (guint i = 0; i < made->values->len; i++) {
      const PraxiTensor *tensor = &praxi_graph_value (made, (int) i)->tensor;
      int64_t count = 0;
      praxi_tensor_count (tensor, &count);
      for (int64_t k = 0; tensor->dtype == PRAXI_S8 && tensor->data != NULL && k < count; k++)
        most = MAX (most, abs (((const gint8 *) tensor->data)[k]));
    }
    g_assert_cmpint (most, ==, bits == 7 ? 63 : 127);
    g_assert_cmpfloat (quality_db (truth, scores), >, bits == 7 ? 20 : 25);
  }
}

/* Channels of very different ranges: equalised they share a scale better, and in floats nothing
 * changes.
 */
static void
test_equalize (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = net_new ("depthwise", 7);
  praxi_graph_fold_batch_norm (graph);
  int wide = -1;
  for (guint i = 0; i < graph->nodes->len && wide < 0; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind == PRAXI_OP_CONV &&
        praxi_graph_value (graph, node->in[1])->tensor.dims[0] == 64)
      wide = (int) i;
  }
  for (int input = 1; input <= 2; input++) {
    const PraxiTensor *w =
        &praxi_graph_value (graph, praxi_graph_node (graph, wide)->in[input])->tensor;
    int64_t count = 0;
    praxi_tensor_count (w, &count);
    for (int64_t i = 0; i < count; i++)
      ((float *) w->data)[i] *= powf (2, (float) (i / (count / 64) % 7) - 3);
  }
  g_autofree float *truth = net_scores (graph);
  const PraxiQuantizeOptions uneven = {.no_equalize = TRUE}, even = {0};
  PraxiQuantizeReport report;
  g_autoptr (PraxiGraph) without = quantized (graph, &uneven, NULL);
  g_autoptr (PraxiGraph) with = quantized (graph, &even, &report);
  g_autofree float *a = net_scores (without), *b = net_scores (with);
  g_assert_cmpint (report.n_equalized, >=, 2);
  g_test_message ("%.1f dB, equalised %.1f dB", quality_db (truth, a), quality_db (truth, b));
  g_assert_cmpfloat (quality_db (truth, b), >, quality_db (truth, a) + 1);

  g_autoptr (PraxiQuantizePlan) plan = praxi_quantize_plan_new (praxi_graph_copy (graph), &error);
  g_assert_no_error (error);
  g_autoptr (GArray) pairs = praxi_equalize_pairs (plan);
  g_autofree float *peaks = g_new (float, 64);
  for (int c = 0; c < 64; c++)
    peaks[c] = (float) (c % 9);
  for (guint i = 0; i < pairs->len; i++)
    praxi_equalize_pair (plan, &g_array_index (pairs, PraxiConvPair, i), peaks);
  g_autofree float *same = net_scores (plan->graph);
  g_assert_cmpfloat (quality_db (truth, same), >, 90);
}

static void
test_refusals (void)
{
  g_autoptr (GError) error = NULL;
  const PraxiCalibrationClips clips = praxi_calibration_noise (2);
  g_autoptr (PraxiGraph) graph = net_new ("grouped", 1);
  g_autoptr (PraxiGraph) once = quantized (graph, NULL, NULL);
  g_assert_null (praxi_quantize (once, NULL, &clips, NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "INT8 already"));
  g_clear_error (&error);
  g_autoptr (PraxiBuilder) b = praxi_builder_new ();
  const int x = praxi_builder_input (b, "x", PRAXI_F32, 4, (int64_t[]){1, 3, 8, 8});
  praxi_builder_output (b, net_relu (b, x), "scores");
  g_autoptr (PraxiGraph) plain = praxi_builder_finish (b);
  g_assert_null (praxi_quantize (plain, NULL, &clips, NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED);
}

static void
test_histogram (void)
{
  float low, high, values[1000];
  for (int i = 0; i < 1000; i++)
    values[i] = (float) i / 999;
  values[7] = 50;
  PraxiHistogram *histogram = g_new0 (PraxiHistogram, 1);
  histogram->most = 50;
  praxi_histogram_add (histogram, values, 1000);
  praxi_histogram_percentile (histogram, 0.002, &low, &high);
  g_assert_cmpfloat (low, ==, 0);
  g_assert_cmpfloat_with_epsilon (high, 1, 0.05); /* one value in a thousand is left out */
  praxi_histogram_percentile (histogram, 0, &low, &high);
  g_assert_cmpfloat_with_epsilon (high, 50, 0.03);
  memset (histogram, 0, sizeof *histogram);
  histogram->least = -40;
  histogram->most = 40;
  g_autoptr (GRand) random = g_rand_new_with_seed (4);
  for (int i = 0; i < 200000; i++) { /* a bell, and a few far off */
    double sum = 0;
    for (int k = 0; k < 12; k++)
      sum += g_rand_double (random) - 0.5;
    const float value = i % 50000 == 0 ? 40 : (float) sum;
    praxi_histogram_add (histogram, &value, 1);
  }
  praxi_histogram_entropy (histogram, &low, &high);
  g_assert_cmpfloat (high, <, 30);
  g_assert_cmpfloat (high, >, 2);
  g_assert_cmpfloat (low, <, -2);
  g_free (histogram);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (int i = 0; net_kinds[i] != NULL; i++) {
    g_autofree char *path = g_strdup_printf ("/lighten/quantize/%s", net_kinds[i]);
    g_test_add_data_func (path, net_kinds[i], test_net);
  }
  g_test_add_func ("/lighten/quantize/bias", test_bias);
  g_test_add_func ("/lighten/quantize/equalize", test_equalize);
  g_test_add_func ("/lighten/quantize/refusals", test_refusals);
  g_test_add_func ("/lighten/quantize/seven-bits", test_seven_bits);
  g_test_add_func ("/lighten/histogram", test_histogram);
  return g_test_run ();
}

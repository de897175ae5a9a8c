/* Scores made over-sure and biased come back to what is true, and the graph does what was fitted.
 */
#include <glib.h>
#include <math.h>

#include "engine/infer/executor.h"
#include "engine/model/builder.h"
#include "engine/train/temper.h"

enum { CLIPS = 4000, CLASSES = 3 };

static double
sigmoid (double z)
{
  return 1 / (1 + exp (-z));
}

/* An event whose logits are three times too large and one too high. */
static void
test_event (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autofree float *scores = g_new0 (float, CLIPS * 2);
  g_autofree int *truth = g_new0 (int, CLIPS);
  for (int i = 0; i < CLIPS; i++) {
    const double z = g_rand_double_range (random, -2, 2);
    truth[i] = g_rand_double (random) < sigmoid (z);
    scores[i * 2 + 1] = (float) sigmoid (3 * z + 1);
    scores[i * 2] = 1 - scores[i * 2 + 1];
  }
  PraxiTemper temper;
  g_assert_true (praxi_temper_fit (scores, truth, CLIPS, 2, 1, FALSE, &temper));
  g_test_message ("slope %.3f, shift %.3f, cross-entropy from %.3f to %.3f", temper.slope[0],
                  temper.shift[0], temper.before, temper.after);
  g_assert_cmpint (temper.n, ==, 1);
  g_assert_cmpfloat (fabs (temper.slope[0] - 1.0 / 3), <, 0.05);
  g_assert_cmpfloat (fabs (temper.shift[0] + 1.0 / 3), <, 0.1);
  g_assert_cmpfloat (temper.after, <, temper.before - 0.05);
  for (int i = 0; i < CLIPS; i++)
    truth[i] = 1;
  g_assert_false (praxi_temper_fit (scores, truth, CLIPS, 2, 1, FALSE, &temper));
}

static void
test_softmax (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  g_autofree float *scores = g_new0 (float, CLIPS *CLASSES);
  g_autofree int *truth = g_new0 (int, CLIPS);
  for (int i = 0; i < CLIPS; i++) {
    double z[CLASSES], p[CLASSES], sure[CLASSES], sum = 0, sum_sure = 0;
    for (int c = 0; c < CLASSES; c++) {
      z[c] = g_rand_double_range (random, -1.5, 1.5);
      sum += p[c] = exp (z[c]);
      sum_sure += sure[c] = exp (4 * z[c]);
    }
    double at = g_rand_double (random) * sum;
    for (int c = 0; c < CLASSES; c++) {
      truth[i] = at >= 0 ? c : truth[i];
      at -= p[c];
      scores[i * CLASSES + c] = (float) (sure[c] / sum_sure);
    }
  }
  PraxiTemper temper;
  g_assert_true (praxi_temper_fit (scores, truth, CLIPS, CLASSES, CLASSES, TRUE, &temper));
  g_assert_cmpfloat (fabs (temper.slope[0] - 0.25), <, 0.03);
  g_assert_cmpfloat (temper.after, <, temper.before);
}

static void
run (const PraxiGraph *graph, const float *x, float *y)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) resolved = praxi_graph_resolve (graph, NULL, 0, 1, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new_for_graph (resolved, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  PraxiTensor in = *praxi_executor_input (executor, 0);
  PraxiTensor out = *praxi_executor_output (executor, 0);
  in.data = (void *) x;
  out.data = y;
  g_assert_cmpstr (praxi_executor_output_name (executor, 0), ==, "scores");
  g_assert_true (praxi_executor_run_tensors (executor, &in, &out, &error));
}

/* kind: PRAXI_OP_NONE for scores that are logits */
static PraxiGraph *
make_graph (PraxiOpKind kind)
{
  g_autoptr (PraxiBuilder) b = praxi_builder_new ();
  const int x = praxi_builder_input (b, "x", PRAXI_F32, 2, (int64_t[]){1, 2});
  int y = praxi_builder_unary (b, PRAXI_OP_NEG, praxi_builder_unary (b, PRAXI_OP_NEG, x));
  if (kind != PRAXI_OP_NONE)
    y = praxi_builder_op (b, &(PraxiOp){.kind = kind, .axis = 1}, NULL, &y, 1);
  praxi_builder_output (b, y, "scores");
  return praxi_builder_finish (b);
}

/* Once, and a second time on top. */
static void
test_graph (void)
{
  const PraxiTemper events = {.n = 2, .slope = {0.5, 2}, .shift = {1, -1}};
  const PraxiTemper classes = {.n = 1, .slope = {0.5}};
  const float x[2] = {0.7f, -1.2f};
  float y[2];
  g_autoptr (PraxiGraph) sigmoids = make_graph (PRAXI_OP_SIGMOID);
  praxi_temper_apply (sigmoids, &events, FALSE);
  run (sigmoids, x, y);
  g_assert_cmpfloat (fabs ((double) y[0] - sigmoid (0.5 * 0.7 + 1)), <, 1e-6);
  g_assert_cmpfloat (fabs ((double) y[1] - sigmoid (2 * -1.2 - 1)), <, 1e-6);
  praxi_temper_apply (sigmoids, &events, FALSE);
  run (sigmoids, x, y);
  g_assert_cmpfloat (fabs ((double) y[0] - sigmoid (0.5 * (0.5 * 0.7 + 1) + 1)), <, 1e-6);
  g_autoptr (PraxiGraph) softmax = make_graph (PRAXI_OP_SOFTMAX);
  praxi_temper_apply (softmax, &classes, FALSE);
  run (softmax, x, y);
  g_assert_cmpfloat (fabs ((double) y[0] - sigmoid (0.5 * 1.9)), <, 1e-6);
  g_autoptr (PraxiGraph) logits = make_graph (PRAXI_OP_NONE);
  praxi_temper_apply (logits, &classes, TRUE);
  run (logits, x, y);
  g_assert_cmpfloat (fabs ((double) y[0] - 0.35), <, 1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/temper/event", test_event);
  g_test_add_func ("/temper/softmax", test_softmax);
  g_test_add_func ("/temper/graph", test_graph);
  return g_test_run ();
}

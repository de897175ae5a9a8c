/* What is left after channels went is a graph that runs, as small as was said. */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/lighten/prune.h"
#include "tests/lighten/nets.h"

static gint64
macs_of (const PraxiGraph *graph)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) resolved = praxi_graph_resolve (graph, NULL, 0, 1, &error);
  g_assert_no_error (error);
  return praxi_graph_macs (resolved);
}

static PraxiGraph *
prune (const PraxiGraph *graph, double ratio, int multiple, PraxiPruneReport *report)
{
  g_autoptr (GError) error = NULL;
  const PraxiPruneOptions options = {.ratio = ratio, .multiple = multiple};
  PraxiGraph *pruned = praxi_prune (graph, &options, report, &error);
  g_assert_no_error (error);
  return pruned;
}

/* Every convolution's widths, input and output. */
static void
check_widths (const PraxiGraph *graph, int multiple)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind == PRAXI_OP_CONV)
      g_assert_cmpint (praxi_graph_value (graph, node->in[1])->tensor.dims[0] % multiple, ==, 0);
  }
}

static void
test_fuzz (gconstpointer kind)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (11);
  for (int round = 0; round < 12; round++) {
    g_autoptr (PraxiGraph) graph = net_new (kind, g_rand_int (random));
    const int multiple = g_rand_int_range (random, 0, 3) == 0 ? 16 : 4;
    const double ratio = g_rand_double_range (random, multiple == 16 ? 0.4 : 0.15, 0.9);
    PraxiPruneReport report;
    g_autoptr (PraxiGraph) pruned = prune (graph, ratio, multiple, &report);
    g_assert_cmpint (report.macs, ==, macs_of (graph));
    g_assert_cmpint (report.predicted_macs, ==, macs_of (pruned));
    g_assert_cmpint (report.predicted_macs, <, report.macs);
    check_widths (pruned, multiple);
    g_autofree float *scores = net_scores (pruned);
    for (int i = 0; i < 20; i++)
      g_assert_true (isfinite (scores[i]));
  }
}

/* Channels whose weights are all 0, behind them nothing: they go first and nothing changes. */
static void
test_dead_channels (gconstpointer kind)
{
  g_autoptr (PraxiGraph) graph = net_new (kind, 3);
  /* The last convolution in front of the classifier: every other output is silenced. */
  const PraxiNode *conv = NULL, *norm = NULL;
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    conv = node->op.kind == PRAXI_OP_CONV ? node : conv;
    norm = node->op.kind == PRAXI_OP_BATCH_NORM ? node : norm;
  }
  const PraxiTensor *w = &praxi_graph_value (graph, conv->in[1])->tensor;
  int64_t count = 0;
  praxi_tensor_count (w, &count);
  const int64_t n = w->dims[0], each = count / n;
  for (int64_t o = 0; o < n; o += 2) {
    memset ((float *) w->data + o * each, 0, sizeof (float) * (gsize) each);
    ((float *) praxi_graph_value (graph, conv->in[2])->tensor.data)[o] = 0;
    ((float *) praxi_graph_value (graph, norm->in[2])->tensor.data)[o] = 0;
    ((float *) praxi_graph_value (graph, norm->in[3])->tensor.data)[o] = 0;
  }
  /* Only the classes of channels that this layer alone has may go: the others are kept by a
   * ratio of which nothing is left.
   */
  g_autofree float *truth = net_scores (graph);
  PraxiPruneReport report;
  g_autoptr (PraxiGraph) pruned = prune (graph, 0.5, 16, &report);
  g_autofree float *scores = net_scores (pruned);
  g_assert_cmpint (report.n_kept, <, report.n_channels);
  /* The first layer lost half of its channels too: scores differ, but the dead ones are gone. */
  const PraxiNode *last = NULL;
  for (guint i = 0; i < pruned->nodes->len; i++)
    if (praxi_graph_node (pruned, (int) i)->op.kind == PRAXI_OP_CONV)
      last = praxi_graph_node (pruned, (int) i);
  const PraxiTensor *left = &praxi_graph_value (pruned, last->in[1])->tensor;
  praxi_tensor_count (left, &count);
  for (int64_t o = 0; o < left->dims[0]; o++) {
    float sum = 0;
    for (int64_t i = 0; i < count / left->dims[0]; i++)
      sum += fabsf (((const float *) left->data)[o * (count / left->dims[0]) + i]);
    g_assert_cmpfloat (sum, >, 0);
  }
}

static const float *
first_matter (gpointer data, const char *constant)
{
  return NULL;
}

static void
test_refusals (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = net_new ("grouped", 1);
  const PraxiPruneOptions narrow = {.ratio = 0.5, .multiple = 64, .gradient = first_matter};
  g_assert_null (praxi_prune (graph, &narrow, NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (int i = 0; net_kinds[i] != NULL; i++) {
    g_autofree char *path = g_strdup_printf ("/lighten/prune/fuzz/%s", net_kinds[i]);
    g_test_add_data_func (path, net_kinds[i], test_fuzz);
  }
  g_test_add_data_func ("/lighten/prune/dead", "grouped", test_dead_channels);
  g_test_add_func ("/lighten/prune/refusals", test_refusals);
  return g_test_run ();
}

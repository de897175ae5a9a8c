/* Pruning by what the loss feels: a channel that nothing behind it listens to goes, however large
 * it is, and those that matter stay, however small.
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "engine/lighten/learn.h"
#include "tests/train/toy.h"

enum { CHANNELS = 8, DEAF = 3, INSIDE = 4 };

static float *
constant_data (const PraxiGraph *graph, int node, const char **name)
{
  const PraxiValue *value = praxi_graph_value (graph, praxi_graph_node (graph, node)->in[1]);
  *name = value->name;
  return value->tensor.data;
}

static int
find_node (const PraxiGraph *graph, PraxiOpKind kind)
{
  for (guint i = 0; i < graph->nodes->len; i++)
    if (praxi_graph_node (graph, (int) i)->op.kind == kind)
      return (int) i;
  g_assert_not_reached ();
}

/* The toy with one loud channel that the product behind it gives no weight. */
static PraxiModel *
make_model (void)
{
  g_autoptr (PraxiModel) plain =
      toy_net (&(ToyNet){.seed = 3, .channels = CHANNELS, .has_inside = TRUE});
  g_autoptr (PraxiGraph) graph = praxi_graph_copy (praxi_model_graph (plain));
  const char *name = NULL;
  float *conv = constant_data (graph, find_node (graph, PRAXI_OP_CONV), &name);
  float *gemm = constant_data (graph, find_node (graph, PRAXI_OP_GEMM), &name);
  for (int i = 0; i < 27; i++)
    conv[DEAF * 27 + i] *= 10;
  for (int i = 0; i < INSIDE; i++) /* flattened [channels, halves] */
    for (int half = 0; half < 2; half++)
      gemm[i * 2 * CHANNELS + 2 * DEAF + half] = 0;
  return toy_keep (graph, FALSE, FALSE);
}

static gboolean
tick_cb (gpointer data, double done, double total)
{
  ++*(int *) data;
  return TRUE;
}

static const float *
slope_cb (gpointer data, const char *constant)
{
  return g_hash_table_lookup (data, constant);
}

/* Whether the loud channel is still there. */
static gboolean
keeps_deaf (const PraxiGraph *graph, const PraxiPruneOptions *options, const float *deaf)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) pruned = praxi_prune (graph, options, NULL, &error);
  g_assert_no_error (error);
  const char *name = NULL;
  const float *left = constant_data (pruned, find_node (pruned, PRAXI_OP_CONV), &name);
  gboolean found = FALSE;
  for (int o = 0; o < CHANNELS / 2; o++)
    found = found || memcmp (left + o * 27, deaf, sizeof *deaf * 27) == 0;
  return found;
}

static void
test_slopes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = make_model ();
  g_autoptr (PraxiClips) clips = toy_clips (1, 0);
  int n_ticks = 0;
  const PraxiRecipeOptions options = {.train = clips, .threads = 1};
  const PraxiLearn learn = {
      .options = &options, .out = "", .teacher_key = "", .tick = tick_cb, .data = &n_ticks};
  g_autoptr (GHashTable) slopes = praxi_learn_slopes (&learn, model, &error);
  g_assert_no_error (error);
  g_assert_cmpint (n_ticks, >, 1);
  const PraxiGraph *graph = praxi_model_graph (model);
  const char *name = NULL;
  const float *conv = constant_data (graph, find_node (graph, PRAXI_OP_CONV), &name);
  const float *slope = slope_cb (slopes, name);
  g_assert_nonnull (slope);
  double others = 0;
  for (int i = 0; i < 27 * CHANNELS; i++) {
    g_assert_true (isfinite (slope[i]));
    if (i / 27 == DEAF)
      g_assert_cmpfloat (slope[i], ==, 0);
    others += (double) slope[i];
  }
  g_assert_cmpfloat (others, >, 0);
  PraxiPruneOptions by = {.ratio = 0.5, .multiple = 1, .gradient = slope_cb, .data = slopes};
  g_assert_true (keeps_deaf (graph, &by, conv + 27 * DEAF));
  by.importance = PRAXI_IMPORTANCE_TAYLOR;
  g_assert_false (keeps_deaf (graph, &by, conv + 27 * DEAF));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lighten/slopes", test_slopes);
  return g_test_run ();
}

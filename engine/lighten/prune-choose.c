#include "engine/lighten/prune-choose.h"

#include <math.h>
#include <stdlib.h>

enum { DEFAULT_MULTIPLE = 16 };

typedef struct {
  const PraxiChannels *channels;
  const PraxiPruneOptions *options;
  int n;             /* numbers run to n − 1 */
  double *worth;     /* root → importance, a mean of shares of the layers' means */
  int *n_worth;      /* root → how many that is the mean of */
  guint64 *where;    /* root → a hash of the layers it is in, each as often as it has it */
  int *multiplicity; /* root → the most channels of one layer that it stands for */
} Choice;

static const PraxiValue *
constant_of (const PraxiChannels *channels, int value)
{
  const PraxiValue *found = value >= 0 ? praxi_graph_value (channels->graph, value) : NULL;
  return found != NULL && found->bytes != NULL ? found : NULL;
}

/* The share of a tensor's importance that each index of an axis has. */
static void
measure (const Choice *choice, const PraxiValue *weights, int axis, double *sums)
{
  const PraxiTensor *w = &weights->tensor;
  const float *at = w->data;
  const float *slope =
      choice->options->importance == PRAXI_IMPORTANCE_TAYLOR && choice->options->gradient != NULL
          ? choice->options->gradient (choice->options->data, weights->name)
          : NULL;
  int64_t count = 0;
  gsize inner = 1;
  praxi_tensor_count (w, &count);
  for (int d = axis + 1; d < w->rank; d++)
    inner *= (gsize) w->dims[d];
  const gsize n = (gsize) w->dims[axis];
  for (gsize i = 0; i < (gsize) count; i++) {
    const double value = (double) at[i];
    const double part = slope != NULL ? value * (double) slope[i] : value;
    sums[i / inner % n] += part * part;
  }
  for (gsize o = 0; o < n && slope == NULL; o++)
    sums[o] = sqrt (sums[o]);
}

static void
add_worth (const Choice *choice, const double *sums, const int *channels, gsize n)
{
  double total = 0;
  for (gsize o = 0; o < n; o++)
    total += sums[o];
  for (gsize o = 0; o < n; o++) {
    const int root = praxi_channels_root (choice->channels, channels[o]);
    choice->worth[root] += total > 0 ? sums[o] * (double) n / total : 1;
    choice->n_worth[root]++;
  }
}

static void
weigh_layer (const Choice *choice, int number)
{
  const PraxiNode *node = praxi_graph_node (choice->channels->graph, number);
  const PraxiValue *weights = constant_of (choice->channels, node->in[1]);
  const gsize n = (gsize) choice->channels->n_channels[number];
  const int axis =
      node->op.kind == PRAXI_OP_CONV || node->op.transpose_b ? 0 : weights->tensor.rank - 1;
  g_autofree double *sums = g_new0 (double, n + 1);
  g_autofree int *own = g_new (int, n + 1);
  for (gsize o = 0; o < n; o++)
    own[o] = choice->channels->first_channel[number] + (int) o;
  measure (choice, weights, axis, sums);
  add_worth (choice, sums, own, n);
}

static void
weigh_norm (const Choice *choice, int number)
{
  const PraxiTensor *shape = NULL;
  const PraxiNode *node = praxi_graph_node (choice->channels->graph, number);
  const float *labels = praxi_channels_of_input (choice->channels, number, 1, &shape);
  const PraxiValue *scale = constant_of (choice->channels, node->in[1]);
  if (labels == NULL || scale == NULL)
    return;
  const gsize n = (gsize) shape->dims[0];
  g_autofree double *sums = g_new0 (double, n + 1);
  g_autofree int *own = g_new (int, n + 1);
  for (gsize c = 0; c < n; c++) {
    sums[c] = fabs (praxi_tensor_get (&scale->tensor, (int64_t) c));
    own[c] = (int) labels[c];
  }
  add_worth (choice, sums, own, n);
}

static void
weigh (const Choice *choice)
{
  gboolean has_norm = FALSE;
  for (int i = 0; i < choice->channels->n_nodes; i++)
    if (choice->options->importance == PRAXI_IMPORTANCE_NORM_SCALE &&
        praxi_graph_node (choice->channels->graph, i)->op.kind == PRAXI_OP_BATCH_NORM) {
      weigh_norm (choice, i);
      has_norm = TRUE;
    }
  for (int i = 0; i < choice->channels->n_nodes && !has_norm; i++)
    if (choice->channels->n_channels[i] > 0)
      weigh_layer (choice, i);
  for (int r = 0; r < choice->n; r++)
    choice->worth[r] /= MAX (choice->n_worth[r], 1);
}

static guint64
mix (guint64 x)
{
  x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static void
locate (const Choice *choice)
{
  g_autofree int *seen = g_new0 (int, choice->n + 1);
  for (int i = 0; i < choice->channels->n_nodes; i++) {
    const int first = choice->channels->first_channel[i];
    const int n = choice->channels->n_channels[i];
    for (int o = 0; o < n; o++) {
      const int root = praxi_channels_root (choice->channels, first + o);
      choice->where[root] += mix ((guint64) i + 1);
      seen[root]++;
      choice->multiplicity[root] = MAX (choice->multiplicity[root], seen[root]);
    }
    for (int o = 0; o < n; o++)
      seen[praxi_channels_root (choice->channels, first + o)] = 0;
  }
}

/* --- choosing ------------------------------------------------------------------------------- */

static int
compare (gconstpointer a, gconstpointer b, gpointer data)
{
  const Choice *choice = data;
  const int x = *(const int *) a, y = *(const int *) b;
  if (choice->worth[x] < choice->worth[y] || choice->worth[x] > choice->worth[y])
    return choice->worth[x] < choice->worth[y] ? -1 : 1;
  return (x > y) - (x < y);
}

/* How many roots of a class stay: those that stand for several channels count as such. */
static guint
kept_of (const Choice *choice, guint n, int multiplicity)
{
  const int multiple = choice->options->multiple > 0 ? choice->options->multiple : DEFAULT_MULTIPLE;
  const double channels = (double) n * multiplicity * (1 - choice->options->ratio);
  const double kept = MAX (floor (channels / multiple + 0.5), 1) * multiple;
  guint roots = (guint) ceil (kept / multiplicity);
  while (roots < n && (roots * (guint) multiplicity) % (guint) multiple != 0)
    roots++;
  return MIN (roots, n);
}

static void
choose_class (const Choice *choice, GArray *roots, gboolean *goes)
{
  g_array_sort_with_data (roots, compare, (gpointer) choice);
  const int first = g_array_index (roots, int, 0);
  const guint kept = kept_of (choice, roots->len, choice->multiplicity[first]);
  guint n_go = roots->len - kept;
  for (guint i = 0; i < roots->len && n_go > 0; i++) {
    const int root = g_array_index (roots, int, i);
    if (praxi_channels_is_frozen (choice->channels, root))
      return; /* an operator mixes some of them: all stay, so that counts stay multiples */
  }
  for (guint i = 0; i < n_go; i++)
    goes[g_array_index (roots, int, i)] = TRUE;
}

gboolean *
praxi_prune_choose (const PraxiChannels *channels, const PraxiPruneOptions *options)
{
  const int n = praxi_channels_count (channels) + 1;
  g_autofree double *worth = g_new0 (double, n);
  g_autofree int *n_worth = g_new0 (int, n), *multiplicity = g_new0 (int, n);
  g_autofree guint64 *where = g_new0 (guint64, n);
  const Choice choice = {channels, options, n, worth, n_worth, where, multiplicity};
  g_autoptr (GHashTable) classes =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) g_array_unref);
  gboolean *goes = g_new0 (gboolean, n);
  weigh (&choice);
  locate (&choice);
  for (int r = 1; r < n; r++) {
    if (praxi_channels_root (channels, r) != r)
      continue;
    GArray *roots = g_hash_table_lookup (classes, &where[r]);
    if (roots == NULL) {
      roots = g_array_new (FALSE, FALSE, sizeof (int));
      g_hash_table_insert (classes, &where[r], roots);
    }
    g_array_append_val (roots, r);
  }
  GHashTableIter iter;
  gpointer roots;
  g_hash_table_iter_init (&iter, classes);
  while (g_hash_table_iter_next (&iter, NULL, &roots))
    choose_class (&choice, roots, goes);
  return goes;
}

/* Topological order, and dropping what no output needs. */
#include "engine/model/graph.h"

#include "engine/core/error.h"

static gboolean
check_makers (const PraxiGraph *graph, int *makers, GError **error)
{
  for (guint i = 0; i < graph->inputs->len; i++)
    makers[g_array_index (graph->inputs, int, i)] = -2;
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_out; j++) {
      if (node->out[j] < 0)
        continue;
      const PraxiValue *value = praxi_graph_value (graph, node->out[j]);
      if (makers[node->out[j]] != -1 || value->bytes != NULL) {
        g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "'%s' is made twice", value->name);
        return FALSE;
      }
      makers[node->out[j]] = (int) i;
    }
  }
  return TRUE;
}

/* How many inputs of each node still wait for another node; −1 on a value that nobody makes. */
static gboolean
count_waits (const PraxiGraph *graph, const int *makers, int *waits, GError **error)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_in; j++) {
      if (node->in[j] < 0)
        continue;
      const PraxiValue *value = praxi_graph_value (graph, node->in[j]);
      if (makers[node->in[j]] >= 0)
        waits[i]++;
      else if (makers[node->in[j]] == -1 && value->bytes == NULL) {
        g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "nothing makes '%s', which '%s' reads",
                     value->name, node->name);
        return FALSE;
      }
    }
  }
  return TRUE;
}

/* readers[value] lists the nodes that read it, one entry a use. */
static GArray **
list_readers (const PraxiGraph *graph)
{
  GArray **readers = g_new0 (GArray *, graph->values->len + 1);
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    const int number = (int) i;
    for (int j = 0; j < node->n_in; j++) {
      if (node->in[j] < 0)
        continue;
      if (readers[node->in[j]] == NULL)
        readers[node->in[j]] = g_array_new (FALSE, FALSE, sizeof (int));
      g_array_append_val (readers[node->in[j]], number);
    }
  }
  return readers;
}

static void
free_readers (GArray **readers, guint n)
{
  for (guint i = 0; i < n; i++)
    if (readers[i] != NULL)
      g_array_unref (readers[i]);
  g_free (readers);
}

/* Kahn's algorithm; among ready nodes the one that stands first in the file goes first, which keeps
 * an ordered file as it is: `order` is a queue, filled in file order.
 */
static void
order_nodes (const PraxiGraph *graph, int *waits, GArray **readers, GArray *order)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    const int number = (int) i;
    if (waits[i] == 0)
      g_array_append_val (order, number);
  }
  for (guint done = 0; done < order->len; done++) {
    const PraxiNode *node = praxi_graph_node (graph, g_array_index (order, int, done));
    for (int j = 0; j < node->n_out; j++) {
      const GArray *list = node->out[j] >= 0 ? readers[node->out[j]] : NULL;
      for (guint k = 0; list != NULL && k < list->len; k++) {
        const int reader = g_array_index (list, int, k);
        if (--waits[reader] == 0)
          g_array_append_val (order, reader);
      }
    }
  }
}

static gboolean
is_ordered (const PraxiGraph *graph, const int *makers)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0 && makers[node->in[j]] >= (int) i)
        return FALSE;
  }
  return TRUE;
}

static gboolean
check_outputs (const PraxiGraph *graph, const int *makers, GError **error)
{
  for (guint i = 0; i < graph->outputs->len; i++) {
    const int output = g_array_index (graph->outputs, int, i);
    const PraxiValue *value = praxi_graph_value (graph, output);
    if (makers[output] == -1 && value->bytes == NULL) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "nothing makes the output '%s'",
                   value->name);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
praxi_graph_sort (PraxiGraph *graph, GError **error)
{
  g_autofree int *makers = g_new (int, graph->values->len + 1);
  g_autofree int *waits = g_new0 (int, graph->nodes->len + 1);
  for (guint i = 0; i < graph->values->len; i++)
    makers[i] = -1;
  if (!check_makers (graph, makers, error) || !count_waits (graph, makers, waits, error) ||
      !check_outputs (graph, makers, error))
    return FALSE;
  if (is_ordered (graph, makers))
    return TRUE;

  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (int));
  GArray **readers = list_readers (graph);
  order_nodes (graph, waits, readers, order);
  free_readers (readers, graph->values->len);
  if (order->len < graph->nodes->len) {
    const char *name = "?";
    for (guint i = 0; i < graph->nodes->len; i++)
      if (waits[i] > 0) {
        name = praxi_graph_node (graph, (int) i)->name;
        break;
      }
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "the graph has a cycle through '%s'",
                 name);
    return FALSE;
  }
  g_autofree gpointer *nodes = g_memdup2 (graph->nodes->pdata, sizeof (gpointer) * order->len);
  for (guint i = 0; i < order->len; i++)
    graph->nodes->pdata[i] = nodes[g_array_index (order, int, i)];
  return TRUE;
}

static void
mark_needed (const PraxiGraph *graph, gboolean *value_needed, gboolean *node_needed)
{
  for (guint i = 0; i < graph->inputs->len; i++)
    value_needed[g_array_index (graph->inputs, int, i)] = TRUE;
  g_autofree gboolean *wanted = g_new0 (gboolean, graph->values->len + 1);
  for (guint i = 0; i < graph->outputs->len; i++)
    wanted[g_array_index (graph->outputs, int, i)] = TRUE;
  for (guint i = graph->nodes->len; i-- > 0;) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0 && wanted[node->out[j]])
        node_needed[i] = TRUE;
    for (int j = 0; node_needed[i] && j < node->n_in; j++)
      if (node->in[j] >= 0)
        wanted[node->in[j]] = TRUE;
    for (int j = 0; node_needed[i] && j < node->n_out; j++) /* kernels write them all */
      if (node->out[j] >= 0)
        wanted[node->out[j]] = TRUE;
  }
  for (guint i = 0; i < graph->values->len; i++)
    value_needed[i] = value_needed[i] || wanted[i];
}

static void
renumber (int *list, int n, const int *numbers)
{
  for (int i = 0; i < n; i++)
    if (list[i] >= 0)
      list[i] = numbers[list[i]];
}

/* Keeps the needed entries of an array, in their order, and frees the others. */
static void
compact (GPtrArray *array, const gboolean *needed)
{
  guint kept = 0;
  for (guint i = 0; i < array->len; i++) {
    gpointer entry = array->pdata[i];
    if (!needed[i])
      continue;
    array->pdata[i] = array->pdata[kept];
    array->pdata[kept++] = entry;
  }
  g_ptr_array_set_size (array, (int) kept);
}

void
praxi_graph_prune (PraxiGraph *graph)
{
  g_autofree gboolean *value_needed = g_new0 (gboolean, graph->values->len + 1);
  g_autofree gboolean *node_needed = g_new0 (gboolean, graph->nodes->len + 1);
  g_autofree int *numbers = g_new (int, graph->values->len + 1);
  mark_needed (graph, value_needed, node_needed);
  int next = 0;
  for (guint i = 0; i < graph->values->len; i++)
    numbers[i] = value_needed[i] ? next++ : -1;

  compact (graph->nodes, node_needed);
  compact (graph->values, value_needed);
  for (guint i = 0; i < graph->nodes->len; i++) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    renumber (node->in, node->n_in, numbers);
    renumber (node->out, node->n_out, numbers);
  }
  renumber ((int *) (void *) graph->inputs->data, (int) graph->inputs->len, numbers);
  renumber ((int *) (void *) graph->outputs->data, (int) graph->outputs->len, numbers);
}

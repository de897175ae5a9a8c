#include "engine/model/merge.h"

#include "engine/model/onnx-ops.h"

/* Constants in a node's key: what they hold has a number, below that of an absent input. */
enum { FIRST_CONTENT = -2 };

typedef struct {
  PraxiGraph *graph;
  GHashTable *contents; /* bytes of a constant with its shape → number */
  GHashTable *nodes;    /* key → GQueue of numbers of nodes that stand for none of from's yet */
} Merge;

char *
praxi_graph_unused_name (const PraxiGraph *graph, const char *stem)
{
  char *name = g_strdup (stem);
  for (int i = 2; praxi_graph_find (graph, name) >= 0; i++) {
    g_free (name);
    name = g_strdup_printf ("%s %d", stem, i);
  }
  return name;
}

/* --- keys: equal where two things are the same ---------------------------------------------- */

static GBytes *
constant_key (const PraxiValue *value)
{
  GByteArray *key = g_byte_array_new ();
  const int head[2] = {(int) value->tensor.dtype, value->tensor.rank};
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (value->bytes, &size);
  g_byte_array_append (key, (const guint8 *) head, sizeof head);
  for (int i = 0; i < value->tensor.rank; i++)
    g_byte_array_append (key, (const guint8 *) &value->tensor.dims[i],
                         sizeof value->tensor.dims[i]);
  g_byte_array_append (key, data, (guint) size);
  return g_byte_array_free_to_bytes (key);
}

static int
content_of (const Merge *merge, const PraxiValue *value)
{
  gpointer number = NULL;
  GBytes *key = constant_key (value);
  if (g_hash_table_lookup_extended (merge->contents, key, NULL, &number)) {
    g_bytes_unref (key);
    return GPOINTER_TO_INT (number);
  }
  const int fresh = FIRST_CONTENT - (int) g_hash_table_size (merge->contents);
  g_hash_table_insert (merge->contents, key, GINT_TO_POINTER (fresh));
  return fresh;
}

static void
append_attributes (GByteArray *key, const PraxiOp *op)
{
  g_autoptr (GPtrArray) attributes = praxi_onnx_write_attributes (op);
  for (guint i = 0; i < attributes->len; i++) {
    Onnx__AttributeProto *attribute = attributes->pdata[i];
    const guint before = key->len;
    g_byte_array_set_size (key,
                           before + (guint) onnx__attribute_proto__get_packed_size (attribute));
    onnx__attribute_proto__pack (attribute, key->data + before);
    onnx__attribute_proto__free_unpacked (attribute, NULL);
  }
}

/* numbers: of the values of the node's graph in `into`; NULL: it is `into` */
static GBytes *
node_key (const Merge *merge, const PraxiGraph *graph, const PraxiNode *node, const int *numbers)
{
  GByteArray *key = g_byte_array_new ();
  const int head[3] = {(int) node->op.kind, node->n_in, node->n_out};
  g_byte_array_append (key, (const guint8 *) head, sizeof head);
  for (int j = 0; j < node->n_in; j++) {
    const PraxiValue *value = node->in[j] >= 0 ? praxi_graph_value (graph, node->in[j]) : NULL;
    const int in = value == NULL          ? -1
                   : value->bytes != NULL ? content_of (merge, value)
                   : numbers != NULL      ? numbers[node->in[j]]
                                          : node->in[j];
    g_byte_array_append (key, (const guint8 *) &in, sizeof in);
  }
  append_attributes (key, &node->op);
  return g_byte_array_free_to_bytes (key);
}

static void
queue_free (gpointer data)
{
  g_queue_free (data);
}

static void
list_nodes (const Merge *merge)
{
  for (guint i = 0; i < merge->graph->nodes->len; i++) {
    GBytes *key = node_key (merge, merge->graph, praxi_graph_node (merge->graph, (int) i), NULL);
    GQueue *queue = g_hash_table_lookup (merge->nodes, key);
    if (queue == NULL) {
      queue = g_queue_new ();
      g_hash_table_insert (merge->nodes, g_bytes_ref (key), queue);
    }
    g_queue_push_tail (queue, GUINT_TO_POINTER (i));
    g_bytes_unref (key);
  }
}

/* --- merging -------------------------------------------------------------------------------- */

static int
add_value (PraxiGraph *graph, const PraxiValue *value)
{
  g_autofree char *name = praxi_graph_unused_name (graph, value->name);
  return value->bytes != NULL ? praxi_graph_add_constant (graph, name, &value->tensor, value->bytes)
                              : praxi_graph_add_value (graph, name, &value->tensor);
}

/* Whether a node makes all that another one like it does. */
static gboolean
makes_all (const PraxiNode *node, const PraxiNode *like)
{
  for (int j = 0; j < like->n_out; j++)
    if (like->out[j] >= 0 && node->out[j] < 0)
      return FALSE;
  return TRUE;
}

/* The node that can stand for one of from's, NULL where there is none. */
static const PraxiNode *
take_known (const Merge *merge, const PraxiGraph *from, const PraxiNode *node, const int *numbers)
{
  g_autoptr (GBytes) key = node_key (merge, from, node, numbers);
  GQueue *queue = g_hash_table_lookup (merge->nodes, key);
  if (queue == NULL || g_queue_is_empty (queue))
    return NULL;
  const guint first = GPOINTER_TO_UINT (g_queue_peek_head (queue));
  const PraxiNode *known = praxi_graph_node (merge->graph, (int) first);
  if (!makes_all (known, node))
    return NULL;
  g_queue_pop_head (queue);
  return known;
}

static void
number (int *numbers, int value, int found)
{
  if (value >= 0 && numbers[value] < 0)
    numbers[value] = found;
}

static void
add_node (const Merge *merge, const PraxiGraph *from, const PraxiNode *node, int *numbers)
{
  g_autofree int *in = g_new (int, node->n_in + 1), *out = g_new (int, node->n_out + 1);
  const char *name = node->name;
  for (int j = 0; j < node->n_in; j++) {
    const PraxiValue *value = node->in[j] >= 0 ? praxi_graph_value (from, node->in[j]) : NULL;
    if (value != NULL && value->bytes != NULL && numbers[node->in[j]] < 0)
      numbers[node->in[j]] = add_value (merge->graph, value);
    in[j] = value != NULL ? numbers[node->in[j]] : -1;
  }
  for (int j = 0; j < node->n_out; j++) {
    const int value = node->out[j];
    out[j] = value >= 0 ? add_value (merge->graph, praxi_graph_value (from, value)) : -1;
    number (numbers, value, out[j]);
    if (j == 0 && out[j] >= 0)
      name = praxi_graph_value (merge->graph, out[j])->name;
  }
  praxi_graph_add_node (merge->graph, name, &node->op, in, node->n_in, out, node->n_out);
}

void
praxi_graph_merge (PraxiGraph *into, const PraxiGraph *from, int *numbers)
{
  const Merge merge = {.graph = into,
                       .contents = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                                          (GDestroyNotify) g_bytes_unref, NULL),
                       .nodes = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                                       (GDestroyNotify) g_bytes_unref, queue_free)};
  into->opset = MAX (into->opset, from->opset);
  list_nodes (&merge);
  for (guint i = 0; i < from->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (from, (int) i);
    const PraxiNode *known = take_known (&merge, from, node, numbers);
    for (int j = 0; known != NULL && j < node->n_in; j++)
      number (numbers, node->in[j], known->in[j]);
    for (int j = 0; known != NULL && j < node->n_out; j++)
      number (numbers, node->out[j], known->out[j]);
    if (known == NULL)
      add_node (&merge, from, node, numbers);
  }
  g_hash_table_unref (merge.contents);
  g_hash_table_unref (merge.nodes);
}

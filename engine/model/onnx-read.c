#include "engine/model/onnx-read.h"

#include <string.h>

#include "engine/core/error.h"
#include "engine/model/onnx-ops.h"
#include "engine/model/onnx-tensor.h"

enum { OPSET_MIN = 1, OPSET_MAX = 21, OPSET_FORM = 13 };

typedef struct {
  PraxiGraph *graph;
  GHashTable *numbers; /* name → value number + 1 */
  int opset;
  GBytes *file; /* holds large tensors as the spans say; NULL where none does */
  const GArray *spans;
} Reader;

/* The number of a value by name, made where it is new; −1 for "", an absent optional one. */
static int
number_of (Reader *reader, const char *name)
{
  if (name == NULL || name[0] == '\0')
    return -1;
  int number = GPOINTER_TO_INT (g_hash_table_lookup (reader->numbers, name)) - 1;
  if (number >= 0)
    return number;
  number = praxi_graph_add_value (reader->graph, name, &(PraxiTensor){.rank = -1});
  g_hash_table_insert (reader->numbers, praxi_graph_value (reader->graph, number)->name,
                       GINT_TO_POINTER (number + 1));
  return number;
}

static gboolean
read_opset (Reader *reader, const Onnx__ModelProto *model, GError **error)
{
  for (gsize i = 0; i < model->n_opset_import; i++) {
    const Onnx__OperatorSetIdProto *set = model->opset_import[i];
    if (set->domain != NULL && set->domain[0] != '\0' && !g_str_equal (set->domain, "ai.onnx"))
      continue;
    if (set->version >= OPSET_MIN && set->version <= OPSET_MAX) {
      reader->opset = (int) set->version;
      reader->graph->opset = MAX (reader->opset, OPSET_FORM);
      return TRUE;
    }
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "made for operator set %" G_GINT64_FORMAT "; export it for one from 1 to 21",
                 (gint64) set->version);
    return FALSE;
  }
  reader->opset = 0;
  return TRUE;
}

static gboolean
give_constant (Reader *reader, int number, const PraxiTensor *tensor, GBytes *bytes, GError **error)
{
  PraxiValue *value = praxi_graph_value (reader->graph, number);
  if (value->bytes != NULL)
    return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "tensor '%s' is given twice", value->name);
  value->tensor = *tensor;
  value->bytes = g_bytes_ref (bytes);
  return TRUE;
}

static gboolean
read_tensor (Reader *reader,
             const Onnx__GraphProto *proto,
             gsize i,
             PraxiTensor *tensor,
             GBytes **bytes,
             GError **error)
{
  const PraxiOnnxSpan *span =
      reader->spans != NULL ? &g_array_index (reader->spans, PraxiOnnxSpan, i) : NULL;
  return span != NULL && span->size > 0
             ? praxi_onnx_tensor_read_span (proto->initializer[i], reader->file, span, tensor,
                                            bytes, error)
             : praxi_onnx_tensor_read (proto->initializer[i], tensor, bytes, error);
}

static gboolean
read_initializers (Reader *reader, const Onnx__GraphProto *proto, GError **error)
{
  if (proto->n_sparse_initializer > 0)
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED, "unsupported: sparse tensors");
  if (reader->spans != NULL && reader->spans->len != proto->n_initializer)
    return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "damaged: its tensors cannot be counted");
  for (gsize i = 0; i < proto->n_initializer; i++) {
    PraxiTensor tensor;
    g_autoptr (GBytes) bytes = NULL;
    const int number = number_of (reader, proto->initializer[i]->name);
    if (number < 0)
      return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "a tensor has no name");
    if (!read_tensor (reader, proto, i, &tensor, &bytes, error) ||
        !give_constant (reader, number, &tensor, bytes, error))
      return FALSE;
  }
  return TRUE;
}

/* The declared type and shape of an input or output; what is not said stays open. */
static gboolean
read_type (const Onnx__ValueInfoProto *info, PraxiTensor *tensor, GError **error)
{
  const Onnx__TypeProto *type = info->type;
  *tensor = (PraxiTensor){.rank = -1};
  if (type == NULL || type->value_case == ONNX__TYPE_PROTO__VALUE__NOT_SET)
    return TRUE;
  if (type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED, "unsupported: '%s' is not a tensor",
                             info->name);
  tensor->dtype = praxi_onnx_dtype (type->tensor_type->elem_type);
  if (tensor->dtype == 0)
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED, "unsupported: the type of '%s'",
                             info->name);
  const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
  if (shape == NULL)
    return TRUE;
  if (shape->n_dim > PRAXI_MAX_RANK)
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED, "'%s' has more than 8 dimensions",
                             info->name);
  tensor->rank = (int) shape->n_dim;
  for (int d = 0; d < tensor->rank; d++) {
    const Onnx__TensorShapeProto__Dimension *dim = shape->dim[d];
    const gboolean is_known =
        dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    tensor->dims[d] = is_known ? dim->dim_value : PRAXI_DIM_OPEN;
    if (is_known && dim->dim_value < 0)
      return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "'%s' has a negative dimension",
                               info->name);
  }
  return TRUE;
}

/* Old files list initializers among the inputs too; those are constants here. */
static gboolean
read_inputs (Reader *reader, const Onnx__GraphProto *proto, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (gsize i = 0; i < proto->n_input; i++) {
    const Onnx__ValueInfoProto *info = proto->input[i];
    PraxiTensor tensor;
    const int number = number_of (reader, info->name);
    if (number < 0)
      return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "an input has no name");
    if (!g_hash_table_add (seen, info->name))
      return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "input '%s' is named twice", info->name);
    PraxiValue *value = praxi_graph_value (reader->graph, number);
    if (value->bytes != NULL)
      continue;
    if (!read_type (info, &tensor, error))
      return FALSE;
    value->tensor = tensor;
    g_array_append_val (reader->graph->inputs, number);
  }
  return TRUE;
}

static gboolean
read_outputs (Reader *reader, const Onnx__GraphProto *proto, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (gsize i = 0; i < proto->n_output; i++) {
    const Onnx__ValueInfoProto *info = proto->output[i];
    PraxiTensor tensor;
    const int number = number_of (reader, info->name);
    if (number < 0)
      return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "an output has no name");
    if (!g_hash_table_add (seen, info->name))
      return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "output '%s' is named twice", info->name);
    if (!read_type (info, &tensor, error))
      return FALSE;
    if (praxi_graph_value (reader->graph, number)->bytes == NULL &&
        praxi_graph_value (reader->graph, number)->tensor.rank < 0)
      praxi_graph_value (reader->graph, number)->tensor = tensor;
    g_array_append_val (reader->graph->outputs, number);
  }
  return proto->n_output > 0 ||
         praxi_error_fail (error, PRAXI_ERROR_FORMAT, "the graph has no output");
}

/* A list, number or fraction given to Constant. */
static gboolean
read_constant_list (const Onnx__AttributeProto *attribute,
                    PraxiTensor *tensor,
                    GBytes **bytes,
                    GError **error)
{
  const char *name = attribute->name != NULL ? attribute->name : "";
  *tensor = (PraxiTensor){.dtype = PRAXI_S64, .rank = 1};
  if (g_str_equal (name, "value_int")) {
    *bytes = g_bytes_new (&attribute->i, sizeof attribute->i);
    tensor->rank = 0;
  } else if (g_str_equal (name, "value_ints")) {
    *bytes = g_bytes_new (attribute->ints, attribute->n_ints * sizeof (int64_t));
    tensor->dims[0] = (int64_t) attribute->n_ints;
  } else if (g_str_equal (name, "value_float")) {
    *bytes = g_bytes_new (&attribute->f, sizeof attribute->f);
    tensor->dtype = PRAXI_F32;
    tensor->rank = 0;
  } else if (g_str_equal (name, "value_floats")) {
    *bytes = g_bytes_new (attribute->floats, attribute->n_floats * sizeof (float));
    tensor->dtype = PRAXI_F32;
    tensor->dims[0] = (int64_t) attribute->n_floats;
  } else {
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED, "unsupported: Constant with '%s'",
                             name);
  }
  praxi_tensor_set_row_major (tensor);
  tensor->data = (void *) g_bytes_get_data (*bytes, NULL);
  return TRUE;
}

static gboolean
read_constant (Reader *reader, const Onnx__NodeProto *node, GError **error)
{
  PraxiTensor tensor;
  g_autoptr (GBytes) bytes = NULL;
  const int number = node->n_output == 1 ? number_of (reader, node->output[0]) : -1;
  if (number < 0 || node->n_attribute != 1)
    return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "Constant '%s' has no value", node->name);
  Onnx__AttributeProto *attribute = node->attribute[0];
  if (g_strcmp0 (attribute->name, "value") == 0 && attribute->t != NULL) {
    if (!praxi_onnx_tensor_read (attribute->t, &tensor, &bytes, error))
      return FALSE;
  } else if (!read_constant_list (attribute, &tensor, &bytes, error)) {
    return FALSE;
  }
  return give_constant (reader, number, &tensor, bytes, error);
}

/* Adds a constant that stands for an attribute of an older operator set. */
static int
add_attribute_constant (Reader *reader, const Onnx__AttributeProto *attribute)
{
  PraxiTensor tensor = {.dtype = PRAXI_S64, .rank = 1, .dims = {(int64_t) attribute->n_ints}};
  g_autoptr (GBytes) bytes = NULL;
  if (attribute->has_f) {
    tensor.dtype = PRAXI_F32;
    tensor.rank = 0;
    bytes = g_bytes_new (&attribute->f, sizeof attribute->f);
  } else if (attribute->has_i) {
    tensor.dims[0] = 1;
    bytes = g_bytes_new (&attribute->i, sizeof attribute->i);
  } else {
    bytes = g_bytes_new (attribute->ints, attribute->n_ints * sizeof (int64_t));
  }
  g_autofree char *name =
      g_strdup_printf ("praxi/%s/%u", attribute->name, reader->graph->values->len);
  return praxi_graph_add_constant (reader->graph, name, &tensor, bytes);
}

static void
move_attributes_to_inputs (Reader *reader,
                           const Onnx__NodeProto *proto,
                           PraxiOpKind kind,
                           GArray *in)
{
  for (const PraxiRule *rule = praxi_onnx_rules (kind); rule->name != NULL; rule++)
    for (gsize i = 0; i < proto->n_attribute && rule->kind == PRAXI_RULE_INPUT; i++) {
      if (g_strcmp0 (proto->attribute[i]->name, rule->name) != 0)
        continue;
      const int absent = -1;
      while (in->len <= rule->offset)
        g_array_append_val (in, absent);
      if (g_array_index (in, int, rule->offset) < 0)
        g_array_index (in, int, rule->offset) =
            add_attribute_constant (reader, proto->attribute[i]);
    }
}

static GArray *
number_names (Reader *reader, char **names, gsize n)
{
  GArray *numbers = g_array_sized_new (FALSE, FALSE, sizeof (int), (guint) n + 1);
  for (gsize i = 0; i < n; i++) {
    const int number = number_of (reader, names[i]);
    g_array_append_val (numbers, number);
  }
  while (numbers->len > 0 && g_array_index (numbers, int, numbers->len - 1) < 0)
    g_array_set_size (numbers, numbers->len - 1);
  return numbers;
}

static const char *
node_name (const Onnx__NodeProto *proto)
{
  if (proto->name != NULL && proto->name[0] != '\0')
    return proto->name;
  return proto->n_output > 0 ? proto->output[0] : proto->op_type;
}

static gboolean
read_node (Reader *reader, const Onnx__NodeProto *proto, GError **error)
{
  const char *type = proto->op_type != NULL ? proto->op_type : "";
  const gboolean is_ours =
      proto->domain == NULL || proto->domain[0] == '\0' || g_str_equal (proto->domain, "ai.onnx");
  PraxiOp op = {.kind = PRAXI_OP_NONE};
  if (is_ours && g_str_equal (type, "Constant"))
    return read_constant (reader, proto, error);
  const gboolean is_dropout = g_str_equal (type, "Dropout");
  if (is_ours)
    op.kind = is_dropout ? PRAXI_OP_IDENTITY : praxi_onnx_op_kind (type);
  if (op.kind != PRAXI_OP_NONE && reader->opset == 0)
    return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "names no operator set");
  if (op.kind == PRAXI_OP_NONE || (is_dropout && (proto->n_output > 1 || proto->n_input > 2)))
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED, "unsupported: %s", type);
  if (proto->n_input > PRAXI_NODE_MAX_INPUTS || proto->n_output > PRAXI_NODE_MAX_INPUTS)
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED, "'%s' has too many inputs or outputs",
                             node_name (proto));
  if (!is_dropout && !praxi_onnx_read_attributes (proto, reader->opset, &op, error)) {
    g_prefix_error (error, "unsupported: %s: ", type);
    return FALSE;
  }
  g_autoptr (GArray) in = number_names (reader, proto->input, proto->n_input);
  g_autoptr (GArray) out = number_names (reader, proto->output, proto->n_output);
  if (is_dropout && in->len > 1)
    g_array_set_size (in, 1);
  move_attributes_to_inputs (reader, proto, op.kind, in);
  if (out->len == 0)
    return praxi_error_fail (error, PRAXI_ERROR_FORMAT, "'%s' has no output", node_name (proto));
  g_autofree char *name = g_utf8_make_valid (node_name (proto), -1);
  praxi_graph_add_node (reader->graph, name, &op, (const int *) (void *) in->data, (int) in->len,
                        (const int *) (void *) out->data, (int) out->len);
  return TRUE;
}

static gboolean
read_all (Reader *reader, const Onnx__ModelProto *model, GError **error)
{
  const Onnx__GraphProto *proto = model->graph;
  if (proto == NULL)
    return praxi_error_fail (error, PRAXI_ERROR_FORMAT,
                             "holds no graph; export it as an ONNX model");
  if (!read_opset (reader, model, error) || !read_initializers (reader, proto, error) ||
      !read_inputs (reader, proto, error))
    return FALSE;
  for (gsize i = 0; i < proto->n_node; i++)
    if (!read_node (reader, proto->node[i], error))
      return FALSE;
  return read_outputs (reader, proto, error) && praxi_graph_sort (reader->graph, error);
}

PraxiGraph *
praxi_onnx_read_graph (Onnx__ModelProto *model, GBytes *file, const GArray *spans, GError **error)
{
  g_autoptr (PraxiGraph) graph = praxi_graph_new ();
  g_autoptr (GHashTable) numbers = g_hash_table_new (g_str_hash, g_str_equal);
  Reader reader = {.graph = graph, .numbers = numbers, .file = file, .spans = spans};
  return read_all (&reader, model, error) ? g_steal_pointer (&graph) : NULL;
}

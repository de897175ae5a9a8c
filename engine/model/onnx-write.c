/* Everything in the messages comes from malloc, as protobuf-c frees it. */
#include "engine/model/onnx-write.h"

#include <stdlib.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/onnx-ops.h"
#include "engine/model/onnx-tensor.h"

enum { IR_VERSION = 8 };

static void *
allocate (gsize n, gsize size)
{
  void *block = calloc (MAX (n, 1), size);
  if (block == NULL)
    g_error ("not enough memory");
  return block;
}

static char *
copy_text (const char *text)
{
  char *copy = allocate (strlen (text) + 1, 1);
  return strcpy (copy, text);
}

static Onnx__TensorShapeProto *
write_shape (const PraxiTensor *tensor)
{
  Onnx__TensorShapeProto *shape = allocate (1, sizeof *shape);
  onnx__tensor_shape_proto__init (shape);
  shape->n_dim = (size_t) tensor->rank;
  shape->dim = allocate (shape->n_dim, sizeof *shape->dim);
  for (int d = 0; d < tensor->rank; d++) {
    Onnx__TensorShapeProto__Dimension *dim = allocate (1, sizeof *dim);
    onnx__tensor_shape_proto__dimension__init (dim);
    if (tensor->dims[d] == PRAXI_DIM_OPEN) {
      dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
      dim->dim_param = copy_text (d == 0 ? "N" : "?");
    } else {
      dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
      dim->dim_value = tensor->dims[d];
    }
    shape->dim[d] = dim;
  }
  return shape;
}

static Onnx__ValueInfoProto *
write_value_info (const PraxiValue *value)
{
  Onnx__ValueInfoProto *info = allocate (1, sizeof *info);
  onnx__value_info_proto__init (info);
  info->name = copy_text (value->name);
  info->type = allocate (1, sizeof *info->type);
  onnx__type_proto__init (info->type);
  info->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  info->type->tensor_type = allocate (1, sizeof *info->type->tensor_type);
  onnx__type_proto__tensor__init (info->type->tensor_type);
  info->type->tensor_type->has_elem_type = TRUE;
  info->type->tensor_type->elem_type =
      praxi_onnx_dtype_number (value->tensor.dtype != 0 ? value->tensor.dtype : PRAXI_F32);
  if (value->tensor.rank >= 0)
    info->type->tensor_type->shape = write_shape (&value->tensor);
  return info;
}

static Onnx__ValueInfoProto **
write_value_infos (const PraxiGraph *graph, const GArray *numbers)
{
  Onnx__ValueInfoProto **infos = allocate (numbers->len, sizeof *infos);
  for (guint i = 0; i < numbers->len; i++)
    infos[i] = write_value_info (praxi_graph_value (graph, g_array_index (numbers, int, i)));
  return infos;
}

static char **
write_names (const PraxiGraph *graph, const int *values, int n)
{
  char **names = allocate ((gsize) n, sizeof *names);
  for (int i = 0; i < n; i++)
    names[i] = copy_text (values[i] >= 0 ? praxi_graph_value (graph, values[i])->name : "");
  return names;
}

static Onnx__NodeProto *
write_node (const PraxiGraph *graph, const PraxiNode *node)
{
  Onnx__NodeProto *proto = allocate (1, sizeof *proto);
  onnx__node_proto__init (proto);
  proto->name = copy_text (node->name);
  proto->op_type = copy_text (praxi_op_name (node->op.kind));
  proto->n_input = (size_t) node->n_in;
  proto->input = write_names (graph, node->in, node->n_in);
  proto->n_output = (size_t) node->n_out;
  proto->output = write_names (graph, node->out, node->n_out);
  g_autoptr (GPtrArray) attributes = praxi_onnx_write_attributes (&node->op);
  proto->n_attribute = attributes->len;
  proto->attribute = allocate (attributes->len, sizeof *proto->attribute);
  for (guint i = 0; i < attributes->len; i++)
    proto->attribute[i] = attributes->pdata[i];
  return proto;
}

static void
write_initializers (const PraxiGraph *graph, Onnx__GraphProto *proto)
{
  proto->initializer = allocate (graph->values->len, sizeof *proto->initializer);
  for (guint i = 0; i < graph->values->len; i++) {
    const PraxiValue *value = praxi_graph_value (graph, (int) i);
    if (value->bytes != NULL)
      proto->initializer[proto->n_initializer++] =
          praxi_onnx_tensor_write (value->name, &value->tensor);
  }
}

static gboolean
check_operators (const PraxiGraph *graph, GError **error)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind >= PRAXI_OP_QCONV || node->op.has_residual ||
        node->op.activation != PRAXI_ACTIVATION_NONE) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                   "'%s' is fused; write the graph as it was before", node->name);
      return FALSE;
    }
  }
  return TRUE;
}

Onnx__ModelProto *
praxi_onnx_write_graph (const PraxiGraph *graph, GError **error)
{
  if (!check_operators (graph, error))
    return NULL;
  Onnx__ModelProto *model = allocate (1, sizeof *model);
  onnx__model_proto__init (model);
  model->has_ir_version = TRUE;
  model->ir_version = IR_VERSION;
  model->producer_name = copy_text ("praxiscope");
  model->n_opset_import = 1;
  model->opset_import = allocate (1, sizeof *model->opset_import);
  model->opset_import[0] = allocate (1, sizeof **model->opset_import);
  onnx__operator_set_id_proto__init (model->opset_import[0]);
  model->opset_import[0]->domain = copy_text ("");
  model->opset_import[0]->has_version = TRUE;
  model->opset_import[0]->version = graph->opset;

  Onnx__GraphProto *proto = model->graph = allocate (1, sizeof *proto);
  onnx__graph_proto__init (proto);
  proto->name = copy_text ("praxiscope");
  proto->n_input = graph->inputs->len;
  proto->input = write_value_infos (graph, graph->inputs);
  proto->n_output = graph->outputs->len;
  proto->output = write_value_infos (graph, graph->outputs);
  write_initializers (graph, proto);
  proto->n_node = graph->nodes->len;
  proto->node = allocate (graph->nodes->len, sizeof *proto->node);
  for (guint i = 0; i < graph->nodes->len; i++)
    proto->node[i] = write_node (graph, praxi_graph_node (graph, (int) i));
  return model;
}

static void
remove_metadata (Onnx__ModelProto *model)
{
  size_t kept = 0;
  for (size_t i = 0; i < model->n_metadata_props; i++) {
    Onnx__StringStringEntryProto *entry = model->metadata_props[i];
    if (g_strcmp0 (entry->key, "praxi.spec") == 0 || g_strcmp0 (entry->key, "praxi.sha256") == 0)
      onnx__string_string_entry_proto__free_unpacked (entry, NULL);
    else
      model->metadata_props[kept++] = entry;
  }
  model->n_metadata_props = kept;
}

static void
add_metadata (Onnx__ModelProto *model, const char *key, const char *value)
{
  Onnx__StringStringEntryProto *entry = allocate (1, sizeof *entry);
  onnx__string_string_entry_proto__init (entry);
  entry->key = copy_text (key);
  entry->value = copy_text (value);
  Onnx__StringStringEntryProto **list = allocate (model->n_metadata_props + 1, sizeof *list);
  if (model->n_metadata_props > 0)
    memcpy (list, model->metadata_props, model->n_metadata_props * sizeof *list);
  free (model->metadata_props);
  list[model->n_metadata_props++] = entry;
  model->metadata_props = list;
}

/* Stands before the graph in the file: one that was cut behind the graph still says what it lost.
 */
static void
announce_spec (Onnx__ModelProto *model)
{
  static const char *const note = "praxi.spec and praxi.sha256 follow the graph";
  const char *doc = model->doc_string != NULL ? model->doc_string : "";
  if (strstr (doc, note) != NULL)
    return;
  g_autofree char *text = g_strconcat (doc, doc[0] != '\0' ? "\n" : "", note, NULL);
  free (model->doc_string);
  model->doc_string = copy_text (text);
}

GBytes *
praxi_onnx_pack (Onnx__ModelProto *model, const char *spec_json)
{
  char zeros[2 * SHA256_DIGEST_SIZE + 1] = "";
  memset (zeros, '0', 2 * SHA256_DIGEST_SIZE);
  remove_metadata (model);
  if (spec_json != NULL) {
    announce_spec (model);
    add_metadata (model, "praxi.spec", spec_json);
    add_metadata (model, "praxi.sha256", zeros);
  }
  const gsize size = onnx__model_proto__get_packed_size (model);
  guint8 *data = g_malloc (size + 1);
  onnx__model_proto__pack (model, data);
  const gint64 at = praxi_onnx_find_sum (data, size);
  if (at >= 0) {
    g_autofree char *sum = praxi_onnx_sum (data, size, at);
    memcpy (data + at, sum, 2 * SHA256_DIGEST_SIZE);
  }
  return g_bytes_new_take (data, size);
}

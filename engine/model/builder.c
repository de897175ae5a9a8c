#include "engine/model/builder.h"

#include <string.h>

struct PraxiBuilder {
  PraxiGraph *graph;
  int next; /* of the names made up */
};

enum { BUILDER_OPSET = 17 };

PraxiBuilder *
praxi_builder_new (void)
{
  PraxiBuilder *builder = g_new0 (PraxiBuilder, 1);
  builder->graph = praxi_graph_new ();
  builder->graph->opset = BUILDER_OPSET;
  return builder;
}

void
praxi_builder_free (PraxiBuilder *builder)
{
  praxi_graph_unref (builder->graph);
  g_free (builder);
}

static char *
make_name (PraxiBuilder *builder, const char *kind)
{
  return g_strdup_printf ("%s_%d", kind, builder->next++);
}

int
praxi_builder_input (PraxiBuilder *builder,
                     const char *name,
                     PraxiDType dtype,
                     int rank,
                     const int64_t *dims)
{
  PraxiTensor tensor = {.dtype = dtype, .rank = rank};
  memcpy (tensor.dims, dims, sizeof *dims * (gsize) rank);
  const int value = praxi_graph_add_value (builder->graph, name, &tensor);
  g_array_append_val (builder->graph->inputs, value);
  return value;
}

int
praxi_builder_constant (PraxiBuilder *builder,
                        PraxiDType dtype,
                        int rank,
                        const int64_t *dims,
                        const void *data)
{
  PraxiTensor tensor = {.dtype = dtype, .rank = rank};
  gsize size = 0;
  g_autofree char *name = make_name (builder, "constant");
  if (rank > 0)
    memcpy (tensor.dims, dims, sizeof *dims * (gsize) rank);
  praxi_tensor_bytes (&tensor, &size);
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  return praxi_graph_add_constant (builder->graph, name, &tensor, bytes);
}

int
praxi_builder_named_constant (PraxiBuilder *builder,
                              const char *name,
                              const PraxiTensor *tensor,
                              GBytes *bytes)
{
  const int value = praxi_graph_add_constant (builder->graph, name, tensor, bytes);
  g_bytes_unref (bytes);
  return value;
}

int
praxi_builder_f32 (PraxiBuilder *builder, float value)
{
  return praxi_builder_constant (builder, PRAXI_F32, 0, NULL, &value);
}

int
praxi_builder_ints (PraxiBuilder *builder, const int64_t *values, int n)
{
  const int64_t dims[1] = {n};
  return praxi_builder_constant (builder, PRAXI_S64, 1, dims, values);
}

int
praxi_builder_op (PraxiBuilder *builder,
                  const PraxiOp *op,
                  const char *name,
                  const int *in,
                  int n_in)
{
  g_autofree char *made = make_name (builder, praxi_op_name (op->kind));
  const char *used = name != NULL ? name : made;
  const int out = praxi_graph_add_value (builder->graph, used, &(PraxiTensor){.rank = -1});
  praxi_graph_add_node (builder->graph, used, op, in, n_in, &out, 1);
  return out;
}

void
praxi_builder_outputs (PraxiBuilder *builder,
                       const PraxiOp *op,
                       const int *in,
                       int n_in,
                       int *out,
                       int n_out)
{
  g_autofree char *name = make_name (builder, praxi_op_name (op->kind));
  for (int i = 0; i < n_out; i++) {
    g_autofree char *own = g_strdup_printf ("%s/%d", name, i);
    out[i] = praxi_graph_add_value (builder->graph, own, &(PraxiTensor){.rank = -1});
  }
  praxi_graph_add_node (builder->graph, name, op, in, n_in, out, n_out);
}

int
praxi_builder_unary (PraxiBuilder *builder, PraxiOpKind kind, int x)
{
  const PraxiOp op = {.kind = kind};
  return praxi_builder_op (builder, &op, NULL, &x, 1);
}

int
praxi_builder_binary (PraxiBuilder *builder, PraxiOpKind kind, int a, int b)
{
  const PraxiOp op = {.kind = kind};
  return praxi_builder_op (builder, &op, NULL, (int[2]){a, b}, 2);
}

static int
add_quantizer (PraxiBuilder *builder, PraxiOpKind kind, int x, float scale, int zero)
{
  const PraxiOp op = {.kind = kind, .axis = 1};
  const guint8 byte = (guint8) zero;
  const int in[3] = {x, praxi_builder_f32 (builder, scale),
                     praxi_builder_constant (builder, PRAXI_U8, 0, NULL, &byte)};
  return praxi_builder_op (builder, &op, NULL, in, 3);
}

int
praxi_builder_quantize (PraxiBuilder *builder, int x, float scale, int zero)
{
  return add_quantizer (builder, PRAXI_OP_QUANTIZE_LINEAR, x, scale, zero);
}

int
praxi_builder_dequantize (PraxiBuilder *builder, int q, float scale, int zero)
{
  return add_quantizer (builder, PRAXI_OP_DEQUANTIZE_LINEAR, q, scale, zero);
}

void
praxi_builder_output (PraxiBuilder *builder, int value, const char *name)
{
  PraxiValue *output = praxi_graph_value (builder->graph, value);
  g_free (output->name);
  output->name = g_strdup (name);
  g_array_append_val (builder->graph->outputs, value);
}

PraxiGraph *
praxi_builder_finish (PraxiBuilder *builder)
{
  return praxi_graph_ref (builder->graph);
}

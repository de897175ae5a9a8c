#include "tests/model/model-support.h"

#include "engine/model/fold.h"

PraxiGraph *
praxi_test_classifier (void)
{
  float weights[3 * 24], bias[3] = {0.1f, -0.2f, 0.3f};
  for (int i = 0; i < 72; i++)
    weights[i] = (float) ((i * 37) % 19) / 19.0f - 0.5f;
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  const int64_t dims[5] = {PRAXI_DIM_OPEN, 3, 2, 2, 2}, w_dims[2] = {3, 24}, b_dims[1] = {3};
  const int x = praxi_builder_input (builder, "frames", PRAXI_F32, 5, dims);
  const PraxiOp flatten = {.kind = PRAXI_OP_FLATTEN, .axis = 1};
  const PraxiOp gemm = {.kind = PRAXI_OP_GEMM, .alpha = 1, .beta = 1, .transpose_b = true};
  const PraxiOp softmax = {.kind = PRAXI_OP_SOFTMAX, .axis = -1};
  const int flat = praxi_builder_op (builder, &flatten, "flat", &x, 1);
  const int in[3] = {flat, praxi_builder_constant (builder, PRAXI_F32, 2, w_dims, weights),
                     praxi_builder_constant (builder, PRAXI_F32, 1, b_dims, bias)};
  const int logits = praxi_builder_op (builder, &gemm, "head", in, 3);
  praxi_builder_output (builder, praxi_builder_op (builder, &softmax, NULL, &logits, 1), "scores");
  return praxi_builder_finish (builder);
}

const char *
praxi_test_spec (void)
{
  return "{\"name\":\"tiny\",\"classes\":[\"normal\",\"fight\",\"fall\"],"
         "\"input\":{\"name\":\"frames\",\"frames\":2,\"height\":2,\"width\":2,\"rate_hz\":10,"
         "\"layout\":\"NCTHW\",\"type\":\"float32\",\"mean\":[0.5,0.5,0.5],\"std\":[0.2,0.2,0.2]},"
         "\"output\":{\"name\":\"scores\",\"kind\":\"probabilities\"},\"precision\":\"f32\","
         "\"thresholds\":{\"fight\":{\"enter\":0.6,\"exit\":0.4}},"
         "\"lineage\":[{\"name\":\"tiny\",\"step\":\"made up\"}],\"licence\":\"CC0\"}";
}

PraxiGraph *
praxi_test_quantized (float scale)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  const int64_t dims[2] = {1, 4};
  const int x = praxi_builder_input (builder, "x", PRAXI_F32, 2, dims);
  const int q = praxi_builder_quantize (builder, x, scale, 128);
  praxi_builder_output (builder, praxi_builder_dequantize (builder, q, 0.1f, 128), "y");
  return praxi_builder_finish (builder);
}

GBytes *
praxi_test_pack (const PraxiGraph *graph, const char *spec_json)
{
  g_autoptr (GError) error = NULL;
  Onnx__ModelProto *model = praxi_onnx_write_graph (graph, &error);
  g_assert_no_error (error);
  GBytes *bytes = praxi_onnx_pack (model, spec_json);
  onnx__model_proto__free_unpacked (model, NULL);
  return bytes;
}

float *
praxi_test_evaluate (const PraxiGraph *graph, float *data, int *n)
{
  g_autoptr (GError) error = NULL;
  const PraxiValue *input = praxi_graph_value (graph, g_array_index (graph->inputs, int, 0));
  PraxiBinding binding = {.name = input->name, .tensor = input->tensor};
  if (binding.tensor.dims[0] == PRAXI_DIM_OPEN)
    binding.tensor.dims[0] = 1;
  binding.tensor.data = data;
  g_autoptr (PraxiGraph) resolved = praxi_graph_resolve (graph, &binding, 1, 1, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_graph_fold (resolved, &error));
  const PraxiTensor *out =
      &praxi_graph_value (resolved, g_array_index (resolved->outputs, int, 0))->tensor;
  int64_t count = 0;
  g_assert_nonnull (out->data);
  g_assert_cmpint (praxi_tensor_count (out, &count), ==, PRAXI_OK);
  *n = (int) count;
  return g_memdup2 (out->data, sizeof (float) * (gsize) count);
}

#include "engine/model/onnx-ops.h"

#include <string.h>

#define AT(field) offsetof (PraxiOp, field)

static const char *const auto_pads[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL};
static const char *const pad_modes[] = {"constant", "reflect", "edge", NULL};
static const char *const resize_modes[] = {"nearest", "linear", "cubic", NULL};
static const char *const coords[] = {"half_pixel", "pytorch_half_pixel", "align_corners",
                                     "asymmetric", "tf_crop_and_resize", "tf_half_pixel_for_nn",
                                     NULL};
static const char *const nearest_modes[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil", NULL};
static const char *const gelu_modes[] = {"none", "tanh", NULL};
static const char *const stretch[] = {"stretch", NULL};

#define WINDOW_RULES                                                                               \
  {"auto_pad", PRAXI_RULE_WORD, AT (window.auto_pad), 0, auto_pads},                               \
      {"kernel_shape", PRAXI_RULE_WINDOW, AT (window.kernel)},                                     \
      {"strides", PRAXI_RULE_WINDOW, AT (window.stride)},                                          \
      {"dilations", PRAXI_RULE_WINDOW, AT (window.dilation)},                                      \
  {                                                                                                \
    "pads", PRAXI_RULE_PADS                                                                        \
  }

static const PraxiRule none[] = {{NULL}};
static const PraxiRule conv[] = {WINDOW_RULES,
                                 {"group", PRAXI_RULE_INT, AT (window.group), 1},
                                 {NULL}};
static const PraxiRule max_pool[] = {WINDOW_RULES,
                                     {"ceil_mode", PRAXI_RULE_BOOL, AT (window.ceil_mode)},
                                     {"storage_order", PRAXI_RULE_INT, AT (window.storage_order)},
                                     {NULL}};
static const PraxiRule average_pool[] = {
    WINDOW_RULES,
    {"ceil_mode", PRAXI_RULE_BOOL, AT (window.ceil_mode)},
    {"count_include_pad", PRAXI_RULE_BOOL, AT (window.count_include_pad)},
    {NULL}};
static const PraxiRule gemm[] = {{"alpha", PRAXI_RULE_FLOAT, AT (alpha), 1},
                                 {"beta", PRAXI_RULE_FLOAT, AT (beta), 1},
                                 {"transA", PRAXI_RULE_BOOL, AT (transpose_a)},
                                 {"transB", PRAXI_RULE_BOOL, AT (transpose_b)},
                                 {NULL}};
static const PraxiRule batch_norm[] = {{"epsilon", PRAXI_RULE_FLOAT, AT (epsilon), 1e-5},
                                       {"momentum", PRAXI_RULE_FLOAT, AT (alpha), 0.9},
                                       {"spatial", PRAXI_RULE_ONLY, 0, 1},
                                       {"training_mode", PRAXI_RULE_BOOL, AT (training_mode)},
                                       {NULL}};
static const PraxiRule layer_norm[] = {{"axis", PRAXI_RULE_INT, AT (axis), -1},
                                       {"epsilon", PRAXI_RULE_FLOAT, AT (epsilon), 1e-5},
                                       {"stash_type", PRAXI_RULE_ONLY, 0, 1},
                                       {NULL}};
static const PraxiRule reduce[] = {
    {"axes", PRAXI_RULE_LIST, AT (axes)},
    {"keepdims", PRAXI_RULE_BOOL, AT (keepdims), 1},
    {"noop_with_empty_axes", PRAXI_RULE_BOOL, AT (noop_with_empty_axes)},
    {NULL}};
static const PraxiRule reduce_sum[] = {
    {"axes", PRAXI_RULE_INPUT, 1},
    {"keepdims", PRAXI_RULE_BOOL, AT (keepdims), 1},
    {"noop_with_empty_axes", PRAXI_RULE_BOOL, AT (noop_with_empty_axes)},
    {NULL}};
static const PraxiRule leaky_relu[] = {{"alpha", PRAXI_RULE_FLOAT, AT (alpha), 0.01}, {NULL}};
static const PraxiRule clip[] = {{"min", PRAXI_RULE_INPUT, 1},
                                 {"max", PRAXI_RULE_INPUT, 2},
                                 {NULL}};
static const PraxiRule hard_sigmoid[] = {{"alpha", PRAXI_RULE_FLOAT, AT (alpha), 0.2},
                                         {"beta", PRAXI_RULE_FLOAT, AT (beta), 0.5},
                                         {NULL}};
static const PraxiRule gelu[] = {{"approximate", PRAXI_RULE_WORD, AT (gelu_tanh), 0, gelu_modes},
                                 {NULL}};
static const PraxiRule cast[] = {{"to", PRAXI_RULE_DTYPE, AT (to)},
                                 {"saturate", PRAXI_RULE_ONLY, 0, 1},
                                 {NULL}};
static const PraxiRule softmax[] = {{"axis", PRAXI_RULE_INT, AT (axis), -1}, {NULL}};
static const PraxiRule axis_0[] = {{"axis", PRAXI_RULE_INT, AT (axis), 0}, {NULL}};
static const PraxiRule axis_1[] = {{"axis", PRAXI_RULE_INT, AT (axis), 1}, {NULL}};
static const PraxiRule split[] = {{"axis", PRAXI_RULE_INT, AT (axis), 0},
                                  {"split", PRAXI_RULE_INPUT, 1},
                                  {"num_outputs", PRAXI_RULE_IGNORED},
                                  {NULL}};
static const PraxiRule slice[] = {{"starts", PRAXI_RULE_INPUT, 1},
                                  {"ends", PRAXI_RULE_INPUT, 2},
                                  {"axes", PRAXI_RULE_INPUT, 3},
                                  {NULL}};
static const PraxiRule pad[] = {{"mode", PRAXI_RULE_WORD, AT (pad_mode), 0, pad_modes},
                                {"pads", PRAXI_RULE_INPUT, 1},
                                {"value", PRAXI_RULE_INPUT, 2},
                                {NULL}};
static const PraxiRule reshape[] = {{"allowzero", PRAXI_RULE_BOOL, AT (allowzero)}, {NULL}};
static const PraxiRule transpose[] = {{"perm", PRAXI_RULE_LIST, AT (perm)}, {NULL}};
static const PraxiRule axes[] = {{"axes", PRAXI_RULE_INPUT, 1}, {NULL}};
static const PraxiRule resize[] = {
    {"mode", PRAXI_RULE_WORD, AT (resize_mode), 0, resize_modes},
    {"coordinate_transformation_mode", PRAXI_RULE_WORD, AT (resize_coord), 0, coords},
    {"nearest_mode", PRAXI_RULE_WORD, AT (nearest_mode), 0, nearest_modes},
    {"cubic_coeff_a", PRAXI_RULE_FLOAT, AT (cubic_a), -0.75},
    {"extrapolation_value", PRAXI_RULE_FLOAT, AT (extrapolation)},
    {"exclude_outside", PRAXI_RULE_BOOL, AT (exclude_outside)},
    {"antialias", PRAXI_RULE_ONLY, 0, 0},
    {"keep_aspect_ratio_policy", PRAXI_RULE_ONLY_WORD, 0, 0, stretch},
    {NULL}};
static const PraxiRule top_k[] = {{"axis", PRAXI_RULE_INT, AT (axis), -1},
                                  {"k", PRAXI_RULE_INPUT, 1},
                                  {"largest", PRAXI_RULE_BOOL, AT (largest), 1},
                                  {"sorted", PRAXI_RULE_BOOL, AT (sorted), 1},
                                  {NULL}};
static const PraxiRule constant_of_shape[] = {{"value", PRAXI_RULE_SCALAR, AT (value)}, {NULL}};
static const PraxiRule shape[] = {{"start", PRAXI_RULE_INT, AT (starts), 0},
                                  {"end", PRAXI_RULE_INT, AT (ends), G_MAXINT64 / 2},
                                  {NULL}};
static const PraxiRule quantize[] = {{"axis", PRAXI_RULE_INT, AT (axis), 1},
                                     {"saturate", PRAXI_RULE_ONLY, 0, 1},
                                     {"block_size", PRAXI_RULE_ONLY, 0, 0},
                                     {"output_dtype", PRAXI_RULE_ONLY, 0, 0},
                                     {NULL}};

static const PraxiRule *const rules[PRAXI_OP_COUNT] = {
    [PRAXI_OP_CONV] = conv,
    [PRAXI_OP_QLINEAR_CONV] = conv,
    [PRAXI_OP_GEMM] = gemm,
    [PRAXI_OP_BATCH_NORM] = batch_norm,
    [PRAXI_OP_LAYER_NORM] = layer_norm,
    [PRAXI_OP_MAX_POOL] = max_pool,
    [PRAXI_OP_AVERAGE_POOL] = average_pool,
    [PRAXI_OP_REDUCE_MEAN] = reduce,
    [PRAXI_OP_REDUCE_MAX] = reduce,
    [PRAXI_OP_REDUCE_MIN] = reduce,
    [PRAXI_OP_REDUCE_SUM] = reduce_sum,
    [PRAXI_OP_LEAKY_RELU] = leaky_relu,
    [PRAXI_OP_CLIP] = clip,
    [PRAXI_OP_HARD_SIGMOID] = hard_sigmoid,
    [PRAXI_OP_GELU] = gelu,
    [PRAXI_OP_CAST] = cast,
    [PRAXI_OP_SOFTMAX] = softmax,
    [PRAXI_OP_CONCAT] = axis_0,
    [PRAXI_OP_SPLIT] = split,
    [PRAXI_OP_SLICE] = slice,
    [PRAXI_OP_GATHER] = axis_0,
    [PRAXI_OP_PAD] = pad,
    [PRAXI_OP_RESHAPE] = reshape,
    [PRAXI_OP_TRANSPOSE] = transpose,
    [PRAXI_OP_FLATTEN] = axis_1,
    [PRAXI_OP_SQUEEZE] = axes,
    [PRAXI_OP_UNSQUEEZE] = axes,
    [PRAXI_OP_RESIZE] = resize,
    [PRAXI_OP_TOPK] = top_k,
    [PRAXI_OP_CONSTANT_OF_SHAPE] = constant_of_shape,
    [PRAXI_OP_SHAPE] = shape,
    [PRAXI_OP_QUANTIZE_LINEAR] = quantize,
    [PRAXI_OP_DEQUANTIZE_LINEAR] = quantize,
};

const PraxiRule *
praxi_onnx_rules (PraxiOpKind kind)
{
  return rules[kind] != NULL ? rules[kind] : none;
}

PraxiOpKind
praxi_onnx_op_kind (const char *op_type)
{
  for (int kind = PRAXI_OP_NONE + 1; kind < PRAXI_OP_QCONV; kind++)
    if (strcmp (praxi_op_name (kind), op_type) == 0)
      return kind;
  return PRAXI_OP_NONE;
}

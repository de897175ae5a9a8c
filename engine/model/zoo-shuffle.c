/* ShuffleNetV2: half the channels pass, the other half is worked on, then both are mixed.
 * Source: Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
 *         ECCV 2018, table 5 (1×)
 */
#include "engine/model/zoo-blocks.h"

/* Channels c of two halves become 2c and 2c + 1. */
static PraxiZooTensor
shuffle (PraxiZooNet *net, PraxiZooTensor x)
{
  const PraxiOp reshape = {.kind = PRAXI_OP_RESHAPE};
  const gboolean is_image = net->options->is_image;
  const int rank = is_image ? 5 : 6;
  const int64_t video[6] = {0, 2, x.channels / 2, x.frames, x.height, x.width};
  const int64_t image[5] = {0, 2, x.channels / 2, x.height, x.width};
  const int64_t video_back[5] = {0, x.channels, x.frames, x.height, x.width};
  const int64_t image_back[4] = {0, x.channels, x.height, x.width};
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = rank, .perm = {0, 2, 1, 3, 4, 5}};
  int in[2] = {x.value, praxi_builder_ints (net->builder, is_image ? image : video, rank)};
  in[0] = praxi_builder_op (net->builder, &reshape, NULL, in, 2);
  in[0] = praxi_builder_op (net->builder, &turn, NULL, in, 1);
  in[1] = praxi_builder_ints (net->builder, is_image ? image_back : video_back, rank - 1);
  x.value = praxi_builder_op (net->builder, &reshape, NULL, in, 2);
  return x;
}

/* Depthwise, norm, nothing else; then the same over time. */
static PraxiZooTensor
depthwise (PraxiZooNet *net, PraxiZooTensor x, int stride)
{
  const PraxiZooConv space = {.name = "space",
                              .out = x.channels,
                              .kernel = {1, 3, 3},
                              .stride = {1, stride, stride},
                              .group = x.channels};
  const PraxiZooConv time = {
      .name = "time", .out = x.channels, .kernel = {3, 1, 1}, .group = x.channels};
  x = praxi_zoo_conv (net, x, &space);
  return net->options->time == PRAXI_ZOO_TIME_CONV ? praxi_zoo_conv (net, x, &time) : x;
}

static PraxiZooTensor
pointwise (PraxiZooNet *net, PraxiZooTensor x, const char *name, int out)
{
  const PraxiZooConv conv = {
      .name = name, .out = out, .kernel = {1, 1, 1}, .activation = PRAXI_ACTIVATION_RELU};
  return praxi_zoo_conv (net, x, &conv);
}

static PraxiZooTensor
work (PraxiZooNet *net, PraxiZooTensor x, int out, int stride)
{
  x = pointwise (net, x, "a", out);
  return pointwise (net, depthwise (net, x, stride), "b", out);
}

static PraxiZooTensor
unit (PraxiZooNet *net, PraxiZooTensor x, int out, gboolean is_first)
{
  PraxiZooTensor halves[2];
  if (is_first) {
    const gsize scope = praxi_zoo_enter (net, "shortcut");
    halves[0] = pointwise (net, depthwise (net, x, 2), "b", out / 2);
    praxi_zoo_leave (net, scope);
    halves[1] = work (net, x, out / 2, 2);
  } else {
    const gboolean is_shifted = net->options->time == PRAXI_ZOO_TIME_SHIFT ||
                                net->options->time == PRAXI_ZOO_TIME_SHIFT_CAUSAL;
    halves[0] = praxi_zoo_slice (net, x, 1, 0, out / 2, 1);
    halves[1] = praxi_zoo_slice (net, x, 1, out / 2, out, 1);
    if (is_shifted)
      halves[1] = praxi_zoo_shift (net, halves[1]);
    halves[1] = work (net, halves[1], out / 2, 1);
  }
  return shuffle (net, praxi_zoo_concat (net, halves, 2));
}

PraxiZooTensor
praxi_zoo_shufflenet_v2 (PraxiZooNet *net, PraxiZooTensor x)
{
  static const int channels[3] = {116, 232, 464}, repeats[3] = {4, 8, 4};
  static const int kernel[3] = {1, 3, 3}, stride[3] = {1, 2, 2}, pad[3] = {0, 1, 1};
  const PraxiZooConv first = {.name = "stem",
                              .out = 24,
                              .kernel = {1, 3, 3},
                              .stride = {1, 2, 2},
                              .activation = PRAXI_ACTIVATION_RELU};
  x = praxi_zoo_max_pool (net, praxi_zoo_conv (net, x, &first), kernel, stride, pad);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < praxi_zoo_repeats (net, repeats[i]); j++) {
      const gsize scope = praxi_zoo_enter (net, "stage%d_%d", i + 2, j);
      x = unit (net, x, praxi_zoo_channels (net, channels[i]), j == 0);
      praxi_zoo_leave (net, scope);
    }
  x = praxi_zoo_pool_all (net, pointwise (net, x, "last", 1024));
  return praxi_zoo_linear (net, x, "classes", net->options->n_classes, PRAXI_ACTIVATION_NONE);
}

/* Inception-V1 inflated into time.
 * Source: Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017, figure 3; channels
 *         from Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, table 1
 */
#include "engine/model/zoo-blocks.h"

/* 1×1, 1×1 → 3×3, 1×1 → 3×3, pool → 1×1 */
typedef struct {
  const char *name;
  int out[6];
} Module;

static const Module modules_3[] = {{"mixed_3b", {64, 96, 128, 16, 32, 32}},
                                   {"mixed_3c", {128, 128, 192, 32, 96, 64}}};
static const Module modules_4[] = {{"mixed_4b", {192, 96, 208, 16, 48, 64}},
                                   {"mixed_4c", {160, 112, 224, 24, 64, 64}},
                                   {"mixed_4d", {128, 128, 256, 24, 64, 64}},
                                   {"mixed_4e", {112, 144, 288, 32, 64, 64}},
                                   {"mixed_4f", {256, 160, 320, 32, 128, 128}}};
static const Module modules_5[] = {{"mixed_5b", {256, 160, 320, 32, 128, 128}},
                                   {"mixed_5c", {384, 192, 384, 48, 128, 128}}};

static const int ones[3] = {1, 1, 1}, threes[3] = {3, 3, 3}, twos[3] = {2, 2, 2}, none[3] = {0};

static PraxiZooTensor
conv (PraxiZooNet *net, PraxiZooTensor x, const char *name, int out, int kernel, int stride)
{
  const PraxiZooConv conv = {.name = name,
                             .out = praxi_zoo_channels (net, out),
                             .kernel = {kernel, kernel, kernel},
                             .stride = {stride, stride, stride},
                             .activation = PRAXI_ACTIVATION_RELU};
  return praxi_zoo_conv (net, x, &conv);
}

static PraxiZooTensor
inception (PraxiZooNet *net, PraxiZooTensor x, const int out[6])
{
  const PraxiZooTensor pooled = praxi_zoo_max_pool (net, x, threes, ones, ones);
  const PraxiZooTensor a = conv (net, x, "b1/reduce", out[1], 1, 1);
  const PraxiZooTensor b = conv (net, x, "b2/reduce", out[3], 1, 1);
  const PraxiZooTensor branches[4] = {
      conv (net, x, "b0", out[0], 1, 1), conv (net, a, "b1", out[2], 3, 1),
      conv (net, b, "b2", out[4], 3, 1), conv (net, pooled, "b3", out[5], 1, 1)};
  return praxi_zoo_concat (net, branches, 4);
}

/* With another depth the last module is repeated, or the first are left out. */
static PraxiZooTensor
stage (PraxiZooNet *net, PraxiZooTensor x, const Module *modules, int n)
{
  const int wanted = praxi_zoo_repeats (net, n);
  for (int i = 0; i < wanted; i++) {
    const int which = MIN (wanted < n ? i + n - wanted : i, n - 1);
    const gsize scope = i < n ? praxi_zoo_enter (net, "%s", modules[which].name)
                              : praxi_zoo_enter (net, "%s_%d", modules[which].name, i - n + 2);
    x = inception (net, x, modules[which].out);
    praxi_zoo_leave (net, scope);
  }
  return x;
}

PraxiZooTensor
praxi_zoo_i3d (PraxiZooNet *net, PraxiZooTensor x)
{
  static const int window[3] = {1, 3, 3}, stride[3] = {1, 2, 2}, pad[3] = {0, 1, 1};
  x = conv (net, x, "conv_1a", 64, 7, 2);
  x = praxi_zoo_max_pool (net, x, window, stride, pad);
  x = conv (net, x, "conv_2b", 64, 1, 1);
  x = conv (net, x, "conv_2c", 192, 3, 1);
  x = praxi_zoo_max_pool (net, x, window, stride, pad);
  x = stage (net, x, modules_3, G_N_ELEMENTS (modules_3));
  x = praxi_zoo_max_pool (net, x, threes, twos, ones);
  x = stage (net, x, modules_4, G_N_ELEMENTS (modules_4));
  x = praxi_zoo_max_pool (net, x, twos, twos, none);
  x = stage (net, x, modules_5, G_N_ELEMENTS (modules_5));
  x = praxi_zoo_average_pool (net, x, (const int[3]){2, x.height, x.width});
  const PraxiZooConv logits = {
      .name = "logits", .out = net->options->n_classes, .kernel = {1, 1, 1}, .has_no_norm = TRUE};
  return praxi_zoo_pool_all (net, praxi_zoo_conv (net, x, &logits));
}

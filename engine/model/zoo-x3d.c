/* X3D-S and -M, which differ in what they are fed.
 * Source: Feichtenhofer, "X3D: Expanding Architectures for Efficient Video Recognition", CVPR 2020,
 *         table 2; squeeze-excite in every other block, swish behind the 3×3×3
 */
#include "engine/model/zoo-blocks.h"

#include <math.h>

#define BOTTLENECK 2.25 /* channels in between, of those that come out */

static PraxiZooTensor
block (PraxiZooNet *net, PraxiZooTensor x, int out, int stride, gboolean has_squeeze_excite)
{
  const int middle = (int) (BOTTLENECK * out);
  const PraxiZooConv a = {
      .name = "a", .out = middle, .kernel = {1, 1, 1}, .activation = PRAXI_ACTIVATION_RELU};
  const PraxiZooConv b = {.name = "b",
                          .out = middle,
                          .kernel = {3, 3, 3},
                          .stride = {1, stride, stride},
                          .group = middle};
  const PraxiZooConv c = {.name = "c", .out = out, .kernel = {1, 1, 1}, .gain = net->residual_gain};
  const PraxiZooConv shortcut = {
      .name = "shortcut", .out = out, .kernel = {1, 1, 1}, .stride = {1, stride, stride}};
  PraxiZooTensor y = praxi_zoo_conv (net, praxi_zoo_conv (net, x, &a), &b);
  if (has_squeeze_excite)
    y = praxi_zoo_squeeze_excite (net, y, praxi_zoo_round_channels (middle / 16.0),
                                  PRAXI_ACTIVATION_SIGMOID);
  y = praxi_zoo_conv (net, praxi_zoo_activate (net, y, PRAXI_ACTIVATION_SWISH), &c);
  const gboolean projects = stride != 1 || x.channels != out;
  if (projects)
    x = praxi_zoo_conv (net, x, &shortcut);
  return praxi_zoo_join_shortcut (net, x, y, projects);
}

static PraxiZooTensor
head (PraxiZooNet *net, PraxiZooTensor x)
{
  const PraxiZooConv conv = {.name = "conv5",
                             .out = praxi_zoo_channels (net, 432),
                             .kernel = {1, 1, 1},
                             .activation = PRAXI_ACTIVATION_RELU};
  x = praxi_zoo_pool_all (net, praxi_zoo_conv (net, x, &conv));
  x = praxi_zoo_linear (net, x, "fc1", 2048, PRAXI_ACTIVATION_RELU);
  return praxi_zoo_linear (net, x, "classes", net->options->n_classes, PRAXI_ACTIVATION_NONE);
}

PraxiZooTensor
praxi_zoo_x3d (PraxiZooNet *net, PraxiZooTensor x)
{
  static const int channels[4] = {24, 48, 96, 192}, blocks[4] = {3, 5, 11, 7};
  const int first = praxi_zoo_channels (net, 24);
  const PraxiZooConv space = {.name = "stem/space",
                              .out = first,
                              .kernel = {1, 3, 3},
                              .stride = {1, 2, 2},
                              .is_bare = TRUE};
  const PraxiZooConv time = {.name = "stem/time",
                             .out = first,
                             .kernel = {5, 1, 1},
                             .group = first,
                             .activation = PRAXI_ACTIVATION_RELU};
  net->residual_gain = 1 / sqrtf (26);
  x = praxi_zoo_conv (net, praxi_zoo_conv (net, x, &space), &time);
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < praxi_zoo_repeats (net, blocks[i]); j++) {
      const gsize scope = praxi_zoo_enter (net, "res%d_%d", i + 2, j);
      x = block (net, x, praxi_zoo_channels (net, channels[i]), j == 0 ? 2 : 1, j % 2 == 0);
      praxi_zoo_leave (net, scope);
    }
  return head (net, x);
}

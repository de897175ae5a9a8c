/* SlowFast and R(2+1)D: residual networks. */
#include "engine/model/zoo-blocks.h"

#include <math.h>

static const int pool_kernel[3] = {1, 3, 3}, pool_stride[3] = {1, 2, 2}, pool_pad[3] = {0, 1, 1};

/* --- SlowFast ------------------------------------------------------------------------------- *
 * Source: Feichtenhofer et al., "SlowFast Networks for Video Recognition", ICCV 2019, table 1:
 *         R50 8×8, α = 4, β = 1/8, lateral 7×1×1 into twice the channels
 */

enum { ALPHA = 4, BETA_INVERSE = 8 };

typedef struct {
  int middle, out;
  int time; /* kernel of the first convolution */
  int stride;
} Bottleneck;

static PraxiZooTensor
bottleneck (PraxiZooNet *net, PraxiZooTensor x, const Bottleneck *b)
{
  const int s = b->stride;
  const PraxiZooConv convs[3] = {
      {.name = "a",
       .out = b->middle,
       .kernel = {b->time, 1, 1},
       .activation = PRAXI_ACTIVATION_RELU},
      {.name = "b",
       .out = b->middle,
       .kernel = {1, 3, 3},
       .stride = {1, s, s},
       .activation = PRAXI_ACTIVATION_RELU},
      {.name = "c", .out = b->out, .kernel = {1, 1, 1}, .gain = net->residual_gain}};
  const PraxiZooConv shortcut = {
      .name = "shortcut", .out = b->out, .kernel = {1, 1, 1}, .stride = {1, s, s}};
  PraxiZooTensor y = x;
  for (int i = 0; i < 3; i++)
    y = praxi_zoo_conv (net, y, &convs[i]);
  const gboolean projects = x.channels != b->out || s != 1;
  if (projects)
    x = praxi_zoo_conv (net, x, &shortcut);
  return praxi_zoo_join_shortcut (net, x, y, projects);
}

static PraxiZooTensor
residual_stage (PraxiZooNet *net,
                PraxiZooTensor x,
                const char *path,
                int number,
                int n,
                Bottleneck block)
{
  for (int i = 0; i < praxi_zoo_repeats (net, n); i++) {
    const gsize scope = praxi_zoo_enter (net, "%s/res%d_%d", path, number, i);
    x = bottleneck (net, x, &block);
    block.stride = 1;
    praxi_zoo_leave (net, scope);
  }
  return x;
}

static PraxiZooTensor
stem (PraxiZooNet *net, PraxiZooTensor x, const char *name, int out, int time)
{
  const PraxiZooConv conv = {.name = name,
                             .out = out,
                             .kernel = {time, 7, 7},
                             .stride = {1, 2, 2},
                             .activation = PRAXI_ACTIVATION_RELU};
  return praxi_zoo_max_pool (net, praxi_zoo_conv (net, x, &conv), pool_kernel, pool_stride,
                             pool_pad);
}

/* The fast path's features at the slow path's rate, behind the slow path's own. */
static PraxiZooTensor
fuse (PraxiZooNet *net, PraxiZooTensor slow, PraxiZooTensor fast, int number)
{
  const gsize scope = praxi_zoo_enter (net, "lateral%d", number);
  const PraxiZooConv lateral = {.name = "conv",
                                .out = 2 * fast.channels,
                                .kernel = {7, 1, 1},
                                .stride = {ALPHA, 1, 1},
                                .activation = PRAXI_ACTIVATION_RELU};
  const PraxiZooTensor both[2] = {slow, praxi_zoo_conv (net, fast, &lateral)};
  praxi_zoo_leave (net, scope);
  return praxi_zoo_concat (net, both, 2);
}

PraxiZooTensor
praxi_zoo_slowfast (PraxiZooNet *net, PraxiZooTensor x)
{
  static const int blocks[4] = {3, 4, 6, 3};
  net->residual_gain = 0.25f;
  PraxiZooTensor slow = praxi_zoo_slice (net, x, 2, 0, x.frames, ALPHA);
  PraxiZooTensor fast = x;
  slow = stem (net, slow, "slow/stem", praxi_zoo_channels (net, 64), 1);
  fast = stem (net, fast, "fast/stem", praxi_zoo_channels (net, 64 / BETA_INVERSE), 5);
  for (int i = 0; i < 4; i++) {
    const int middle = 64 << i, stride = i == 0 ? 1 : 2;
    const Bottleneck of_slow = {praxi_zoo_channels (net, middle),
                                praxi_zoo_channels (net, 4 * middle), i < 2 ? 1 : 3, stride};
    const Bottleneck of_fast = {praxi_zoo_channels (net, middle / BETA_INVERSE),
                                praxi_zoo_channels (net, 4 * middle / BETA_INVERSE), 3, stride};
    slow = fuse (net, slow, fast, i + 1);
    slow = residual_stage (net, slow, "slow", i + 2, blocks[i], of_slow);
    fast = residual_stage (net, fast, "fast", i + 2, blocks[i], of_fast);
  }
  const PraxiZooTensor ends[2] = {praxi_zoo_pool_all (net, slow), praxi_zoo_pool_all (net, fast)};
  return praxi_zoo_linear (net, praxi_zoo_concat (net, ends, 2), "classes", net->options->n_classes,
                           PRAXI_ACTIVATION_NONE);
}

/* --- R(2+1)D -------------------------------------------------------------------------------- *
 * Source: Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition", CVPR
 *         2018, section 3.5: as many channels in between as give the parameters of a 3×3×3
 */

/* 1×3×3, norm, ReLU, 3×1×1, norm */
static PraxiZooTensor
conv_2plus1d (PraxiZooNet *net, PraxiZooTensor x, int middle, int out, int stride, float gain)
{
  const PraxiZooConv space = {.name = "space",
                              .out = middle,
                              .kernel = {1, 3, 3},
                              .stride = {1, stride, stride},
                              .activation = PRAXI_ACTIVATION_RELU};
  const PraxiZooConv time = {
      .name = "time", .out = out, .kernel = {3, 1, 1}, .stride = {stride, 1, 1}, .gain = gain};
  return praxi_zoo_conv (net, praxi_zoo_conv (net, x, &space), &time);
}

static PraxiZooTensor
basic_block (PraxiZooNet *net, PraxiZooTensor x, int out, int stride)
{
  const int middle = x.channels * out * 27 / (x.channels * 9 + 3 * out);
  const PraxiZooConv shortcut = {
      .name = "shortcut", .out = out, .kernel = {1, 1, 1}, .stride = {stride, stride, stride}};
  gsize scope = praxi_zoo_enter (net, "a");
  PraxiZooTensor y = conv_2plus1d (net, x, middle, out, stride, 1);
  praxi_zoo_leave (net, scope);
  y = praxi_zoo_activate (net, y, PRAXI_ACTIVATION_RELU);
  scope = praxi_zoo_enter (net, "b");
  y = conv_2plus1d (net, y, middle, out, 1, net->residual_gain);
  praxi_zoo_leave (net, scope);
  const gboolean projects = stride != 1 || x.channels != out;
  if (projects)
    x = praxi_zoo_conv (net, x, &shortcut);
  return praxi_zoo_join_shortcut (net, x, y, projects);
}

PraxiZooTensor
praxi_zoo_r2plus1d (PraxiZooNet *net, PraxiZooTensor x)
{
  const PraxiZooConv stem[2] = {{.name = "stem/space",
                                 .out = praxi_zoo_channels (net, 45),
                                 .kernel = {1, 7, 7},
                                 .stride = {1, 2, 2},
                                 .activation = PRAXI_ACTIVATION_RELU},
                                {.name = "stem/time",
                                 .out = praxi_zoo_channels (net, 64),
                                 .kernel = {3, 1, 1},
                                 .activation = PRAXI_ACTIVATION_RELU}};
  net->residual_gain = 1 / sqrtf (8);
  x = praxi_zoo_conv (net, praxi_zoo_conv (net, x, &stem[0]), &stem[1]);
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < praxi_zoo_repeats (net, 2); j++) {
      const gsize scope = praxi_zoo_enter (net, "layer%d_%d", i + 1, j);
      x = basic_block (net, x, praxi_zoo_channels (net, 64 << i), i > 0 && j == 0 ? 2 : 1);
      praxi_zoo_leave (net, scope);
    }
  return praxi_zoo_linear (net, praxi_zoo_pool_all (net, x), "classes", net->options->n_classes,
                           PRAXI_ACTIVATION_NONE);
}

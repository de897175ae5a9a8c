/* Squeeze-excite, temporal shift, inverted residuals. */
#include "engine/model/zoo-blocks.h"

PraxiZooTensor
praxi_zoo_squeeze_excite (PraxiZooNet *net, PraxiZooTensor x, int squeezed, PraxiActivation gate)
{
  const PraxiZooConv down = {.name = "squeeze",
                             .out = squeezed,
                             .kernel = {1, 1, 1},
                             .has_no_norm = TRUE,
                             .activation = PRAXI_ACTIVATION_RELU};
  const PraxiZooConv up = {.name = "excite",
                           .out = x.channels,
                           .kernel = {1, 1, 1},
                           .has_no_norm = TRUE,
                           .activation = gate};
  const PraxiZooTensor mean = praxi_zoo_pool_all (net, x);
  const PraxiZooTensor factor = praxi_zoo_conv (net, praxi_zoo_conv (net, mean, &down), &up);
  x.value = praxi_builder_binary (net->builder, PRAXI_OP_MUL, x.value, factor.value);
  x.power *= factor.power;
  return x;
}

/* x[t − by], zeros where there is no such frame: padded at one end, cropped at the other. */
static PraxiZooTensor
move_frames (PraxiZooNet *net, PraxiZooTensor x, int by)
{
  const PraxiOp op = {.kind = PRAXI_OP_PAD, .pad_mode = PRAXI_PAD_CONSTANT};
  const int64_t pads[10] = {0, 0, by, 0, 0, 0, 0, -by, 0, 0};
  const int in[2] = {x.value, praxi_builder_ints (net->builder, pads, 10)};
  x.value = praxi_builder_op (net->builder, &op, NULL, in, 2);
  return x;
}

PraxiZooTensor
praxi_zoo_shift (PraxiZooNet *net, PraxiZooTensor x)
{
  const gboolean is_causal = net->options->time == PRAXI_ZOO_TIME_SHIFT_CAUSAL;
  const int fold = x.channels / 8, c = x.channels;
  PraxiZooTensor parts[3];
  if (fold == 0 || x.frames < 2 || net->options->is_image)
    return x;
  int n = 0, at = fold;
  parts[n++] = move_frames (net, praxi_zoo_slice (net, x, 1, 0, fold, 1), 1);
  if (!is_causal) {
    at = 2 * fold;
    parts[n++] = move_frames (net, praxi_zoo_slice (net, x, 1, fold, at, 1), -1);
  }
  parts[n++] = praxi_zoo_slice (net, x, 1, at, c, 1);
  return praxi_zoo_concat (net, parts, n);
}

static gboolean
is_shifted (const PraxiZooNet *net)
{
  return net->options->time == PRAXI_ZOO_TIME_SHIFT ||
         net->options->time == PRAXI_ZOO_TIME_SHIFT_CAUSAL;
}

PraxiZooTensor
praxi_zoo_inverted_residual (PraxiZooNet *net, PraxiZooTensor x, const PraxiZooInverted *block)
{
  const int k = block->kernel, s = block->stride;
  const gboolean has_shortcut = s == 1 && block->out == x.channels;
  const PraxiZooConv expand = {.name = "expand",
                               .out = block->expanded,
                               .kernel = {1, 1, 1},
                               .activation = block->activation};
  const PraxiZooConv space = {.name = "space",
                              .out = block->expanded,
                              .kernel = {1, k, k},
                              .stride = {1, s, s},
                              .group = block->expanded,
                              .activation = block->activation};
  const PraxiZooConv time = {.name = "time",
                             .out = block->expanded,
                             .kernel = {3, 1, 1},
                             .group = block->expanded,
                             .activation = block->activation};
  const PraxiZooConv project = {.name = "project",
                                .out = block->out,
                                .kernel = {1, 1, 1},
                                .gain = has_shortcut ? net->residual_gain : 1};
  PraxiZooTensor y = has_shortcut && is_shifted (net) ? praxi_zoo_shift (net, x) : x;
  if (block->expanded != x.channels)
    y = praxi_zoo_conv (net, y, &expand);
  y = praxi_zoo_conv (net, y, &space);
  if (net->options->time == PRAXI_ZOO_TIME_CONV)
    y = praxi_zoo_conv (net, y, &time);
  if (block->has_squeeze_excite)
    y = praxi_zoo_squeeze_excite (net, y, praxi_zoo_round_channels (block->expanded / 4.0),
                                  PRAXI_ACTIVATION_HARD_SIGMOID);
  y = praxi_zoo_conv (net, y, &project);
  return has_shortcut ? praxi_zoo_add (net, x, y) : y;
}

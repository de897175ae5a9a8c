/* Attention over the places of a clip, and a net that uses it: in windows where pictures are large,
 * along one axis after the other where they are small.
 */
#include "engine/model/zoo-blocks.h"

#include <math.h>

enum { RANK = 8 };

/* How a clip falls into windows: [N·T/t, t, H/h, h, W/w, w, heads, d] in memory order N T H W C. */
typedef struct {
  int64_t windows[RANK];
  int64_t clip[5]; /* −1 T H W C */
  int tokens, n_heads, depth;
} Tiling;

static int
reshape (PraxiZooNet *net, int x, const int64_t *dims, int rank)
{
  const PraxiOp op = {.kind = PRAXI_OP_RESHAPE};
  const int in[2] = {x, praxi_builder_ints (net->builder, dims, rank)};
  return praxi_builder_op (net->builder, &op, NULL, in, 2);
}

static int
turn (PraxiZooNet *net, int x, const int64_t *perm, int rank)
{
  PraxiOp op = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = rank};
  for (int d = 0; d < rank; d++)
    op.perm[d] = perm[d];
  return praxi_builder_op (net->builder, &op, NULL, &x, 1);
}

static Tiling
tile (PraxiZooTensor x, const int window[3], int n_heads)
{
  Tiling tiling = {.n_heads = n_heads,
                   .depth = x.channels / n_heads,
                   .tokens = window[0] * window[1] * window[2],
                   .clip = {-1, x.frames, x.height, x.width, x.channels}};
  const int64_t windows[RANK] = {-1,        window[0],           x.height / window[1],
                                 window[1], x.width / window[2], window[2],
                                 n_heads,   x.channels / n_heads};
  for (int d = 0; d < RANK; d++)
    tiling.windows[d] = windows[d];
  return tiling;
}

/* [N,C,T,H,W] → [windows·heads, tokens, d]; or, for keys, [windows·heads, d, tokens] */
static int
to_tokens (PraxiZooNet *net, PraxiZooTensor x, const Tiling *tiling, gboolean is_key)
{
  static const int64_t last[5] = {0, 2, 3, 4, 1};
  static const int64_t gather[RANK] = {0, 2, 4, 6, 1, 3, 5, 7};
  static const int64_t gather_key[RANK] = {0, 2, 4, 6, 7, 1, 3, 5};
  const int64_t rows[3] = {-1, tiling->tokens, tiling->depth};
  const int64_t columns[3] = {-1, tiling->depth, tiling->tokens};
  int value = turn (net, x.value, last, 5);
  value = reshape (net, value, tiling->windows, RANK);
  value = turn (net, value, is_key ? gather_key : gather, RANK);
  return reshape (net, value, is_key ? columns : rows, 3);
}

static int
from_tokens (PraxiZooNet *net, int value, const Tiling *tiling)
{
  static const int64_t scatter[RANK] = {0, 4, 1, 5, 2, 6, 3, 7};
  static const int64_t first[5] = {0, 4, 1, 2, 3};
  const int64_t *w = tiling->windows;
  const int64_t gathered[RANK] = {-1, w[2], w[4], w[6], w[1], w[3], w[5], w[7]};
  value = reshape (net, value, gathered, RANK);
  value = turn (net, value, scatter, RANK);
  value = reshape (net, value, tiling->clip, 5);
  return turn (net, value, first, 5);
}

static int
attend (PraxiZooNet *net, const PraxiZooTensor qkv[3], const Tiling *tiling)
{
  const PraxiOp softmax = {.kind = PRAXI_OP_SOFTMAX, .axis = -1};
  const int q = to_tokens (net, qkv[0], tiling, FALSE);
  const int k = to_tokens (net, qkv[1], tiling, TRUE);
  const int v = to_tokens (net, qkv[2], tiling, FALSE);
  const int likeness = praxi_builder_binary (net->builder, PRAXI_OP_MATMUL, q, k);
  const int weights = praxi_builder_op (net->builder, &softmax, NULL, &likeness, 1);
  return from_tokens (net, praxi_builder_binary (net->builder, PRAXI_OP_MATMUL, weights, v),
                      tiling);
}

/* Adds frames, rows and columns of nothing at the ends, or takes them away. */
static PraxiZooTensor
resize_ends (PraxiZooNet *net, PraxiZooTensor x, const int by[3])
{
  const PraxiOp op = {.kind = PRAXI_OP_PAD, .pad_mode = PRAXI_PAD_CONSTANT};
  const int64_t pads[10] = {0, 0, 0, 0, 0, 0, 0, by[0], by[1], by[2]};
  if (by[0] == 0 && by[1] == 0 && by[2] == 0)
    return x;
  const int in[2] = {x.value, praxi_builder_ints (net->builder, pads, 10)};
  x.value = praxi_builder_op (net->builder, &op, NULL, in, 2);
  x.frames += by[0];
  x.height += by[1];
  x.width += by[2];
  return x;
}

PraxiZooTensor
praxi_zoo_attention (PraxiZooNet *net, PraxiZooTensor x, const int window[3], int n_heads)
{
  static const char *const names[3] = {"q", "k", "v"};
  const int sizes[3] = {x.frames, x.height, x.width};
  const float scale = 1 / sqrtf ((float) x.channels / (float) n_heads);
  int fits[3], more[3], less[3];
  PraxiZooTensor qkv[3];
  for (int d = 0; d < 3; d++) {
    fits[d] = MIN (window[d], sizes[d]);
    more[d] = (fits[d] - sizes[d] % fits[d]) % fits[d];
    less[d] = -more[d];
  }
  const PraxiZooTensor whole = resize_ends (net, x, more);
  for (int i = 0; i < 3; i++) {
    const PraxiZooConv conv = {
        .name = names[i], .out = x.channels, .kernel = {1, 1, 1}, .gain = i == 0 ? scale : 1};
    qkv[i] = praxi_zoo_conv (net, whole, &conv);
  }
  const Tiling tiling = tile (whole, fits, n_heads);
  PraxiZooTensor y = whole;
  y.value = attend (net, qkv, &tiling);
  y.power = 0.25; /* a mean of values that resemble each other */
  const PraxiZooConv project = {
      .name = "project", .out = x.channels, .kernel = {1, 1, 1}, .gain = net->residual_gain};
  y = praxi_zoo_conv (net, resize_ends (net, y, less), &project);
  return praxi_zoo_add (net, x, y);
}

/* --- the net ---------------------------------------------------------------------------------- *
 * Source: windows of t × 7 × 7 as in Liu et al., "Video Swin Transformer", CVPR 2022; one axis
 * after the other as in Ho et al., "Axial Attention in Multidimensional Transformers", 2019; where
 *         things are is told by depthwise convolutions, as in Chu et al., "Conditional Positional
 *         Encodings for Vision Transformers", ICLR 2023
 */

/* x + W2 act (W1 x) */
static PraxiZooTensor
mix (PraxiZooNet *net, PraxiZooTensor x)
{
  const PraxiZooConv up = {.name = "mix/up",
                           .out = 2 * x.channels,
                           .kernel = {1, 1, 1},
                           .activation = PRAXI_ACTIVATION_HARD_SWISH};
  const PraxiZooConv down = {
      .name = "mix/down", .out = x.channels, .kernel = {1, 1, 1}, .gain = net->residual_gain};
  return praxi_zoo_add (net, x, praxi_zoo_conv (net, praxi_zoo_conv (net, x, &up), &down));
}

static PraxiZooTensor
place (PraxiZooNet *net, PraxiZooTensor x)
{
  const PraxiZooConv conv = {.name = "place",
                             .out = x.channels,
                             .kernel = {3, 3, 3},
                             .group = x.channels,
                             .gain = net->residual_gain};
  return praxi_zoo_add (net, x, praxi_zoo_conv (net, x, &conv));
}

static PraxiZooTensor
window_block (PraxiZooNet *net, PraxiZooTensor x, int n_heads)
{
  static const int window[3] = {2, 7, 7};
  x = praxi_zoo_attention (net, place (net, x), window, n_heads);
  return mix (net, x);
}

static PraxiZooTensor
axial_block (PraxiZooNet *net, PraxiZooTensor x, int n_heads)
{
  const int lines[3][3] = {{x.frames, 1, 1}, {1, x.height, 1}, {1, 1, x.width}};
  static const char *const axes[3] = {"time", "height", "width"};
  x = place (net, x);
  for (int i = 0; i < 3; i++) {
    const gsize scope = praxi_zoo_enter (net, "%s", axes[i]);
    x = praxi_zoo_attention (net, x, lines[i], n_heads);
    praxi_zoo_leave (net, scope);
  }
  return mix (net, x);
}

static PraxiZooTensor
shrink (PraxiZooNet *net, PraxiZooTensor x, const char *name, int out)
{
  const gsize scope = praxi_zoo_enter (net, "%s", name);
  const PraxiZooInverted block = {.kernel = 3,
                                  .expanded = 3 * x.channels,
                                  .out = out,
                                  .stride = 2,
                                  .activation = PRAXI_ACTIVATION_HARD_SWISH};
  x = praxi_zoo_inverted_residual (net, x, &block);
  praxi_zoo_leave (net, scope);
  return x;
}

PraxiZooTensor
praxi_zoo_window_axial (PraxiZooNet *net, PraxiZooTensor x)
{
  enum { HEADS = 4 };
  const PraxiZooConv stem = {.name = "stem",
                             .out = praxi_zoo_channels (net, 16),
                             .kernel = {1, 3, 3},
                             .stride = {1, 2, 2},
                             .activation = PRAXI_ACTIVATION_HARD_SWISH};
  const PraxiZooConv last = {.name = "last",
                             .out = praxi_zoo_channels (net, 512),
                             .kernel = {1, 1, 1},
                             .activation = PRAXI_ACTIVATION_HARD_SWISH};
  net->residual_gain = 0.25f;
  x = praxi_zoo_conv (net, x, &stem);
  x = shrink (net, x, "shrink1", praxi_zoo_channels (net, 32));
  x = shrink (net, x, "shrink2", praxi_zoo_channels (net, 64));
  for (int i = 0; i < praxi_zoo_repeats (net, 2); i++) {
    const gsize scope = praxi_zoo_enter (net, "window%d", i);
    x = window_block (net, x, HEADS);
    praxi_zoo_leave (net, scope);
  }
  x = shrink (net, x, "shrink3", praxi_zoo_channels (net, 128));
  for (int i = 0; i < praxi_zoo_repeats (net, 2); i++) {
    const gsize scope = praxi_zoo_enter (net, "axial%d", i);
    x = axial_block (net, x, HEADS);
    praxi_zoo_leave (net, scope);
  }
  x = praxi_zoo_pool_all (net, praxi_zoo_conv (net, x, &last));
  return praxi_zoo_linear (net, x, "classes", net->options->n_classes, PRAXI_ACTIVATION_NONE);
}

/* Convolutions of the cpu backend against ref: int8 equal to the bit, f32 within rounding; on every
 * level this processor has, over hand-picked and random shapes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kernels/cpu-support.h"
#include "tests/kernels/device-support.h"

typedef struct {
  int rank, batch, in_channels, out_channels, groups;
  int size[3], kernel[3], stride[3], dilation[3], pad[3]; /* the last rank − 2 count */
} Shape;

typedef struct {
  PraxiOp op;
  PraxiTensor x, w, b, residual, y, truth;
  float *multiplier, *offset;
  const PraxiTensor *in[4];
  int n_in;
} Case;

static int64_t
out_size (const Shape *s, int axis)
{
  const int reach = s->dilation[axis] * (s->kernel[axis] - 1) + 1;
  return (s->size[axis] + 2 * s->pad[axis] - reach) / s->stride[axis] + 1;
}

static void
fill_window (const Shape *s, PraxiWindow *window)
{
  window->n_spatial = s->rank - 2;
  window->group = s->groups;
  for (int i = 0; i < window->n_spatial; i++) {
    const int axis = i + 5 - s->rank;
    window->kernel[i] = s->kernel[axis];
    window->stride[i] = s->stride[axis];
    window->dilation[i] = s->dilation[axis];
    window->pad_begin[i] = window->pad_end[i] = s->pad[axis];
  }
}

static void
make_requantize (Case *c, const Shape *s, unsigned seed, bool out_signed)
{
  PraxiRequantize *r = &c->op.requantize;
  c->multiplier = g_new (float, s->out_channels);
  c->offset = g_new (float, s->out_channels);
  const int taps = s->in_channels / s->groups * s->kernel[0] * s->kernel[1] * s->kernel[2];
  for (int o = 0; o < s->out_channels; o++) {
    c->multiplier[o] = 0.02f / sqrtf ((float) taps) * (1 + (float) ((unsigned) o * 7 % 11) / 11);
    c->offset[o] = (float) ((seed + (unsigned) o * 13) % 61) - 30.37f;
  }
  if (seed % 9 == 4)
    c->multiplier[0] = 0.3f; /* sums could become numbers of more than 32 bits */
  const int32_t least = out_signed ? -128 : 0;
  *r = (PraxiRequantize){.multiplier = c->multiplier,
                         .offset = seed % 7 == 3 ? NULL : c->offset,
                         .input_zero =
                             c->x.dtype == PRAXI_S8 ? (int) (seed % 200) - 100 : (int) (seed % 256),
                         .output_zero = least + (int) (seed * 3 % 200),
                         .residual_zero = c->residual.dtype == PRAXI_S8 ? -3 : 100,
                         .residual_multiplier = 0.43f,
                         .low = least,
                         .high = least + 255};
  if (seed % 6 == 2 || seed % 6 == 5)
    r->input_zero = c->x.dtype == PRAXI_S8 ? -128 : 0; /* padding adds nothing to sums */
  if (seed % 3 == 0)
    r->low = r->output_zero;
  if (seed % 5 == 0)
    r->high = r->output_zero + 20 > r->high ? r->high : r->output_zero + 20;
}

static Case
case_new (const Shape *s, bool quantized, unsigned seed)
{
  Case c = {.op = {.kind = quantized ? PRAXI_OP_QCONV : PRAXI_OP_CONV}};
  fill_window (s, &c.op.window);
  int64_t x[5] = {s->batch, s->in_channels}, y[5] = {s->batch, s->out_channels};
  int64_t w[5] = {s->out_channels, s->in_channels / s->groups};
  for (int i = 2; i < s->rank; i++) {
    const int axis = i - 2 + 5 - s->rank;
    x[i] = s->size[axis];
    y[i] = out_size (s, axis);
    w[i] = s->kernel[axis];
  }
  const PraxiDType in_type = !quantized ? PRAXI_F32 : seed & 1 ? PRAXI_S8 : PRAXI_U8;
  const PraxiDType out_type = !quantized ? PRAXI_F32 : seed & 2 ? PRAXI_S8 : PRAXI_U8;
  const PraxiDType residual_type = !quantized ? PRAXI_F32 : seed & 4 ? PRAXI_S8 : PRAXI_U8;
  c.x = test_tensor (in_type, LAYOUT_CHANNELS_LAST, s->rank, x);
  c.w = test_tensor (quantized ? PRAXI_S8 : PRAXI_F32, LAYOUT_ROW_MAJOR, s->rank, w);
  c.b = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 1, y + 1);
  c.residual = test_tensor (residual_type, LAYOUT_CHANNELS_LAST, s->rank, y);
  c.y = test_tensor (out_type, LAYOUT_CHANNELS_LAST, s->rank, y);
  c.truth = test_tensor (out_type, LAYOUT_CHANNELS_LAST, s->rank, y);
  PraxiTensor *filled[] = {&c.x, &c.w, &c.b, &c.residual};
  for (unsigned i = 0; i < G_N_ELEMENTS (filled); i++)
    test_fill (filled[i], seed * 4 + i, 1);
  if (quantized)
    make_requantize (&c, s, seed, out_type == PRAXI_S8);
  c.op.has_residual = seed % 4 == 1;
  c.n_in = (quantized ? 2 : 3) + c.op.has_residual;
  c.op.to = out_type;
  if (!quantized)
    c.op.activation = (PraxiActivation) (seed % 7);
  c.op.alpha = c.op.activation == PRAXI_ACTIVATION_CLIP ? -0.5f : 0.2f;
  c.op.beta = c.op.activation == PRAXI_ACTIVATION_CLIP ? 1.5f : 0.5f;
  return c;
}

static void
set_inputs (Case *c)
{
  c->in[0] = &c->x;
  c->in[1] = &c->w;
  c->in[2] = c->op.kind == PRAXI_OP_QCONV ? &c->residual : &c->b;
  c->in[3] = &c->residual;
}

static void
case_clear (Case *c)
{
  PraxiTensor *all[] = {&c->x, &c->w, &c->b, &c->residual, &c->y, &c->truth};
  for (size_t i = 0; i < G_N_ELEMENTS (all); i++)
    test_tensor_clear (all[i]);
  g_free (c->multiplier);
  g_free (c->offset);
}

static void
compare_levels (Case *c, const Shape *s, bool quantized, unsigned seed, PraxiPool *pool)
{
  set_inputs (c);
  const PraxiTensor *truth[] = {&c->truth}, *y[] = {&c->y};
  g_assert_true (test_run (praxi_backend_ref (), &c->op, c->in, c->n_in, truth, 1, pool, NULL));
  for (int i = 0; test_level (i); i++) {
    const PraxiBackend *backend = test_level (i);
    memset (c->y.data, 0x55, test_bytes (&c->y));
    const char *name = NULL;
    g_assert_true (test_run (backend, &c->op, c->in, c->n_in, y, 1, pool, &name));
    const float near = test_is_half () ? 1e-2f : 2e-4f;
    const float limit = quantized ? 0 : near, worst = test_max_difference (&c->y, &c->truth);
    if (worst > limit || isnan (worst))
      g_error (
          "%s %s rank %d %d>%d/%d in %dx%dx%d k %dx%dx%d s %d%d%d d %d%d%d p %d%d%d seed %u: %g",
          backend->level, name, s->rank, s->in_channels, s->out_channels, s->groups, s->size[0],
          s->size[1], s->size[2], s->kernel[0], s->kernel[1], s->kernel[2], s->stride[0],
          s->stride[1], s->stride[2], s->dilation[0], s->dilation[1], s->dilation[2], s->pad[0],
          s->pad[1], s->pad[2], seed, (double) worst);
  }
}

static void
check_case (const Shape *s, bool quantized, unsigned seed, PraxiPool *pool)
{
  Case c = case_new (s, quantized, seed);
  compare_levels (&c, s, quantized, seed, pool);
  case_clear (&c);
}

/* rank batch C O groups | size | kernel | stride | dilation | pad */
static const Shape edges[] = {
    {4, 3, 6, 16, 1, {1, 12, 16}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}},
    {4, 1, 3, 5, 1, {1, 9, 11}, {1, 5, 5}, {1, 2, 2}, {1, 1, 1}, {0, 2, 2}},
    {4, 2, 1, 1, 1, {1, 5, 5}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {4, 1, 1, 33, 1, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {5, 1, 64, 64, 1, {5, 4, 6}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {5, 2, 10, 97, 1, {4, 6, 7}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {5, 1, 8, 80, 1, {6, 7, 7}, {3, 3, 3}, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}},
    {5, 1, 12, 24, 1, {7, 9, 9}, {3, 3, 3}, {1, 1, 1}, {2, 2, 3}, {2, 2, 3}},
    {5, 1, 12, 40, 4, {3, 5, 6}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {4, 1, 15, 20, 5, {1, 5, 6}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {3, 2, 7, 19, 1, {1, 1, 30}, {1, 1, 5}, {1, 1, 2}, {1, 1, 1}, {0, 0, 2}},
    {4, 1, 17, 65, 1, {1, 1, 200}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {5, 2, 96, 24, 1, {5, 26, 31}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}}, /* through time */
    {5, 1, 70, 9, 1, {7, 20, 20}, {3, 1, 1}, {2, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {5, 2, 30, 41, 1, {4, 13, 16}, {1, 1, 1}, {2, 2, 3}, {1, 1, 1}, {0, 0, 0}}, /* gathered */
    {4, 2, 13, 9, 1, {1, 12, 15}, {1, 1, 1}, {1, 2, 1}, {1, 1, 1}, {0, 0, 0}},
    /* at most 8 channels */
    {5, 1, 3, 8, 1, {4, 15, 17}, {3, 5, 5}, {1, 2, 2}, {1, 1, 1}, {1, 2, 2}},
    {5, 2, 24, 5, 1, {3, 4, 7}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {4, 1, 32, 12, 2, {1, 7, 9}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    /* tiles, where a level has them: ends of rows, of depth and of the input */
    {4, 1, 70, 33, 1, {1, 9, 11}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {5, 2, 67, 50, 1, {5, 6, 37}, {1, 1, 1}, {2, 2, 2}, {1, 1, 1}, {0, 0, 0}},
    {5, 1, 41, 81, 1, {4, 9, 17}, {2, 3, 3}, {1, 2, 2}, {1, 1, 1}, {1, 1, 1}},
    {5, 2, 130, 17, 1, {5, 3, 7}, {3, 1, 1}, {1, 1, 1}, {2, 1, 1}, {2, 0, 0}},
    {4, 1, 25, 64, 1, {1, 21, 20}, {1, 3, 1}, {1, 1, 1}, {1, 2, 1}, {0, 2, 0}},
    {4, 1, 8, 16, 1, {1, 5, 33}, {1, 3, 5}, {1, 1, 1}, {1, 1, 1}, {0, 1, 2}},
    /* the same, short rows that run on: with padding, with none, more than a row of it */
    {5, 1, 20, 33, 1, {3, 7, 7}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {5, 2, 12, 17, 1, {2, 5, 9}, {1, 2, 3}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {4, 2, 9, 40, 1, {1, 6, 20}, {1, 3, 5}, {1, 1, 1}, {1, 2, 1}, {0, 3, 2}},
    {4, 1, 64, 65, 1, {1, 2, 3}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {5, 2, 70, 24, 1, {1, 40, 20}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    /* planes that are padding alone, before and behind */
    {5, 2, 24, 7, 1, {3, 4, 5}, {5, 1, 1}, {1, 1, 1}, {2, 1, 1}, {4, 0, 0}},
    {5, 1, 48, 20, 1, {2, 9, 9}, {3, 3, 3}, {1, 1, 1}, {2, 1, 1}, {2, 1, 1}},
    /* Winograd, where a level has it: planes, planes through time, time, odd sizes and pads */
    {4, 2, 16, 16, 1, {1, 14, 16}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {4, 1, 34, 23, 1, {1, 17, 15}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {5, 2, 18, 49, 1, {3, 17, 19}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 0, 2}},
    {5, 1, 18, 7, 1, {2, 15, 14}, {2, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {4, 1, 44, 40, 1, {1, 23, 18}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {5, 2, 32, 33, 1, {3, 16, 14}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 2, 1}},
    {5, 2, 40, 33, 1, {6, 14, 15}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {5, 1, 16, 8, 1, {4, 20, 11}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    /* depthwise */
    {5, 2, 20, 20, 20, {5, 9, 17}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {5, 1, 90, 90, 90, {6, 5, 150}, {3, 3, 3}, {1, 1, 2}, {1, 1, 1}, {1, 1, 1}},
    {5, 1, 64, 64, 64, {20, 3, 4}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {5, 1, 54, 54, 54, {5, 7, 9}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {5, 2, 33, 33, 33, {4, 9, 8}, {3, 3, 3}, {1, 2, 2}, {1, 1, 1}, {1, 1, 1}},
    {5, 2, 112, 112, 112, {5, 6, 9}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 2, 0}},
    {5, 1, 16, 16, 16, {7, 8, 5}, {3, 3, 3}, {1, 2, 1}, {1, 1, 1}, {2, 0, 2}},
    {5, 1, 70, 70, 70, {3, 4, 61}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {5, 1, 25, 25, 25, {2, 3, 4}, {3, 3, 3}, {1, 1, 2}, {1, 1, 1}, {1, 1, 1}},
    {5, 2, 40, 40, 40, {3, 7, 6}, {1, 3, 3}, {2, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {5, 1, 80, 80, 80, {2, 4, 65}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 0, 2}},
    {4, 2, 17, 17, 17, {1, 9, 31}, {1, 5, 5}, {1, 1, 1}, {1, 1, 1}, {0, 2, 2}},
    {5, 1, 144, 144, 144, {2, 10, 7}, {1, 5, 5}, {1, 1, 1}, {1, 1, 1}, {0, 0, 1}},
    {4, 1, 64, 64, 64, {1, 14, 13}, {1, 5, 5}, {1, 1, 1}, {1, 1, 1}, {0, 1, 0}},
    {5, 1, 72, 72, 72, {2, 13, 61}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}},
    {4, 2, 20, 20, 20, {1, 8, 9}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 0, 2}},
    {5, 1, 48, 48, 48, {2, 14, 11}, {1, 5, 5}, {1, 2, 2}, {1, 1, 1}, {0, 2, 2}},
    {4, 1, 96, 96, 96, {1, 9, 34}, {1, 5, 5}, {1, 2, 2}, {1, 1, 1}, {0, 1, 0}},
    {4, 3, 24, 24, 24, {1, 11, 9}, {1, 5, 5}, {1, 1, 1}, {1, 1, 1}, {0, 2, 2}},
    {4, 1, 7, 7, 7, {1, 10, 11}, {1, 5, 5}, {1, 2, 2}, {1, 1, 1}, {0, 2, 2}},
    {5, 2, 24, 24, 24, {6, 4, 6}, {5, 1, 1}, {1, 1, 1}, {1, 1, 1}, {2, 0, 0}}, /* pixels together */
    {5, 1, 6, 6, 6, {5, 4, 8}, {3, 1, 1}, {2, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {5, 1, 3, 3, 3, {6, 4, 4}, {5, 1, 1}, {1, 1, 1}, {1, 1, 1}, {2, 0, 0}},
    {4, 1, 16, 16, 16, {1, 13, 13}, {1, 3, 3}, {1, 1, 1}, {1, 3, 2}, {0, 3, 2}},
    {4, 1, 5, 10, 5, {1, 6, 6}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {4, 2, 1, 1, 1, {1, 6, 6}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    /* as many tiles of one pixel less as leave none over */
    {5, 1, 20, 128, 1, {2, 7, 7}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    /* channels that fill no vectors, of several pixels together: see pixels_together */
    {5, 1, 72, 72, 72, {2, 13, 61}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {4, 2, 16, 16, 16, {1, 8, 11}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {4, 2, 24, 24, 24, {1, 5, 3}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 2, 2}},
    {4, 1, 88, 88, 88, {1, 2, 28}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {4, 3, 36, 36, 36, {1, 6, 19}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 2, 1}},
    {4, 1, 32, 32, 32, {1, 5, 200}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {5, 2, 3, 3, 3, {3, 7, 9}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {5, 2, 4, 4, 4, {3, 7, 9}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {5, 1, 240, 240, 240, {6, 14, 14}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {5, 1, 128, 128, 128, {2, 3, 3}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {2, 0, 0}},
    {5, 1, 44, 44, 44, {5, 40, 41}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    /* first layers: rows of whole tiles, of more, of less than one */
    {4, 2, 3, 16, 1, {1, 9, 64}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}},
    {5, 1, 3, 12, 1, {2, 13, 79}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}},
    {4, 1, 3, 24, 1, {1, 12, 41}, {1, 3, 3}, {1, 1, 2}, {1, 1, 1}, {0, 2, 0}},
    {4, 2, 3, 32, 1, {1, 11, 32}, {1, 3, 3}, {1, 2, 2}, {1, 2, 1}, {0, 1, 2}},
    {4, 1, 3, 10, 1, {1, 6, 9}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}},
    {5, 1, 3, 16, 1, {2, 9, 40}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {1, 1, 1}},
};

static void
test_edges (gconstpointer quantized)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (edges); i++) {
    PraxiPool *pool;
    g_assert_cmpint (praxi_pool_new (1 + (int) i % 3, &pool), ==, PRAXI_OK);
    for (unsigned seed = 0; seed < 4; seed++)
      check_case (&edges[i], quantized != NULL, i + seed, pool);
    praxi_pool_free (pool);
  }
}

enum { GAP = 7, GAP_BEFORE = 3 }; /* channels of something else beside those of y */

/* Whether nothing was written beside the channels; a byte there was 0x33, or 0x55 for y. */
static bool
is_kept (const PraxiTensor *wide, size_t element)
{
  const size_t width = (size_t) wide->dims[1] * element;
  const uint8_t *bytes = wide->data;
  for (size_t i = 0; i < test_bytes (wide); i++) {
    const bool is_beside =
        i % width < GAP_BEFORE * element || i % width >= width - (GAP - GAP_BEFORE) * element;
    if (is_beside && bytes[i] != 0x33 && bytes[i] != 0x55)
      return false;
  }
  return true;
}

static void
check_apart (const Shape *s, bool quantized, unsigned seed, PraxiPool *pool)
{
  Case c = case_new (s, quantized, seed);
  const PraxiTensor y = c.y;
  const size_t element = quantized ? 1 : sizeof (float);
  int64_t dims[PRAXI_MAX_RANK];
  memcpy (dims, y.dims, sizeof dims);
  dims[1] += GAP;
  PraxiTensor wide = test_tensor (y.dtype, LAYOUT_CHANNELS_LAST, y.rank, dims);
  memset (wide.data, 0x33, test_bytes (&wide));
  memcpy (c.y.strides, wide.strides, sizeof c.y.strides);
  c.y.data = (char *) wide.data + GAP_BEFORE * element;
  compare_levels (&c, s, quantized, seed, pool);
  g_assert_true (is_kept (&wide, element));
  c.y = y;
  test_tensor_clear (&wide);
  case_clear (&c);
}

/* Where a Concat's output is. */
static void
test_apart (gconstpointer quantized)
{
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (2, &pool), ==, PRAXI_OK);
  for (unsigned i = 0; i < G_N_ELEMENTS (edges); i++)
    for (unsigned seed = 0; seed < 2 && edges[i].groups == 1; seed++)
      check_apart (&edges[i], quantized != NULL, i / 4 * 4 + 2 * seed, pool);
  praxi_pool_free (pool);
}

/* Matrix products: bytes alone; fewer rows than threads and more. */
static void
test_products (void)
{
  static const Shape shapes[] = {
      {.rank = 2, .batch = 1, .in_channels = 70, .out_channels = 150},
      {.rank = 2, .batch = 2, .in_channels = 36, .out_channels = 7},
      {.rank = 2, .batch = 5, .in_channels = 129, .out_channels = 33},
  };
  for (unsigned seed = 0; seed < 8; seed++) {
    PraxiPool *pool;
    g_assert_cmpint (praxi_pool_new (1 + (int) seed % 4, &pool), ==, PRAXI_OK);
    for (unsigned i = 0; i < G_N_ELEMENTS (shapes); i++) {
      Shape s = shapes[i];
      s.groups = 1;
      for (int axis = 0; axis < 3; axis++)
        s.size[axis] = s.kernel[axis] = s.stride[axis] = s.dilation[axis] = 1;
      check_case (&s, true, seed, pool);
    }
    praxi_pool_free (pool);
  }
}

/* The largest sums there are: ways that keep fewer bits of them have to know. */
static void
test_extremes (void)
{
  static const Shape shapes[] = {
      {5, 1, 64, 20, 1, {3, 14, 16}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
      {5, 1, 96, 20, 1, {3, 14, 16}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
      {4, 1, 96, 40, 1, {1, 16, 17}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
      {5, 1, 600, 20, 1, {6, 14, 14}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
  };
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (2, &pool), ==, PRAXI_OK);
  for (unsigned i = 0; i < 2 * G_N_ELEMENTS (shapes); i++) {
    const Shape *s = &shapes[i / 2];
    Case c = case_new (s, true, 0);
    const int taps = s->in_channels * s->kernel[0] * s->kernel[1] * s->kernel[2];
    memset (c.x.data, 255, test_bytes (&c.x));
    memset (c.w.data, i % 2 ? 127 : -128, test_bytes (&c.w));
    c.op.requantize.input_zero = 0;
    c.op.requantize.output_zero = i % 2 ? 3 : 250;
    c.op.requantize.low = 0;
    c.op.requantize.high = 255;
    for (int o = 0; o < s->out_channels; o++)
      c.multiplier[o] = 240 / (float) (taps * 255 * 128);
    compare_levels (&c, s, true, i, pool);
    case_clear (&c);
  }
  praxi_pool_free (pool);
}

static int
random_in (GRand *random, int low, int high)
{
  return g_rand_int_range (random, low, high + 1);
}

static Shape
random_shape (GRand *random)
{
  Shape s = {.rank = random_in (random, 3, 5), .batch = random_in (random, 1, 2)};
  s.groups = random_in (random, 0, 3) ? 1 : random_in (random, 2, 20);
  s.in_channels =
      s.groups * (s.groups > 1 && random_in (random, 0, 2) ? 1 : random_in (random, 1, 9));
  s.out_channels =
      s.groups * (s.groups > 1 && random_in (random, 0, 1) ? 1 : random_in (random, 1, 40));
  for (int axis = 0; axis < 3; axis++) {
    const bool here = axis >= 5 - s.rank;
    s.kernel[axis] = here ? random_in (random, 1, 4) : 1;
    s.dilation[axis] = here ? random_in (random, 1, 2) : 1;
    s.stride[axis] = here ? random_in (random, 1, 3) : 1;
    s.pad[axis] = here ? random_in (random, 0, s.kernel[axis] - 1) : 0;
    const int reach = s.dilation[axis] * (s.kernel[axis] - 1) + 1 - 2 * s.pad[axis];
    s.size[axis] = here ? MAX (reach, 1) + random_in (random, 0, 7) : 1;
  }
  return s;
}

static void
test_random (gconstpointer quantized)
{
  GRand *random = g_rand_new_with_seed (quantized ? 11 : 12);
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (2, &pool), ==, PRAXI_OK);
  for (unsigned i = 0; i < 150; i++) {
    const Shape s = random_shape (random);
    check_case (&s, quantized != NULL, i, pool);
  }
  praxi_pool_free (pool);
  g_rand_free (random);
}

static const Shape timed[] = {
    {4, 20, 6, 16, 1, {1, 36, 48}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}},
    {4, 20, 16, 32, 1, {1, 18, 24}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}},
    {4, 20, 32, 64, 1, {1, 9, 12}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}},
    {5, 1, 64, 64, 1, {20, 5, 6}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {5, 1, 64, 64, 1, {8, 56, 56}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {5, 1, 64, 144, 1, {8, 56, 56}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {5, 1, 64, 64, 1, {8, 56, 56}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {5, 1, 160, 320, 1, {8, 7, 7}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {5, 1, 24, 54, 1, {16, 56, 56}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
    {5, 1, 64, 64, 64, {20, 5, 6}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
    {5, 1, 54, 54, 54, {16, 56, 56}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    {5, 1, 108, 108, 108, {16, 56, 56}, {3, 3, 3}, {1, 2, 2}, {1, 1, 1}, {1, 1, 1}},
    {5, 1, 72, 72, 72, {16, 56, 56}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
    {5, 1, 96, 96, 96, {16, 28, 28}, {1, 5, 5}, {1, 1, 1}, {1, 1, 1}, {0, 2, 2}},
    {5, 1, 240, 240, 240, {16, 14, 14}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}},
};

static void
bench (void)
{
  PraxiPool *pool;
  praxi_pool_new (1, &pool);
  for (int quantized = 1; quantized >= 0; quantized--) {
    for (size_t i = 0; i < G_N_ELEMENTS (timed); i++) {
      const Shape *s = &timed[i];
      Case c = case_new (s, quantized, 0);
      set_inputs (&c);
      const PraxiTensor *y[] = {&c.y};
      const double macs = (double) test_count (&c.y) * s->in_channels / s->groups * s->kernel[0] *
                          s->kernel[1] * s->kernel[2];
      printf ("%s %4d>%4d/%-3d k%dx%dx%d s%d @%dx%dx%dx%d", quantized ? "int8" : "f32 ",
              s->in_channels, s->out_channels, s->groups, s->kernel[0], s->kernel[1], s->kernel[2],
              s->stride[2], s->batch, s->size[0], s->size[1], s->size[2]);
      for (int level = 0; test_level (level); level++) {
        const PraxiBackend *backend = test_level (level);
        if (strcmp (backend->level, "scalar") == 0)
          continue;
        const double ms = test_time_ms (backend, &c.op, c.in, c.n_in, y, 1, pool);
        printf (" | %s %.3f ms %.0f Gop/s", backend->level, ms, 2e-6 * macs / ms);
      }
      printf ("\n");
      fflush (stdout);
      case_clear (&c);
    }
  }
  praxi_pool_free (pool);
}

int
main (int argc, char **argv)
{
  if (test_wants_bench (argc, argv)) {
    bench ();
    return 0;
  }
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/cpu/conv/int8/edges", GINT_TO_POINTER (1), test_edges);
  g_test_add_data_func ("/cpu/conv/int8/random", GINT_TO_POINTER (1), test_random);
  if (!getenv ("PRAXI_PLUGINS")) { /* only the processor joins */
    g_test_add_data_func ("/cpu/conv/int8/apart", GINT_TO_POINTER (1), test_apart);
    g_test_add_data_func ("/cpu/conv/f32/apart", NULL, test_apart);
  }
  g_test_add_func ("/cpu/conv/int8/products", test_products);
  g_test_add_func ("/cpu/conv/int8/extremes", test_extremes);
  g_test_add_data_func ("/cpu/conv/f32/edges", NULL, test_edges);
  g_test_add_data_func ("/cpu/conv/f32/random", NULL, test_random);
  return g_test_run ();
}

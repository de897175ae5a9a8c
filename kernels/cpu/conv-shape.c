#include "kernels/cpu/conv-shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
shapes_agree (const ConvShape *s, const PraxiTensor *w, const PraxiTensor *y)
{
  const int64_t groups = s->groups;
  if (groups < 1 || s->in_channels % groups != 0 || s->out_channels % groups != 0)
    return false;
  return w->dims[0] == s->out_channels && w->dims[1] == s->in_channels / groups &&
         y->dims[0] == s->batch;
}

bool
praxi_cpu_conv_shape_apart (const PraxiWindow *window,
                            const PraxiTensor *x,
                            const PraxiTensor *w,
                            const PraxiTensor *y,
                            ConvShape *s)
{
  if (!x || !w || !y || x->rank < 2 || x->rank > 5 || w->rank != x->rank || y->rank != x->rank)
    return false;
  const int64_t out_step = praxi_cpu_pixel_step (y);
  if (window->n_spatial != x->rank - 2 || praxi_cpu_pixel_step (x) != x->dims[1] || out_step < 1 ||
      (!praxi_cpu_is_row_major (w) && !praxi_cpu_is_channels_last (w)))
    return false;
  *s = (ConvShape){.batch = x->dims[0], .groups = window->group};
  s->in_channels = x->dims[1];
  s->out_channels = y->dims[1];
  s->out_step = out_step;
  for (int a = 0; a < 3; a++) {
    const int i = a - (3 - window->n_spatial);
    const bool here = i >= 0;
    s->in[a] = here ? x->dims[2 + i] : 1;
    s->out[a] = here ? y->dims[2 + i] : 1;
    s->kernel[a] = here ? w->dims[2 + i] : 1;
    s->stride[a] = here ? window->stride[i] : 1;
    s->dilation[a] = here ? window->dilation[i] : 1;
    s->pad[a] = here ? window->pad_begin[i] : 0;
  }
  s->taps = s->kernel[1] * s->kernel[2];
  return shapes_agree (s, w, y);
}

bool
praxi_cpu_conv_shape (const PraxiWindow *window,
                      const PraxiTensor *x,
                      const PraxiTensor *w,
                      const PraxiTensor *y,
                      ConvShape *s)
{
  return praxi_cpu_conv_shape_apart (window, x, w, y, s) && s->out_step == s->out_channels;
}

WeightSteps
praxi_cpu_weight_steps (const ConvShape *s, const PraxiTensor *w)
{
  const int64_t channels = s->in_channels / s->groups, taps = s->kernel[0] * s->taps;
  if (praxi_cpu_is_row_major (w))
    return (WeightSteps){channels * taps, taps, 1};
  return (WeightSteps){channels * taps, 1, channels};
}

int32_t *
praxi_cpu_conv_offsets (const ConvShape *s, int64_t pixel_bytes)
{
  const int64_t n = s->out[1] * s->out[2];
  if (s->in[1] * s->in[2] * pixel_bytes > INT32_MAX || s->taps * n > INT32_MAX / 8)
    return NULL;
  int32_t *offsets = praxi_cpu_alloc (sizeof *offsets * (size_t) (s->taps * n + 16));
  if (!offsets)
    return NULL;
  int32_t *next = offsets;
  for (int64_t tap = 0; tap < s->taps; tap++) {
    for (int64_t pixel = 0; pixel < n; pixel++) {
      const int64_t h =
          pixel / s->out[2] * s->stride[1] - s->pad[1] + tap / s->kernel[2] * s->dilation[1];
      const int64_t w =
          pixel % s->out[2] * s->stride[2] - s->pad[2] + tap % s->kernel[2] * s->dilation[2];
      const bool inside = h >= 0 && h < s->in[1] && w >= 0 && w < s->in[2];
      *next++ = inside ? (int32_t) ((h * s->in[2] + w) * pixel_bytes) : -1;
    }
  }
  for (int i = 0; i < 16; i++)
    *next++ = -1;
  return offsets;
}

int64_t
praxi_cpu_conv_plane (const ConvShape *s, int64_t out_plane, int64_t k)
{
  const int64_t n = out_plane / s->out[0];
  const int64_t t = out_plane % s->out[0] * s->stride[0] - s->pad[0] + k * s->dilation[0];
  return t < 0 || t >= s->in[0] ? -1 : n * s->in[0] + t;
}

int64_t
praxi_cpu_conv_source (const ConvShape *s, int axis, int64_t position, int64_t k)
{
  const int64_t at = position + s->pad[axis] - k * s->dilation[axis];
  if (at < 0 || at % s->stride[axis] != 0 || at / s->stride[axis] >= s->out[axis])
    return -1;
  return at / s->stride[axis];
}

int32_t *
praxi_cpu_conv_sources (const ConvShape *s,
                        int64_t pixel_bytes,
                        const int64_t *taps,
                        int64_t n_taps,
                        const int64_t *pixels,
                        int64_t n_pixels)
{
  enum { TAIL = 16 };
  if (s->out[1] * s->out[2] * pixel_bytes > INT32_MAX || n_taps * (n_pixels + TAIL) > INT32_MAX / 8)
    return NULL;
  int32_t *offsets = praxi_cpu_alloc (sizeof *offsets * (size_t) (n_taps * (n_pixels + TAIL)));
  if (!offsets)
    return NULL;
  int32_t *next = offsets;
  for (int64_t i = 0; i < n_taps; i++) {
    for (int64_t j = 0; j < n_pixels; j++) {
      const int64_t h = praxi_cpu_conv_source (s, 1, pixels[j] / s->in[2], taps[i] / s->kernel[2]);
      const int64_t w = praxi_cpu_conv_source (s, 2, pixels[j] % s->in[2], taps[i] % s->kernel[2]);
      *next++ = h >= 0 && w >= 0 ? (int32_t) ((h * s->out[2] + w) * pixel_bytes) : -1;
    }
    for (int j = 0; j < TAIL; j++)
      *next++ = -1;
  }
  return offsets;
}

int64_t
praxi_cpu_conv_source_plane (const ConvShape *s, int64_t in_plane, int64_t k)
{
  const int64_t t = praxi_cpu_conv_source (s, 0, in_plane % s->in[0], k);
  return t < 0 ? -1 : in_plane / s->in[0] * s->out[0] + t;
}

static bool
is_same_shape (const PraxiTensor *a, const PraxiTensor *b)
{
  for (int i = 0; i < b->rank; i++)
    if (a->rank != b->rank || a->dims[i] != b->dims[i])
      return false;
  return true;
}

/* Whether no sum of 32 bits makes a number that is not whole in 32 bits. */
static bool
fits (const PraxiRequantize *r, int64_t channels, bool has_residual)
{
  enum { MOST = 1 << 29 };
  bool all = !has_residual || fabsf (r->residual_multiplier) < 1 << 20;
  for (int64_t o = 0; o < channels; o++)
    all = all && fabsf (r->multiplier[o]) < 0.25f && (!r->offset || fabsf (r->offset[o]) < MOST);
  return all;
}

bool
praxi_cpu_conv_epilogue (const CpuPlace *place, CpuEpilogue *e)
{
  const PraxiOp *op = place->op;
  const PraxiRequantize *r = &op->requantize;
  const bool is_quantized = op->kind == PRAXI_OP_QCONV;
  e->activation = op->activation;
  e->alpha = op->alpha;
  e->beta = op->beta;
  if (is_quantized) {
    e->zero = r->output_zero;
    e->low = (float) (r->low - r->output_zero);
    e->high = (float) (r->high - r->output_zero);
    e->fits = r->low <= r->high && fits (r, place->out[0]->dims[1], op->has_residual);
  }
  if (!op->has_residual)
    return true;
  const PraxiTensor *residual = place->in[place->n_in - 1];
  if (!residual || !is_same_shape (residual, place->out[0]) ||
      praxi_cpu_pixel_step (residual) != praxi_cpu_pixel_step (place->out[0]))
    return false;
  if (!is_quantized)
    return residual->dtype == PRAXI_F32;
  e->residual_signed = residual->dtype == PRAXI_S8;
  e->residual_zero = r->residual_zero;
  e->residual_multiplier = r->residual_multiplier;
  return praxi_dtype_is_byte (residual->dtype);
}

const PraxiTensor *
praxi_cpu_conv_bias (const CpuPlace *place)
{
  if (place->op->kind == PRAXI_OP_QCONV || (place->op->has_residual && place->n_in == 3))
    return NULL;
  return praxi_cpu_input (place, 2);
}

bool
praxi_cpu_conv_types_fit (const CpuPlace *place)
{
  const PraxiDType x = place->in[0]->dtype, y = place->out[0]->dtype, w = place->in[1]->dtype;
  if (place->op->kind == PRAXI_OP_QCONV)
    return praxi_dtype_is_byte (x) && praxi_dtype_is_byte (y) && w == PRAXI_S8 &&
           place->in[1]->data && praxi_cpu_is_row_major (place->in[1]);
  const PraxiTensor *bias = praxi_cpu_conv_bias (place);
  return x == PRAXI_F32 && y == PRAXI_F32 && w == PRAXI_F32 &&
         (!bias || (bias->dtype == PRAXI_F32 && praxi_cpu_is_row_major (bias)));
}

bool
praxi_cpu_conv_is_constant (const CpuPlace *place)
{
  const PraxiTensor *bias = praxi_cpu_conv_bias (place);
  return place->in[1]->data && (!bias || bias->data);
}

bool
praxi_cpu_arrays_new (ConvArrays *arrays, size_t weights_bytes, size_t n, size_t pixel_bytes)
{
  arrays->weights = praxi_cpu_alloc (weights_bytes);
  arrays->weights_bytes = weights_bytes;
  arrays->bias = praxi_cpu_alloc (n * sizeof *arrays->bias);
  arrays->multiplier = praxi_cpu_alloc (n * sizeof *arrays->multiplier);
  arrays->start = praxi_cpu_alloc (n * sizeof *arrays->start);
  arrays->padding = praxi_cpu_alloc (pixel_bytes);
  return arrays->weights && arrays->bias && arrays->multiplier && arrays->start && arrays->padding;
}

void
praxi_cpu_arrays_clear (ConvArrays *arrays)
{
  if (!arrays->shares)
    free (arrays->weights);
  free (arrays->bias);
  free (arrays->multiplier);
  free (arrays->start);
  free (arrays->padding);
}

bool
praxi_cpu_arrays_share (ConvArrays *arrays, const ConvArrays *with)
{
  arrays->shares = arrays->weights_bytes == with->weights_bytes &&
                   praxi_cpu_take_same (&arrays->weights, with->weights, arrays->weights_bytes);
  return arrays->shares;
}

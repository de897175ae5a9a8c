/* The geometry of a convolution, whatever its number of spatial axes: missing ones are of length 1.
 *
 *   y[n, o, p] = Σ_c Σ_k x[n, g C + c, p · stride − pad + k · dilation] · w[o, c, k]
 *
 * p and k run over T, H, W; g = o / O is the group, C and O are channels in and out of one group;
 * taps that fall outside x count as zero.
 */
#pragma once

#include "kernels/op.h"

typedef struct {
  int64_t batch, groups, channels, outputs; /* channels in and out are those of one group */
  int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
  int64_t x_batch, x_channel, x_step[3]; /* strides of x, w, y in elements */
  int64_t w_output, w_channel, w_step[3];
  int64_t y_batch, y_channel, y_step[3];
} PraxiConvShape;

static inline PraxiConvShape
praxi_conv_shape (const PraxiWindow *w,
                  const PraxiTensor *x,
                  const PraxiTensor *weight,
                  const PraxiTensor *y)
{
  PraxiConvShape s = {
      .batch = x->dims[0],
      .groups = w->group,
      .channels = weight->dims[1],
      .outputs = weight->dims[0] / w->group,
      .x_batch = x->strides[0],
      .x_channel = x->strides[1],
      .w_output = weight->strides[0],
      .w_channel = weight->strides[1],
      .y_batch = y->strides[0],
      .y_channel = y->strides[1],
  };
  const int lead = 3 - w->n_spatial;
  for (int a = 0; a < 3; a++) {
    const int i = a - lead, d = 2 + i;
    const bool here = i >= 0;
    s.in[a] = here ? x->dims[d] : 1;
    s.out[a] = here ? y->dims[d] : 1;
    s.kernel[a] = here ? w->kernel[i] : 1;
    s.stride[a] = here ? w->stride[i] : 1;
    s.dilation[a] = here ? w->dilation[i] : 1;
    s.pad[a] = here ? w->pad_begin[i] : 0;
    s.x_step[a] = here ? x->strides[d] : 0;
    s.w_step[a] = here ? weight->strides[d] : 0;
    s.y_step[a] = here ? y->strides[d] : 0;
  }
  return s;
}

/* The taps [low, high) of one output position that fall on x, and where tap 0 would fall. */
typedef struct {
  int64_t low[3], high[3], first[3];
} PraxiConvTaps;

static inline PraxiConvTaps
praxi_conv_taps (const PraxiConvShape *s, const int64_t position[3])
{
  PraxiConvTaps taps;
  for (int a = 0; a < 3; a++) {
    const int64_t first = position[a] * s->stride[a] - s->pad[a], dilation = s->dilation[a];
    const int64_t low = first < 0 ? (-first + dilation - 1) / dilation : 0;
    const int64_t high = s->in[a] > first ? (s->in[a] - first + dilation - 1) / dilation : 0;
    taps.first[a] = first;
    taps.low[a] = low;
    taps.high[a] = high < s->kernel[a] ? high : s->kernel[a];
  }
  return taps;
}

/* The output position whose tap k falls on a position of x, along one axis; −1 for none. */
static inline int64_t
praxi_conv_source (const PraxiConvShape *s, int axis, int64_t position, int64_t k)
{
  const int64_t at = position + s->pad[axis] - k * s->dilation[axis];
  if (at < 0 || at % s->stride[axis] != 0 || at / s->stride[axis] >= s->out[axis])
    return -1;
  return at / s->stride[axis];
}

/* Defines a function that sums product over all taps and channels. i and j are element offsets into
 * x and w.
 */
#define PRAXI_CONV_SUM(name, Sum, Operands, product)                                               \
  static Sum name (const PraxiConvShape *s, const PraxiConvTaps *taps, Operands o, int64_t x_at,   \
                   int64_t w_at)                                                                   \
  {                                                                                                \
    Sum sum = 0;                                                                                   \
    for (int64_t t = taps->low[0]; t < taps->high[0]; t++)                                         \
      for (int64_t h = taps->low[1]; h < taps->high[1]; h++)                                       \
        for (int64_t w = taps->low[2]; w < taps->high[2]; w++) {                                   \
          const int64_t x_tap = x_at + (taps->first[0] + t * s->dilation[0]) * s->x_step[0] +      \
                                (taps->first[1] + h * s->dilation[1]) * s->x_step[1] +             \
                                (taps->first[2] + w * s->dilation[2]) * s->x_step[2];              \
          const int64_t w_tap = w_at + t * s->w_step[0] + h * s->w_step[1] + w * s->w_step[2];     \
          for (int64_t c = 0; c < s->channels; c++) {                                              \
            const int64_t i = x_tap + c * s->x_channel, j = w_tap + c * s->w_channel;              \
            sum += (product);                                                                      \
          }                                                                                        \
        }                                                                                          \
    return sum;                                                                                    \
  }

/* Walks all outputs: n, position, then output channel. */
typedef struct {
  int64_t n, position[3], output; /* output: over all groups */
} PraxiConvPlace;

static inline bool
praxi_conv_next (const PraxiConvShape *s, PraxiConvPlace *place)
{
  if (++place->output < s->groups * s->outputs)
    return true;
  place->output = 0;
  for (int a = 2; a >= 0; a--) {
    if (++place->position[a] < s->out[a])
      return true;
    place->position[a] = 0;
  }
  return ++place->n < s->batch;
}

/* The place before the first, for praxi_conv_next; false where there is no output at all. */
static inline bool
praxi_conv_begin (const PraxiConvShape *s, PraxiConvPlace *place)
{
  *place = (PraxiConvPlace){.output = -1};
  return s->batch > 0 && s->groups * s->outputs > 0 && s->out[0] > 0 && s->out[1] > 0 &&
         s->out[2] > 0;
}

/* What makes praxi_conv_next walk the elements of x, and praxi_conv_y_at tell where they lie. */
static inline PraxiConvShape
praxi_conv_over_input (const PraxiConvShape *s)
{
  PraxiConvShape walk = *s;
  walk.outputs = s->channels;
  walk.y_batch = s->x_batch;
  walk.y_channel = s->x_channel;
  for (int a = 0; a < 3; a++) {
    walk.out[a] = s->in[a];
    walk.y_step[a] = s->x_step[a];
  }
  return walk;
}

static inline int64_t
praxi_conv_x_at (const PraxiConvShape *s, const PraxiConvPlace *place)
{
  return place->n * s->x_batch + place->output / s->outputs * s->channels * s->x_channel;
}

static inline int64_t
praxi_conv_y_at (const PraxiConvShape *s, const PraxiConvPlace *place)
{
  return place->n * s->y_batch + place->output * s->y_channel + place->position[0] * s->y_step[0] +
         place->position[1] * s->y_step[1] + place->position[2] * s->y_step[2];
}

/* Offset of the same place in a tensor of y's shape. */
static inline int64_t
praxi_conv_same_at (const PraxiConvShape *s, const PraxiConvPlace *place, const PraxiTensor *t)
{
  int64_t at = place->n * t->strides[0] + place->output * t->strides[1];
  for (int d = 2; d < t->rank; d++)
    at += place->position[d - 2 + 5 - t->rank] * t->strides[d];
  return at;
}

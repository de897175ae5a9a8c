/* MaxPool and AveragePool over one to three spatial axes, and their gradients.
 *
 *   y[n, c, p] = max or mean over k of x[n, c, p · stride − pad + k · dilation]
 *
 * Taps outside x do not count, except that with count_include_pad the mean counts those on the
 * padding as zeros. MaxPool's second output is the flat index of the first maximum in x as if it
 * were row-major, or with the spatial axes column-major (storage_order 1).
 *
 *   dx[n, c, q] = Σ dy[n, c, p] / count (p)   over the windows p that q counts in
 *   dx[n, c, q] = Σ dy[n, c, p]               over the windows p whose first maximum q is
 */
#include "kernels/element.h"
#include "kernels/ref/conv-shape.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

typedef struct {
  double sum, max;
  int64_t count, arg[3]; /* where the maximum is in x */
} Seen;

#define LOOK(name, Data, value)                                                                    \
  static Seen name (const PraxiConvShape *s, const PraxiConvTaps *taps, Data x, int64_t x_at)      \
  {                                                                                                \
    Seen seen = {.max = -INFINITY};                                                                \
    int64_t p[3];                                                                                  \
    for (int64_t t = taps->low[0]; t < taps->high[0]; t++)                                         \
      for (int64_t h = taps->low[1]; h < taps->high[1]; h++)                                       \
        for (int64_t w = taps->low[2]; w < taps->high[2]; w++) {                                   \
          p[0] = taps->first[0] + t * s->dilation[0];                                              \
          p[1] = taps->first[1] + h * s->dilation[1];                                              \
          p[2] = taps->first[2] + w * s->dilation[2];                                              \
          const int64_t i =                                                                        \
              x_at + p[0] * s->x_step[0] + p[1] * s->x_step[1] + p[2] * s->x_step[2];              \
          const double v = (value);                                                                \
          seen.sum += v;                                                                           \
          if (v > seen.max || isnan (v) || seen.count == 0)                                        \
            memcpy (seen.arg, p, sizeof p);                                                        \
          if (v > seen.max || isnan (v))                                                           \
            seen.max = v;                                                                          \
          seen.count++;                                                                            \
        }                                                                                          \
    return seen;                                                                                   \
  }

LOOK (look_at_floats, const float *, (double) x[i])
LOOK (look_at_any, const PraxiTensor *, praxi_load (x->data, x->dtype, i))

/* Taps that fall on x or on its padding; with ceil_mode the last window may reach further. */
static int64_t
count_padded (const PraxiWindow *w, const PraxiConvShape *s, const PraxiConvTaps *taps)
{
  int64_t count = 1;
  for (int a = 3 - w->n_spatial; a < 3; a++) {
    const int64_t end = s->in[a] + w->pad_end[a - 3 + w->n_spatial], dilation = s->dilation[a];
    const int64_t fit = (end - taps->first[a] + dilation - 1) / dilation;
    count *= fit < s->kernel[a] ? fit : s->kernel[a];
  }
  return count;
}

static int64_t
flat_index (const PraxiWindow *w,
            const PraxiConvShape *s,
            const PraxiConvPlace *place,
            const int64_t p[3])
{
  const int64_t plane = place->n * s->groups + place->output;
  int64_t index = 0;
  for (int a = 0; a < 3; a++) {
    const int axis = w->storage_order == 1 ? 2 - a : a;
    index = index * s->in[axis] + p[axis];
  }
  return plane * s->in[0] * s->in[1] * s->in[2] + index;
}

/* A pool is a convolution of as many groups as channels. */
static PraxiConvShape
shape_of (const PraxiWindow *window, const PraxiTensor *x, const PraxiTensor *y)
{
  PraxiTensor weight = {.rank = x->rank, .dims = {x->dims[1], 1}};
  PraxiWindow w = *window;
  w.group = x->dims[1] > 0 ? x->dims[1] : 1;
  return praxi_conv_shape (&w, x, &weight, y);
}

PraxiStatus
praxi_ref_pool (const PraxiRefCall *call)
{
  const PraxiWindow *w = &call->op->window;
  const PraxiTensor *x = call->in[0], *y = call->out[0];
  const PraxiTensor *indices = call->n_out > 1 ? call->out[1] : NULL;
  const PraxiConvShape s = shape_of (w, x, y);
  PraxiConvPlace place;
  if (!praxi_conv_begin (&s, &place))
    return PRAXI_OK;
  while (praxi_conv_next (&s, &place)) {
    const PraxiConvTaps taps = praxi_conv_taps (&s, place.position);
    const int64_t x_at = praxi_conv_x_at (&s, &place);
    const Seen seen = x->dtype == PRAXI_F32 ? look_at_floats (&s, &taps, x->data, x_at)
                                            : look_at_any (&s, &taps, x, x_at);
    const int64_t count = w->count_include_pad ? count_padded (w, &s, &taps) : seen.count;
    const double v = call->op->kind == PRAXI_OP_MAX_POOL ? seen.max
                     : count > 0                         ? seen.sum / (double) count
                                                         : 0;
    praxi_store (y->data, y->dtype, praxi_conv_y_at (&s, &place), v);
    if (indices != NULL)
      praxi_store_int (indices->data, PRAXI_S64, praxi_conv_same_at (&s, &place, indices),
                       flat_index (w, &s, &place, seen.arg));
  }
  return PRAXI_OK;
}

static int64_t
count_of (const PraxiWindow *w, const PraxiConvShape *s, const int64_t position[3])
{
  const PraxiConvTaps taps = praxi_conv_taps (s, position);
  int64_t count = 1;
  if (w->count_include_pad)
    return count_padded (w, s, &taps);
  for (int a = 0; a < 3; a++)
    count *= taps.high[a] > taps.low[a] ? taps.high[a] - taps.low[a] : 0;
  return count;
}

/* What all windows over one element of x give it. */
static double
sum_of_means (const PraxiWindow *w,
              const PraxiConvShape *s,
              const PraxiTensor *dy,
              const PraxiConvPlace *at)
{
  PraxiConvPlace from = *at;
  double sum = 0;
  for (int64_t i = 0; i < s->kernel[0]; i++)
    for (int64_t j = 0; j < s->kernel[1]; j++)
      for (int64_t k = 0; k < s->kernel[2]; k++) {
        from.position[0] = praxi_conv_source (s, 0, at->position[0], i);
        from.position[1] = praxi_conv_source (s, 1, at->position[1], j);
        from.position[2] = praxi_conv_source (s, 2, at->position[2], k);
        if (from.position[0] < 0 || from.position[1] < 0 || from.position[2] < 0)
          continue;
        sum += praxi_load (dy->data, dy->dtype, praxi_conv_y_at (s, &from)) /
               (double) count_of (w, s, from.position);
      }
  return sum;
}

PraxiStatus
praxi_ref_average_pool_gradient (const PraxiRefCall *call)
{
  const PraxiTensor *dy = call->in[0], *dx = call->out[0];
  const PraxiConvShape s = shape_of (&call->op->window, dx, dy), walk = praxi_conv_over_input (&s);
  PraxiConvPlace place;
  if (!praxi_conv_begin (&walk, &place))
    return PRAXI_OK;
  while (praxi_conv_next (&walk, &place))
    praxi_store (dx->data, dx->dtype, praxi_conv_y_at (&walk, &place),
                 sum_of_means (&call->op->window, &s, dy, &place));
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_max_pool_gradient (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *dy = call->in[1], *dx = call->out[0];
  const PraxiConvShape s = shape_of (&call->op->window, x, dy);
  const PraxiConvShape over_dx = shape_of (&call->op->window, dx, dy);
  PraxiConvPlace place;
  PraxiRows rows = praxi_rows_over (dx);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++)
      praxi_store (dx->data, dx->dtype, rows.at[0] + i * rows.step[0], 0);
  if (!praxi_conv_begin (&s, &place))
    return PRAXI_OK;
  while (praxi_conv_next (&s, &place)) {
    const PraxiConvTaps taps = praxi_conv_taps (&s, place.position);
    const int64_t x_at = praxi_conv_x_at (&s, &place);
    const Seen seen = look_at_any (&s, &taps, x, x_at);
    if (seen.count == 0)
      continue;
    const int64_t to = praxi_conv_x_at (&over_dx, &place) + seen.arg[0] * over_dx.x_step[0] +
                       seen.arg[1] * over_dx.x_step[1] + seen.arg[2] * over_dx.x_step[2];
    praxi_store (dx->data, dx->dtype, to,
                 praxi_load (dx->data, dx->dtype, to) +
                     praxi_load (dy->data, dy->dtype, praxi_conv_y_at (&s, &place)));
  }
  return PRAXI_OK;
}

/* Gradients of Conv; the sums are kept in double. Geometry as in conv-shape.h.
 *
 *   dx[n, g C + c, q] = Σ_o Σ_k dy[n, o, p] · w[o, c, k]      p · stride − pad + k · dilation = q
 *   dw[o, c, k]       = Σ_n Σ_p dy[n, o, p] · x[n, g C + c, p · stride − pad + k · dilation]
 *   dy [N,O,…]   x, dx [N,C,…]   w, dw [O,C/group,kernel…]
 */
#include "kernels/element.h"
#include "kernels/ref/conv-shape.h"
#include "kernels/ref/ref.h"

/* Σ a[a_at + i a_step] · b[b_at + i b_step] */
static double
dot (const PraxiTensor *a,
     int64_t a_at,
     int64_t a_step,
     const PraxiTensor *b,
     int64_t b_at,
     int64_t b_step,
     int64_t n)
{
  double sum = 0;
  if (a->dtype == PRAXI_F32) {
    const float *x = a->data, *y = b->data;
    for (int64_t i = 0; i < n; i++)
      sum += (double) x[a_at + i * a_step] * (double) y[b_at + i * b_step];
    return sum;
  }
  for (int64_t i = 0; i < n; i++)
    sum += praxi_load (a->data, a->dtype, a_at + i * a_step) *
           praxi_load (b->data, b->dtype, b_at + i * b_step);
  return sum;
}

/* Of one element of x: place.output is its channel. */
static double
input_gradient (const PraxiConvShape *s,
                const PraxiTensor *dy,
                const PraxiTensor *w,
                const PraxiConvPlace *place)
{
  const int64_t first = place->output / s->channels * s->outputs;
  const int64_t w_at = first * s->w_output + place->output % s->channels * s->w_channel;
  PraxiConvPlace from = {.n = place->n, .output = first};
  double sum = 0;
  for (int64_t i = 0; i < s->kernel[0]; i++)
    for (int64_t j = 0; j < s->kernel[1]; j++)
      for (int64_t k = 0; k < s->kernel[2]; k++) {
        from.position[0] = praxi_conv_source (s, 0, place->position[0], i);
        from.position[1] = praxi_conv_source (s, 1, place->position[1], j);
        from.position[2] = praxi_conv_source (s, 2, place->position[2], k);
        if (from.position[0] < 0 || from.position[1] < 0 || from.position[2] < 0)
          continue;
        sum += dot (dy, praxi_conv_y_at (s, &from), s->y_channel, w,
                    w_at + i * s->w_step[0] + j * s->w_step[1] + k * s->w_step[2], s->w_output,
                    s->outputs);
      }
  return sum;
}

PraxiStatus
praxi_ref_conv_input_gradient (const PraxiRefCall *call)
{
  const PraxiTensor *dy = call->in[0], *w = call->in[1], *dx = call->out[0];
  const PraxiConvShape s = praxi_conv_shape (&call->op->window, dx, w, dy);
  const PraxiConvShape walk = praxi_conv_over_input (&s);
  PraxiConvPlace place;
  if (!praxi_conv_begin (&walk, &place))
    return PRAXI_OK;
  while (praxi_conv_next (&walk, &place))
    praxi_store (dx->data, dx->dtype, praxi_conv_y_at (&walk, &place),
                 input_gradient (&s, dy, w, &place));
  return PRAXI_OK;
}

/* The output positions [low, high) along an axis whose tap k falls on x. */
static void
find_positions (const PraxiConvShape *s, int axis, int64_t k, int64_t *low, int64_t *high)
{
  const int64_t tap = k * s->dilation[axis] - s->pad[axis], stride = s->stride[axis];
  const int64_t end = s->in[axis] > tap ? (s->in[axis] - tap + stride - 1) / stride : 0;
  *low = tap < 0 ? (-tap + stride - 1) / stride : 0;
  *high = end < s->out[axis] ? end : s->out[axis];
}

/* Of the weight from channel c to output o over all groups, tap k. */
static double
weight_gradient (const PraxiConvShape *s,
                 const PraxiTensor *x,
                 const PraxiTensor *dy,
                 int64_t o,
                 int64_t c,
                 const int64_t k[3])
{
  int64_t low[3], high[3];
  double sum = 0;
  for (int a = 0; a < 3; a++)
    find_positions (s, a, k[a], &low[a], &high[a]);
  for (int64_t n = 0; n < s->batch; n++)
    for (int64_t t = low[0]; t < high[0]; t++)
      for (int64_t h = low[1]; h < high[1]; h++) {
        const PraxiConvPlace place = {n, {t, h, low[2]}, o};
        const PraxiConvTaps taps = praxi_conv_taps (s, place.position);
        int64_t x_at = praxi_conv_x_at (s, &place) + c * s->x_channel;
        for (int a = 0; a < 3; a++)
          x_at += (taps.first[a] + k[a] * s->dilation[a]) * s->x_step[a];
        sum += dot (x, x_at, s->stride[2] * s->x_step[2], dy, praxi_conv_y_at (s, &place),
                    s->y_step[2], high[2] - low[2]);
      }
  return sum;
}

PraxiStatus
praxi_ref_conv_weight_gradient (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *dy = call->in[1], *dw = call->out[0];
  const PraxiConvShape s = praxi_conv_shape (&call->op->window, x, dw, dy);
  int64_t k[3];
  for (int64_t o = 0; o < s.groups * s.outputs; o++)
    for (int64_t c = 0; c < s.channels; c++)
      for (k[0] = 0; k[0] < s.kernel[0]; k[0]++)
        for (k[1] = 0; k[1] < s.kernel[1]; k[1]++)
          for (k[2] = 0; k[2] < s.kernel[2]; k[2]++)
            praxi_store (dw->data, dw->dtype,
                         o * s.w_output + c * s.w_channel + k[0] * s.w_step[0] +
                             k[1] * s.w_step[1] + k[2] * s.w_step[2],
                         weight_gradient (&s, x, dy, o, c, k));
  return PRAXI_OK;
}

/* The gradient of BatchNormalization, in double. With x̂ = (x − mean) / √(var + ε):
 *
 *   dbias[c]  = Σ dy        dscale[c] = Σ dy x̂        over everything of channel c, n elements
 *   dx        = scale[c] / √(var[c] + ε) · dy                                   mean, var given
 *   dx        = scale[c] / √(var[c] + ε) · (dy − dbias / n − x̂ · dscale / n)    of the batch itself
 */
#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

typedef struct {
  double mean, slope, factor; /* slope: 1 / √(var + ε), factor: with the scale */
  double sum_dy, sum_product; /* Σ dy, Σ dy x̂ */
  int64_t count;
} Channel;

static void
add_up (Channel *channel, const PraxiTensor *x, const PraxiTensor *dy)
{
  PraxiRows rows = praxi_rows_over (x);
  praxi_rows_add (&rows, dy);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++, channel->count++) {
      const double v = praxi_load (x->data, x->dtype, rows.at[0] + i * rows.step[0]);
      const double d = praxi_load (dy->data, dy->dtype, rows.at[1] + i * rows.step[1]);
      channel->sum_dy += d;
      channel->sum_product += d * (v - channel->mean) * channel->slope;
    }
}

static void
fill (const Channel *channel,
      bool is_own,
      const PraxiTensor *x,
      const PraxiTensor *dy,
      const PraxiTensor *dx)
{
  const double mean_dy = is_own ? channel->sum_dy / (double) channel->count : 0;
  const double mean_product = is_own ? channel->sum_product / (double) channel->count : 0;
  PraxiRows rows = praxi_rows_over (dx);
  praxi_rows_add (&rows, x);
  praxi_rows_add (&rows, dy);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const double v = praxi_load (x->data, x->dtype, rows.at[1] + i * rows.step[1]);
      const double d = praxi_load (dy->data, dy->dtype, rows.at[2] + i * rows.step[2]);
      const double hat = (v - channel->mean) * channel->slope;
      praxi_store (dx->data, dx->dtype, rows.at[0] + i * rows.step[0],
                   channel->factor * (d - mean_dy - hat * mean_product));
    }
}

static void
store_sum (const PraxiRefCall *call, int i, int64_t c, double value)
{
  const PraxiTensor *out = i < call->n_out ? call->out[i] : NULL;
  if (out != NULL)
    praxi_store (out->data, out->dtype, c * out->strides[0], value);
}

PraxiStatus
praxi_ref_batch_norm_gradient (const PraxiRefCall *call)
{
  const PraxiTensor *const *in = call->in;
  for (int64_t c = 0; c < in[0]->dims[1]; c++) {
    const PraxiTensor x = praxi_ref_channel (in[0], c), dy = praxi_ref_channel (in[2], c);
    const PraxiTensor dx = praxi_ref_channel (call->out[0], c);
    Channel channel = {.mean = praxi_ref_listed (in[3], c)};
    channel.slope = 1 / sqrt (praxi_ref_listed (in[4], c) + (double) call->op->epsilon);
    channel.factor = praxi_ref_listed (in[1], c) * channel.slope;
    add_up (&channel, &x, &dy);
    fill (&channel, call->op->training_mode, &x, &dy, &dx);
    store_sum (call, 1, c, channel.sum_product);
    store_sum (call, 2, c, channel.sum_dy);
  }
  return PRAXI_OK;
}

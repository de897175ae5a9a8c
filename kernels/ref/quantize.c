/* Quantization, scale and zero one for all or one a slice along op->axis.
 *
 *   QuantizeLinear    q = clamp (rint (x / scale) + zero)      rint: nearest even
 *   DequantizeLinear  x = (q − zero) · scale
 *   QAdd              v = fmaf ((float) (b − residual_zero), residual_multiplier,
 *                               fmaf ((float) (a − input_zero), multiplier[0], offset[0]))
 *                     q = clamp (rint (v) + output_zero)       see PraxiRequantize
 *   QTable            q = table[bits of x as u8]
 */
#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/ref/requantize.h"
#include "kernels/rows.h"

/* A scalar, or a list along an axis, as a view of x's shape. */
static PraxiTensor
along_axis (const PraxiTensor *list, const PraxiTensor *x, int64_t axis)
{
  PraxiTensor view = *list;
  const bool is_one = list->rank == 0 || list->dims[0] == 1;
  view.rank = x->rank;
  for (int d = 0; d < x->rank; d++) {
    view.dims[d] = x->dims[d];
    view.strides[d] = d == axis && !is_one ? list->strides[0] : 0;
  }
  return view;
}

/* rows: y, x, scale, zero; where the zero point is absent, scale stands in for it. */
static PraxiRows
rows_of (const PraxiRefCall *call)
{
  const PraxiTensor *zero = praxi_ref_input (call, 2), *y = call->out[0];
  const PraxiTensor scales = along_axis (call->in[1], y, call->op->axis);
  const PraxiTensor zeros = zero != NULL ? along_axis (zero, y, call->op->axis) : scales;
  PraxiRows rows = praxi_rows_over (y);
  praxi_rows_add (&rows, call->in[0]);
  praxi_rows_add (&rows, &scales);
  praxi_rows_add (&rows, &zeros);
  return rows;
}

static int64_t
zero_at (const PraxiTensor *zero, int64_t at)
{
  return zero != NULL ? praxi_load_int (zero->data, zero->dtype, at) : 0;
}

/* The quotient of floats is taken in float. NaN becomes the zero point's clamped value, 0 + zero.
 */
static int64_t
quantize (double x, float scale, int64_t zero, PraxiDType to)
{
  const float quotient = rintf ((float) x / scale);
  const int64_t low = praxi_dtype_low (to), high = praxi_dtype_high (to);
  const int64_t q =
      isnan (quotient) ? zero : (int64_t) fmaxf (fminf (quotient, 0x1p30F), -0x1p30F) + zero;
  return q < low ? low : q > high ? high : q;
}

PraxiStatus
praxi_ref_quantize (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *zero = praxi_ref_input (call, 2), *y = call->out[0];
  const float *scale = call->in[1]->data;
  PraxiRows rows = rows_of (call);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++)
      praxi_store_int (y->data, y->dtype, rows.at[0] + i * rows.step[0],
                       quantize (praxi_load (x->data, x->dtype, rows.at[1] + i * rows.step[1]),
                                 scale[rows.at[2] + i * rows.step[2]],
                                 zero_at (zero, rows.at[3] + i * rows.step[3]), y->dtype));
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_dequantize (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *zero = praxi_ref_input (call, 2);
  const float *scale = call->in[1]->data;
  float *y = call->out[0]->data;
  PraxiRows rows = rows_of (call);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const int64_t q = praxi_load_int (x->data, x->dtype, rows.at[1] + i * rows.step[1]) -
                        zero_at (zero, rows.at[3] + i * rows.step[3]);
      y[rows.at[0] + i * rows.step[0]] = (float) q * scale[rows.at[2] + i * rows.step[2]];
    }
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_qadd (const PraxiRefCall *call)
{
  const PraxiRequantize *r = &call->op->requantize;
  const PraxiTensor *a = call->in[0], *b = call->in[1], *y = call->out[0];
  PraxiRows rows = praxi_rows_over (y);
  praxi_rows_add (&rows, a);
  praxi_rows_add (&rows, b);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const int64_t left = praxi_load_int (a->data, a->dtype, rows.at[1] + i * rows.step[1]);
      const int64_t right = praxi_load_int (b->data, b->dtype, rows.at[2] + i * rows.step[2]);
      const float v = praxi_requantize_scale (r, 0, (int32_t) left - r->input_zero);
      praxi_store_int (y->data, y->dtype, rows.at[0] + i * rows.step[0],
                       praxi_requantize_round (r, praxi_requantize_add (r, v, (int32_t) right)));
    }
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_qtable (const PraxiRefCall *call)
{
  const uint8_t *x = call->in[0]->data, *table = call->op->table;
  uint8_t *y = call->out[0]->data;
  PraxiRows rows = praxi_rows_over (call->out[0]);
  praxi_rows_add (&rows, call->in[0]);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++)
      y[rows.at[0] + i * rows.step[0]] = table[x[rows.at[1] + i * rows.step[1]]];
  return PRAXI_OK;
}

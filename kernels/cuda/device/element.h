/* Element by element, on any strides: activations, arithmetic, quantization, tables. The formulas
 * are those of kernels/ref, in f32; the bytes are equal bit for bit.
 */
#pragma once

#include "kernels/cuda/device/conv-floats.h"

INLINE float
unary (const CudaElement &a, float x)
{
  switch (a.kind) {
  case PRAXI_OP_RELU:
    return x < 0 ? 0 : x;
  case PRAXI_OP_LEAKY_RELU:
    return x < 0 ? a.alpha * x : x;
  case PRAXI_OP_CLIP:
    x = a.has_min && x < a.alpha ? a.alpha : x;
    return a.has_max && x > a.beta ? a.beta : x;
  case PRAXI_OP_SIGMOID:
    return sigmoid_of (x);
  case PRAXI_OP_HARD_SIGMOID:
    return limit (a.alpha * x + a.beta, 0, 1);
  case PRAXI_OP_HARD_SWISH:
    return x * limit (x / 6 + 0.5f, 0, 1);
  case PRAXI_OP_TANH:
    return tanhf (x);
  case PRAXI_OP_GELU:
    return 0.5f * x * (1 + erff (x * 0.70710678f));
  case PRAXI_OP_NONE: /* Gelu by tanh */
    return 0.5f * x * (1 + tanhf (0.79788456f * (x + 0.044715f * x * x * x)));
  case PRAXI_OP_ERF:
    return erff (x);
  case PRAXI_OP_ABS:
    return fabsf (x);
  case PRAXI_OP_SQRT:
    return sqrtf (x);
  case PRAXI_OP_EXP:
    return expf (x);
  case PRAXI_OP_LOG:
    return logf (x);
  case PRAXI_OP_NEG:
    return -x;
  case PRAXI_OP_RECIPROCAL:
    return 1 / x;
  case PRAXI_OP_FLOOR:
    return floorf (x);
  default:
    return x;
  }
}

INLINE float
binary (int kind, float x, float y)
{
  switch (kind) {
  case PRAXI_OP_ADD:
    return x + y;
  case PRAXI_OP_SUB:
    return x - y;
  case PRAXI_OP_MUL:
    return x * y;
  case PRAXI_OP_DIV:
    return x / y;
  case PRAXI_OP_MIN:
    return x < y || x != x ? x : y;
  case PRAXI_OP_MAX:
    return x > y || x != x ? x : y;
  case PRAXI_OP_POW:
    return powf (x, y);
  case PRAXI_OP_PRELU:
    return x < 0 ? x * y : x;
  default:
    return x;
  }
}

KERNEL (256, unary_f32, CudaElement)
{
  const int i = thread_number ();
  int at[2];
  if (i >= a.walk.count)
    return;
  walk_to (a.walk, i, at);
  ((float *) a.out)[at[0]] = unary (a, ((const float *) a.in[0])[at[1]]);
}

KERNEL (256, binary_f32, CudaElement)
{
  const int i = thread_number ();
  int at[3];
  if (i >= a.walk.count)
    return;
  walk_to (a.walk, i, at);
  ((float *) a.out)[at[0]] =
      binary (a.kind, ((const float *) a.in[0])[at[1]], ((const float *) a.in[1])[at[2]]);
}

/* Operands: out, x, scale, zero; the zero point is of the output's type and may be absent. */
KERNEL (256, quantize, CudaElement)
{
  const int i = thread_number ();
  int at[4];
  if (i >= a.walk.count)
    return;
  walk_to (a.walk, i, at);
  const bool is_u8 = a.out_type == PRAXI_U8;
  const int low = is_u8 ? 0 : -128, high = low + 255;
  const int zero = a.in[2] ? byte_value ((const uint8_t *) a.in[2], at[3], is_u8) : 0;
  const float v = rintf (((const float *) a.in[0])[at[1]] / ((const float *) a.in[1])[at[2]]);
  const int q = v != v ? zero : (int) fmaxf (fminf (v, 0x1p30f), -0x1p30f) + zero;
  ((uint8_t *) a.out)[at[0]] = (uint8_t) min (max (q, low), high);
}

INLINE int32_t
whole_value (const void *data, int type, int64_t i)
{
  if (type == PRAXI_S32)
    return ((const int32_t *) data)[i];
  return byte_value ((const uint8_t *) data, i, type != PRAXI_S8);
}

KERNEL (256, dequantize, CudaElement)
{
  const int i = thread_number ();
  int at[4];
  if (i >= a.walk.count)
    return;
  walk_to (a.walk, i, at);
  const int64_t zero = a.in[2] ? whole_value (a.in[2], a.in_type, at[3]) : 0;
  const int64_t q = whole_value (a.in[0], a.in_type, at[1]) - zero;
  ((float *) a.out)[at[0]] = (float) q * ((const float *) a.in[1])[at[2]];
}

/* QAdd. */
KERNEL (256, add_bytes, CudaElement)
{
  const int i = thread_number ();
  int at[3];
  if (i >= a.walk.count)
    return;
  walk_to (a.walk, i, at);
  const int32_t left = byte_value ((const uint8_t *) a.in[0], at[1], a.in_type == PRAXI_U8);
  const int32_t right = byte_value ((const uint8_t *) a.in[1], at[2], a.second_is_u8);
  ((uint8_t *) a.out)[at[0]] = requantize (a.r, 0, left - a.input_zero, true, right);
}

/* QTable: in[1] is the table. */
KERNEL (256, look_up, CudaElement)
{
  const int i = thread_number ();
  int at[2];
  if (i >= a.walk.count)
    return;
  walk_to (a.walk, i, at);
  ((uint8_t *) a.out)[at[0]] = ((const uint8_t *) a.in[1])[((const uint8_t *) a.in[0])[at[1]]];
}

/* Between f32 and u8, s8, bool or s32; from f32 to f16. */
KERNEL (256, cast, CudaElement)
{
  const int i = thread_number ();
  int at[2];
  if (i >= a.walk.count)
    return;
  walk_to (a.walk, i, at);
  if (a.out_type == PRAXI_F32) {
    ((float *) a.out)[at[0]] = (float) whole_value (a.in[0], a.in_type, at[1]);
    return;
  }
  const float v = ((const float *) a.in[0])[at[1]];
  if (a.out_type == PRAXI_F16) {
    ((uint16_t *) a.out)[at[0]] = (uint16_t) pack_halves (v, 0);
    return;
  }
  const int32_t low = a.out_type == PRAXI_S8 ? -128 : a.out_type == PRAXI_U8 ? 0 : INT32_MIN;
  const int32_t high = a.out_type == PRAXI_S8 ? 127 : a.out_type == PRAXI_U8 ? 255 : INT32_MAX;
  const int32_t whole = v != v              ? 0
                        : v >= (float) high ? high
                        : v <= (float) low  ? low
                                            : (int32_t) v;
  if (a.out_type == PRAXI_S32)
    ((int32_t *) a.out)[at[0]] = whole;
  else
    ((uint8_t *) a.out)[at[0]] = a.out_type == PRAXI_BOOL ? v != 0 : (uint8_t) whole;
}

INLINE void
move_element (void *to, int64_t to_at, const void *from, int64_t from_at, int size)
{
  if (size == 4)
    ((uint32_t *) to)[to_at] = ((const uint32_t *) from)[from_at];
  else if (size == 1)
    ((uint8_t *) to)[to_at] = ((const uint8_t *) from)[from_at];
  else if (size == 8)
    ((uint64_t *) to)[to_at] = ((const uint64_t *) from)[from_at];
  else
    ((uint16_t *) to)[to_at] = ((const uint16_t *) from)[from_at];
}

KERNEL (256, copy, CudaCopy)
{
  const int i = thread_number ();
  int at[2];
  if (i >= a.walk.count)
    return;
  walk_to (a.walk, i, at);
  move_element (a.out, at[0], a.in, at[1], a.size);
}

/* The walk is that of the output, its dims not merged; outside [low, high) stands the value. */
KERNEL (256, pad, CudaCopy)
{
  const int number = thread_number ();
  if (number >= a.walk.count)
    return;
  int i = number, to = 0, from = 0;
  bool is_inside = true;
  for (int d = a.walk.rank - 1; d >= 0; d--) {
    const int index = i % a.walk.dims[d];
    i /= a.walk.dims[d];
    to += index * a.walk.strides[0][d];
    from += (index - a.low[d]) * a.walk.strides[1][d];
    is_inside = is_inside && index >= a.low[d] && index < a.high[d];
  }
  if (is_inside)
    move_element (a.out, to, a.in, from, a.size);
  else
    move_element (a.out, to, &a.value, 0, a.size);
}

KERNEL (256, gather, CudaGather)
{
  const int i = thread_number ();
  int at[3];
  if (i >= a.walk.count)
    return;
  walk_to (a.walk, i, at);
  int64_t pick =
      a.index_is_s64 ? ((const int64_t *) a.indices)[at[2]] : ((const int32_t *) a.indices)[at[2]];
  pick = pick < 0 ? pick + a.axis_dim : pick;
  pick = pick < 0 ? 0 : pick >= a.axis_dim ? a.axis_dim - 1 : pick; /* the host has checked */
  move_element (a.out, at[0], a.in, at[1] + pick * a.axis_stride, a.size);
}

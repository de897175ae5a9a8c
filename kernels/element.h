/* One element of any type, read and written as a double or as an int64: for the plain loops and for
 * what is rare. Fast paths know their type and do not come here.
 */
#pragma once

#include <math.h>
#include <string.h>

#include "kernels/tensor.h"

static inline bool
praxi_dtype_is_float (PraxiDType dtype)
{
  return dtype >= PRAXI_F32 && dtype <= PRAXI_BF16;
}

static inline float
praxi_bf16_to_f32 (uint16_t half)
{
  const uint32_t bits = (uint32_t) half << 16;
  float value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static inline uint16_t
praxi_f32_to_bf16 (float value)
{
  uint32_t bits;
  memcpy (&bits, &value, sizeof bits);
  if (isnan (value))
    return (uint16_t) (bits >> 16 | 0x40);
  return (uint16_t) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* A float that rounds on to a 16-bit type as the double itself would: rounded to odd. */
static inline float
praxi_f64_to_odd_f32 (double value)
{
  float near = (float) value;
  if ((double) near == value || !isfinite (near))
    return near;
  uint32_t bits;
  memcpy (&bits, &near, sizeof bits);
  if (fabs ((double) near) > fabs (value))
    bits--;
  bits |= 1;
  memcpy (&near, &bits, sizeof bits);
  return near;
}

static inline double
praxi_load (const void *data, PraxiDType dtype, int64_t i)
{
  switch (dtype) {
  case PRAXI_F32:
    return (double) ((const float *) data)[i];
  case PRAXI_F64:
    return ((const double *) data)[i];
  case PRAXI_F16:
    return (double) praxi_f16_to_f32 (((const uint16_t *) data)[i]);
  case PRAXI_BF16:
    return (double) praxi_bf16_to_f32 (((const uint16_t *) data)[i]);
  case PRAXI_U8:
  case PRAXI_BOOL:
    return ((const uint8_t *) data)[i];
  case PRAXI_S8:
    return ((const int8_t *) data)[i];
  case PRAXI_U16:
    return ((const uint16_t *) data)[i];
  case PRAXI_S16:
    return ((const int16_t *) data)[i];
  case PRAXI_U32:
    return ((const uint32_t *) data)[i];
  case PRAXI_S32:
    return ((const int32_t *) data)[i];
  case PRAXI_U64:
    return (double) ((const uint64_t *) data)[i];
  case PRAXI_S64:
    return (double) ((const int64_t *) data)[i];
  case PRAXI_STRING: /* only Cast reads texts, in kernels/ref/cast.c */
    break;
  }
  return 0;
}

/* The nearest int64 towards zero; NaN is 0. */
static inline int64_t
praxi_saturate_s64 (double value)
{
  if (isnan (value))
    return 0;
  if (value >= 0x1p63)
    return INT64_MAX;
  return value <= -0x1p63 ? INT64_MIN : (int64_t) value;
}

/* u64 beyond int64 wraps around; the bits survive a store into u64. */
static inline int64_t
praxi_load_int (const void *data, PraxiDType dtype, int64_t i)
{
  switch (dtype) {
  case PRAXI_U8:
  case PRAXI_BOOL:
    return ((const uint8_t *) data)[i];
  case PRAXI_S8:
    return ((const int8_t *) data)[i];
  case PRAXI_U16:
    return ((const uint16_t *) data)[i];
  case PRAXI_S16:
    return ((const int16_t *) data)[i];
  case PRAXI_U32:
    return ((const uint32_t *) data)[i];
  case PRAXI_S32:
    return ((const int32_t *) data)[i];
  case PRAXI_U64:
    return (int64_t) ((const uint64_t *) data)[i];
  case PRAXI_S64:
    return ((const int64_t *) data)[i];
  default:
    return praxi_saturate_s64 (praxi_load (data, dtype, i));
  }
}

/* Integers wrap around to the width of the type, as in C and NumPy. */
static inline void
praxi_store_int (void *data, PraxiDType dtype, int64_t i, int64_t value)
{
  switch (dtype) {
  case PRAXI_U8:
  case PRAXI_S8:
    ((uint8_t *) data)[i] = (uint8_t) value;
    break;
  case PRAXI_BOOL:
    ((uint8_t *) data)[i] = value != 0;
    break;
  case PRAXI_U16:
  case PRAXI_S16:
    ((uint16_t *) data)[i] = (uint16_t) value;
    break;
  case PRAXI_U32:
  case PRAXI_S32:
    ((uint32_t *) data)[i] = (uint32_t) value;
    break;
  case PRAXI_U64:
  case PRAXI_S64:
    ((uint64_t *) data)[i] = (uint64_t) value;
    break;
  case PRAXI_F32:
    ((float *) data)[i] = (float) value;
    break;
  case PRAXI_F64:
    ((double *) data)[i] = (double) value;
    break;
  case PRAXI_F16:
    ((uint16_t *) data)[i] = praxi_f32_to_f16 (praxi_f64_to_odd_f32 ((double) value));
    break;
  case PRAXI_BF16:
    ((uint16_t *) data)[i] = praxi_f32_to_bf16 (praxi_f64_to_odd_f32 ((double) value));
    break;
  case PRAXI_STRING:
    break;
  }
}

/* The least and greatest value of an integer type, as far as an int64 holds them. */
static inline int64_t
praxi_dtype_low (PraxiDType dtype)
{
  switch (dtype) {
  case PRAXI_S8:
    return INT8_MIN;
  case PRAXI_S16:
    return INT16_MIN;
  case PRAXI_S32:
    return INT32_MIN;
  case PRAXI_S64:
    return INT64_MIN;
  default:
    return 0;
  }
}

static inline int64_t
praxi_dtype_high (PraxiDType dtype)
{
  switch (dtype) {
  case PRAXI_BOOL:
    return 1;
  case PRAXI_U8:
    return UINT8_MAX;
  case PRAXI_S8:
    return INT8_MAX;
  case PRAXI_U16:
    return UINT16_MAX;
  case PRAXI_S16:
    return INT16_MAX;
  case PRAXI_U32:
    return UINT32_MAX;
  case PRAXI_S32:
    return INT32_MAX;
  default:
    return INT64_MAX;
  }
}

/* Floats round to nearest even; integers are cut towards zero and saturate; NaN is integer 0. */
static inline void
praxi_store (void *data, PraxiDType dtype, int64_t i, double value)
{
  switch (dtype) {
  case PRAXI_F32:
    ((float *) data)[i] = (float) value;
    break;
  case PRAXI_F64:
    ((double *) data)[i] = value;
    break;
  case PRAXI_F16:
    ((uint16_t *) data)[i] = praxi_f32_to_f16 (praxi_f64_to_odd_f32 (value));
    break;
  case PRAXI_BF16:
    ((uint16_t *) data)[i] = praxi_f32_to_bf16 (praxi_f64_to_odd_f32 (value));
    break;
  case PRAXI_BOOL:
    ((uint8_t *) data)[i] = value != 0;
    break;
  case PRAXI_U64:
    ((uint64_t *) data)[i] = value >= 0x1p64 ? UINT64_MAX : !(value > 0) ? 0 : (uint64_t) value;
    break;
  default: {
    const int64_t whole = praxi_saturate_s64 (value);
    const int64_t low = praxi_dtype_low (dtype), high = praxi_dtype_high (dtype);
    praxi_store_int (data, dtype, i, whole < low ? low : whole > high ? high : whole);
  }
  }
}

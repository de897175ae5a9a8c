/* kernels/cpu/simd.h for 4 lanes in plain C, as vectors of the compiler. */
#pragma once

enum { LANES = 4 };
typedef float VecF __attribute__ ((vector_size (16)));
typedef int32_t VecI __attribute__ ((vector_size (16)));

SIMD_INLINE VecF
simd_set1 (float x)
{
  return (VecF){x, x, x, x};
}

SIMD_INLINE VecI
simd_set1_s32 (int32_t x)
{
  return (VecI){x, x, x, x};
}

SIMD_INLINE VecF
simd_load (const float *p)
{
  VecF x;
  memcpy (&x, p, sizeof x);
  return x;
}

SIMD_INLINE VecF
simd_load_n (const float *p, int n)
{
  VecF x = {0};
  for (int i = 0; i < LANES && i < n; i++)
    x[i] = p[i];
  return x;
}

SIMD_INLINE void
simd_store (float *p, VecF x)
{
  memcpy (p, &x, sizeof x);
}

SIMD_INLINE void
simd_store_n (float *p, VecF x, int n)
{
  for (int i = 0; i < LANES && i < n; i++)
    p[i] = x[i];
}

SIMD_INLINE VecI
simd_load_s32 (const int32_t *p)
{
  VecI x;
  memcpy (&x, p, sizeof x);
  return x;
}

SIMD_INLINE VecI
simd_load_u8_n (const uint8_t *p, int n)
{
  VecI x = {0};
  for (int i = 0; i < LANES && i < n; i++)
    x[i] = p[i];
  return x;
}

SIMD_INLINE VecI
simd_load_s8_n (const int8_t *p, int n)
{
  VecI x = {0};
  for (int i = 0; i < LANES && i < n; i++)
    x[i] = p[i];
  return x;
}

SIMD_INLINE void
simd_store_bytes_n (uint8_t *p, VecI x, int n)
{
  for (int i = 0; i < LANES && i < n; i++)
    p[i] = (uint8_t) x[i];
}

/* As the instructions do: b where either is NaN. */
SIMD_INLINE VecF
simd_max (VecF a, VecF b)
{
  for (int i = 0; i < LANES; i++)
    a[i] = a[i] > b[i] ? a[i] : b[i];
  return a;
}

SIMD_INLINE VecF
simd_min (VecF a, VecF b)
{
  for (int i = 0; i < LANES; i++)
    a[i] = a[i] < b[i] ? a[i] : b[i];
  return a;
}

SIMD_INLINE VecF
simd_fma (VecF a, VecF b, VecF c)
{
  for (int i = 0; i < LANES; i++)
    c[i] = fmaf (a[i], b[i], c[i]);
  return c;
}

SIMD_INLINE VecF
simd_sqrt (VecF a)
{
  for (int i = 0; i < LANES; i++)
    a[i] = sqrtf (a[i]);
  return a;
}

SIMD_INLINE VecF
simd_from_s32 (VecI a)
{
  return __builtin_convertvector(a, VecF);
}

SIMD_INLINE VecI
simd_to_s32 (VecF a)
{
  VecI x;
  for (int i = 0; i < LANES; i++)
    x[i] = (int32_t) rintf (a[i]);
  return x;
}

SIMD_INLINE VecI
simd_add_s32 (VecI a, VecI b)
{
  return a + b;
}

SIMD_INLINE VecI
simd_xor (VecI a, VecI b)
{
  return a ^ b;
}

SIMD_INLINE VecI
simd_dot (VecI sum, VecI u8, VecI s8)
{
  uint8_t u[16];
  int8_t s[16];
  memcpy (u, &u8, sizeof u);
  memcpy (s, &s8, sizeof s);
  for (int i = 0; i < LANES; i++)
    sum[i] += u[4 * i] * s[4 * i] + u[4 * i + 1] * s[4 * i + 1] + u[4 * i + 2] * s[4 * i + 2] +
              u[4 * i + 3] * s[4 * i + 3];
  return sum;
}

SIMD_INLINE VecI
simd_pair_s16 (VecI a, VecI b)
{
  return a | b << 16;
}

SIMD_INLINE VecF
simd_add_pairs (VecF a, VecF b)
{
  return (VecF){a[0] + a[1], a[2] + a[3], b[0] + b[1], b[2] + b[3]};
}

SIMD_INLINE VecI
simd_dot_s16 (VecI sum, VecI a, VecI b)
{
  int16_t left[8], right[8];
  memcpy (left, &a, sizeof left);
  memcpy (right, &b, sizeof right);
  for (int i = 0; i < LANES; i++)
    sum[i] += left[2 * i] * right[2 * i] + left[2 * i + 1] * right[2 * i + 1];
  return sum;
}

SIMD_INLINE VecI
simd_interleave4 (const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d, int n)
{
  uint8_t bytes[16] = {0};
  for (int i = 0; i < LANES && i < n; i++) {
    bytes[4 * i] = a[i];
    bytes[4 * i + 1] = b[i];
    bytes[4 * i + 2] = c[i];
    bytes[4 * i + 3] = d[i];
  }
  VecI x;
  memcpy (&x, bytes, sizeof x);
  return x;
}

/* x · 2^n, n being what simd_exp's rounding left in the low bits of power */
SIMD_INLINE VecF
simd_scale (VecF x, VecI power)
{
  uint32_t bits[LANES], shift[LANES];
  memcpy (bits, &x, sizeof bits);
  memcpy (shift, &power, sizeof shift);
  for (int i = 0; i < LANES; i++)
    bits[i] += shift[i] << 23;
  memcpy (&x, bits, sizeof x);
  return x;
}

SIMD_INLINE VecF
simd_zero_nan (VecF x)
{
  for (int i = 0; i < LANES; i++)
    x[i] = isnan (x[i]) ? 0 : x[i];
  return x;
}

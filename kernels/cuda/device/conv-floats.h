/* f32 convolution, channels-last: y = activation (Σ x · w + b [+ residual]).
 *
 *   conv_f32_tiled    an implicit GEMM of 64×64 outputs a block, 4×4 a thread; one group
 *   conv_f32_direct   one output a thread; any groups
 *   weight: f32 [taps][C/group][O] in both
 */
#pragma once

#include "kernels/cuda/device/conv-bytes-direct.h"
#include "kernels/op.h"

INLINE float
sigmoid_of (float v)
{
  return 1 / (1 + expf (-v));
}

INLINE float
limit (float v, float low, float high)
{
  return v < low ? low : v > high ? high : v;
}

INLINE float
activate (float v, int activation, float alpha, float beta)
{
  switch (activation) {
  case PRAXI_ACTIVATION_RELU:
    return v < 0 ? 0 : v;
  case PRAXI_ACTIVATION_CLIP:
    return limit (v, alpha, beta);
  case PRAXI_ACTIVATION_SIGMOID:
    return sigmoid_of (v);
  case PRAXI_ACTIVATION_HARD_SIGMOID:
    return limit (alpha * v + beta, 0, 1);
  case PRAXI_ACTIVATION_HARD_SWISH:
    return v * limit (v / 6 + 0.5f, 0, 1);
  case PRAXI_ACTIVATION_SWISH:
    return v * sigmoid_of (v);
  default:
    return v;
  }
}

INLINE void
store_float (const CudaConvFloats &a, int64_t position, int o, float v)
{
  const int64_t at = position * a.w.outputs + o;
  if (a.bias != nullptr)
    v += a.bias[o];
  if (a.residual != nullptr)
    v += a.residual[at];
  a.y[at] = activate (v, a.activation, a.alpha, a.beta);
}

KERNEL (128, conv_f32_direct, CudaConvFloats)
{
  const CudaWindow &w = a.w;
  const int number = thread_number ();
  if (number >= w.batch * w.out[0] * w.out[1] * w.out[2] * w.outputs)
    return;
  const Place p = place_of (w, number);
  const int channels = w.channels / w.groups;
  float sum = 0;
  each_tap (w, p, [&] (int64_t x_at, int64_t w_at) {
    for (int c = 0; c < channels; c++)
      sum = fmaf (a.x[x_at + c], a.weight[w_at + (int64_t) c * w.outputs], sum);
  });
  store_float (a, p.position, p.o, sum);
}

enum { FLOAT_TILE = 64, FLOAT_STEP = 16 };

/* Element k of the row of x under a window, zero outside. */
INLINE float
float_under (const CudaConvFloats &a, const Place &p, bool is_there, int k)
{
  const CudaWindow &w = a.w;
  const int channel = k % w.channels;
  int tap = k / w.channels;
  const int x = p.at[2] + tap % w.kernel[2] * w.dilation[2];
  tap /= w.kernel[2];
  const int h = p.at[1] + tap % w.kernel[1] * w.dilation[1],
            t = p.at[0] + tap / w.kernel[1] * w.dilation[0];
  if (!is_there || (unsigned) t >= (unsigned) w.in[0] || (unsigned) h >= (unsigned) w.in[1] ||
      (unsigned) x >= (unsigned) w.in[2])
    return 0;
  return a.x[(((int64_t) (p.n * w.in[0] + t) * w.in[1] + h) * w.in[2] + x) * w.channels + channel];
}

/* What a thread adds from one step: its rows are row + 16 i, its columns column + 16 j. */
INLINE void
multiply_step (float (&sum)[4][4],
               const float (&x)[FLOAT_STEP][FLOAT_TILE + 1],
               const float (&w)[FLOAT_STEP][FLOAT_TILE],
               int row,
               int column)
{
#pragma unroll
  for (int k = 0; k < FLOAT_STEP; k++) {
    float left[4], right[4];
#pragma unroll
    for (int i = 0; i < 4; i++) {
      left[i] = x[k][row + 16 * i];
      right[i] = w[k][column + 16 * i];
    }
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
      for (int j = 0; j < 4; j++)
        sum[i][j] = fmaf (left[i], right[j], sum[i][j]);
  }
}

KERNEL (256, conv_f32_tiled, CudaConvFloats)
{
  __shared__ float x[FLOAT_STEP][FLOAT_TILE + 1];
  __shared__ float w[FLOAT_STEP][FLOAT_TILE];
  const int row = threadIdx.x / 16, column = threadIdx.x % 16;
  const int m0 = blockIdx.x * FLOAT_TILE, o0 = blockIdx.y * FLOAT_TILE;
  const int n_rows = a.w.batch * a.w.out[0] * a.w.out[1] * a.w.out[2], outputs = a.w.outputs;
  const int n_k = a.w.kernel[0] * a.w.kernel[1] * a.w.kernel[2] * a.w.channels;
  Place places[4];
#pragma unroll
  for (int i = 0; i < 4; i++)
    places[i] = place_of (a.w, min (m0 + row + 16 * i, n_rows - 1) * outputs);
  float sum[4][4] = {};
  for (int k0 = 0; k0 < n_k; k0 += FLOAT_STEP) {
    const int k = k0 + column;
#pragma unroll
    for (int i = 0; i < 4; i++)
      x[column][row + 16 * i] =
          float_under (a, places[i], k < n_k && m0 + row + 16 * i < n_rows, min (k, n_k - 1));
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const int step = threadIdx.x / 64 + 4 * i, o = o0 + threadIdx.x % 64;
      w[step][threadIdx.x % 64] =
          k0 + step < n_k && o < outputs ? a.weight[(int64_t) (k0 + step) * outputs + o] : 0;
    }
    __syncthreads ();
    multiply_step (sum, x, w, row, column);
    __syncthreads ();
  }
#pragma unroll
  for (int i = 0; i < 4; i++)
#pragma unroll
    for (int j = 0; j < 4; j++)
      if (m0 + row + 16 * i < n_rows && o0 + column + 16 * j < outputs)
        store_float (a, m0 + row + 16 * i, o0 + column + 16 * j, sum[i][j]);
}

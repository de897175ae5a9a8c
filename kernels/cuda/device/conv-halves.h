/* f32 convolution computed in halves on the tensor cores, channels-last, one group: operands are
 * rounded to f16 as they are loaded, sums stay f32.
 *
 *   y = activation (Σ f16 (x) · f16 (w) + b [+ residual])
 *   weight: f16 [O][taps][C rounded up to 8], zeros beyond C
 *
 * The tiles are those of conv-bytes.h: 64 bytes a row are 32 halves.
 */
#pragma once

#include "kernels/cuda/device/conv-bytes.h"
#include "kernels/cuda/device/conv-floats.h"

enum { HALF_TILE = 64, STEP_HALVES = STEP_BYTES / 2, CHUNK_HALVES = 8 };

/* One chunk of eight channels of x under a window as halves; zeros outside. */
INLINE int4
load_halves (const CudaConvFloats &a, const Corner &c, int k, int padded)
{
  const CudaWindow &w = a.w;
  const int channel = k % padded;
  int tap = k / padded;
  const int x = c.w + tap % w.kernel[2] * w.dilation[2];
  tap /= w.kernel[2];
  const int h = c.h + tap % w.kernel[1] * w.dilation[1],
            t = c.t + tap / w.kernel[1] * w.dilation[0];
  uint32_t word[4] = {};
  if (c.is_there && (unsigned) t < (unsigned) w.in[0] && (unsigned) h < (unsigned) w.in[1] &&
      (unsigned) x < (unsigned) w.in[2]) {
    const int64_t place = ((int64_t) (c.n * w.in[0] + t) * w.in[1] + h) * w.in[2] + x;
    const float *from = a.x + place * w.channels + channel;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const int left = w.channels - channel - 2 * i;
      word[i] = pack_halves (left > 0 ? from[2 * i] : 0, left > 1 ? from[2 * i + 1] : 0);
    }
  }
  return make_int4 ((int) word[0], (int) word[1], (int) word[2], (int) word[3]);
}

INLINE void
load_half_step (const CudaConvFloats &a,
                const Corner &corner,
                int8_t *x,
                int8_t *w,
                int step,
                int o0)
{
  const int chunk = threadIdx.x & 3, row = threadIdx.x >> 2;
  const int padded = (a.w.channels + CHUNK_HALVES - 1) / CHUNK_HALVES * CHUNK_HALVES;
  const int n_k = a.w.kernel[0] * a.w.kernel[1] * a.w.kernel[2] * padded;
  const int k = step * STEP_HALVES + chunk * CHUNK_HALVES;
  Corner c = corner;
  c.is_there = c.is_there && k < n_k;
  *(int4 *) chunk_at (x, row, chunk) = load_halves (a, c, k < n_k ? k : 0, padded);
  int8_t *to = chunk_at (w, row, chunk);
  if (k < n_k && o0 + row < a.w.outputs)
    copy_16 (to, (const uint16_t *) (const void *) a.weight + (int64_t) (o0 + row) * n_k + k);
  else
    *(int4 *) to = make_int4 (0, 0, 0, 0);
  copy_commit ();
}

KERNEL (CONV_THREADS, conv_f16_mma, CudaConvFloats)
{
  __shared__ __align__ (128) int8_t x[STAGES][HALF_TILE * STEP_BYTES];
  __shared__ __align__ (128) int8_t w[STAGES][HALF_TILE * STEP_BYTES];
  const int n_rows = a.w.batch * a.w.out[0] * a.w.out[1] * a.w.out[2];
  const int m0 = blockIdx.x * HALF_TILE, o0 = blockIdx.y * HALF_TILE;
  const int padded = (a.w.channels + CHUNK_HALVES - 1) / CHUNK_HALVES * CHUNK_HALVES;
  const int n_k = a.w.kernel[0] * a.w.kernel[1] * a.w.kernel[2] * padded;
  const int steps = (n_k + STEP_HALVES - 1) / STEP_HALVES;
  const Corner corner = corner_of (a.w, m0 + (threadIdx.x >> 2), n_rows);
  MmaTile<HALF_TILE, HALF_TILE, float> tile = {};
  for (int s = 0; s < STAGES - 1; s++)
    if (s < steps)
      load_half_step (a, corner, x[s], w[s], s, o0);
    else
      copy_commit ();
  for (int s = 0; s < steps; s++) {
    copy_wait<STAGES - 2> ();
    __syncthreads ();
    const int next = s + STAGES - 1;
    if (next < steps)
      load_half_step (a, corner, x[next % STAGES], w[next % STAGES], next, o0);
    else
      copy_commit ();
    tile.step (x[s % STAGES], w[s % STAGES], 0);
  }
  tile.each ([&] (int row, int column, float sum) {
    if (m0 + row < n_rows && o0 + column < a.w.outputs)
      store_float (a, m0 + row, o0 + column, sum);
  });
}

/* INT8 convolution, channels-last, as an implicit GEMM, bit for bit PRAXI_OP_QCONV.
 *
 *   y[m, o] = requantize (Σ_k x'[m, k] · w[o, k] + base[o] [, residual[m, o]])
 *   m over N·T·H·W positions, k over taps × channels, channels padded to 16 in the weights
 *
 * x' are the bytes as s8 (u8 with the sign bit flipped); padding reads as the zero point, whose
 * share base takes away: whole numbers, so the sums are exact modulo 2^32.
 * weight: s8 [O][taps][C rounded up to 16], zeros beyond C
 *
 * A block of 256 threads makes rows × columns outputs; 64 bytes of k a step, three steps in flight.
 * 16-byte chunk c of row r lies at chunk c ^ (r/2 % 4): neither copy_16 nor load_matrices has bank
 * conflicts.
 */
#pragma once

#include "kernels/cuda/device/primitives.h"

enum { STEP_BYTES = 64, STAGES = 3, CONV_THREADS = 256 };

INLINE int8_t *
chunk_at (int8_t *tile, int row, int chunk)
{
  return tile + row * STEP_BYTES + ((chunk ^ (row >> 1 & 3)) << 4);
}

/* Where the window of one output position begins. */
struct Corner {
  int n, t, h, w;
  bool is_there;
};

INLINE Corner
corner_of (const CudaWindow &w, int m, int rows)
{
  Corner c;
  c.is_there = m < rows;
  m = c.is_there ? m : 0;
  c.w = m % w.out[2] * w.stride[2] - w.pad[2];
  m /= w.out[2];
  c.h = m % w.out[1] * w.stride[1] - w.pad[1];
  m /= w.out[1];
  c.t = m % w.out[0] * w.stride[0] - w.pad[0];
  c.n = m / w.out[0];
  return c;
}

/* Up to 16 channels at a place that need not be aligned; what is beyond `valid` meets zero weights.
 */
INLINE int4
load_channels (const uint8_t *from, int valid, int channels, uint32_t fill)
{
  uint32_t word[4] = {fill, fill, fill, fill};
  if (channels % 4 == 0) {
#pragma unroll
    for (int i = 0; i < 4; i++)
      if (i * 4 < valid)
        word[i] = *(const uint32_t *) (from + i * 4);
  } else {
#pragma unroll
    for (int i = 0; i < 16; i++)
      if (i < valid)
        word[i / 4] = (word[i / 4] & ~(255u << 8 * (i % 4))) | (uint32_t) from[i] << 8 * (i % 4);
  }
  return make_int4 ((int) word[0], (int) word[1], (int) word[2], (int) word[3]);
}

/* One chunk of 16 channels of one row of x, or the zero point. */
INLINE void
load_x (const CudaConvBytes &a, int8_t *to, const Corner &c, const int (&tap)[3], int channel)
{
  const CudaWindow &w = a.w;
  const int t = c.t + tap[0] * w.dilation[0], h = c.h + tap[1] * w.dilation[1],
            x = c.w + tap[2] * w.dilation[2];
  const bool is_inside = c.is_there && (unsigned) t < (unsigned) w.in[0] &&
                         (unsigned) h < (unsigned) w.in[1] && (unsigned) x < (unsigned) w.in[2];
  if (!is_inside) {
    *(int4 *) to = make_int4 ((int) a.fill, (int) a.fill, (int) a.fill, (int) a.fill);
    return;
  }
  const int64_t place = ((int64_t) (c.n * w.in[0] + t) * w.in[1] + h) * w.in[2] + x;
  const uint8_t *from = a.x + place * w.channels + channel;
  if (w.channels % 16 == 0)
    copy_16 (to, from);
  else
    *(int4 *) to = load_channels (from, w.channels - channel, w.channels, a.fill);
}

INLINE void
multiply (int32_t (&sum)[4], const uint32_t (&x)[4], const uint32_t (&w)[2])
{
  mma_s8 (sum, x, w);
}

INLINE void
multiply (float (&sum)[4], const uint32_t (&x)[4], const uint32_t (&w)[2])
{
  mma_f16 (sum, x, w);
}

/* The sums of a tile, s32 of bytes or f32 of halves, by tensor cores: 8 warps, 4 along the rows, 2
 * along the columns. */
template <int rows, int columns, typename Sum> struct MmaTile {
  static constexpr int warp_rows = rows / 4, warp_columns = columns / 2;
  static constexpr int m = warp_rows / 16, n = warp_columns / 8;
  Sum sum[m][n][4];

  __device__ __forceinline__ void step (int8_t *x, int8_t *w, uint32_t flip)
  {
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const int row = (warp >> 1) * warp_rows, column = (warp & 1) * warp_columns;
#pragma unroll
    for (int half = 0; half < STEP_BYTES / 32; half++) {
      uint32_t xs[m][4], ws[n][2];
#pragma unroll
      for (int i = 0; i < m; i++) {
        load_matrices (xs[i], chunk_at (x, row + i * 16 + (lane & 15), half * 2 + (lane >> 4)));
#pragma unroll
        for (int k = 0; k < 4; k++)
          xs[i][k] ^= flip;
      }
#pragma unroll
      for (int j = 0; j < n; j += 2) {
        uint32_t pair[4];
        load_matrices (pair, chunk_at (w, column + j * 8 + (lane & 7) + (lane >> 4) * 8,
                                       half * 2 + (lane >> 3 & 1)));
        ws[j][0] = pair[0];
        ws[j][1] = pair[1];
        ws[j + 1][0] = pair[2];
        ws[j + 1][1] = pair[3];
      }
#pragma unroll
      for (int i = 0; i < m; i++)
#pragma unroll
        for (int j = 0; j < n; j++)
          multiply (sum[i][j], xs[i], ws[j]);
    }
  }

  /* Calls f (row, column, sum) for each of this thread's sums. */
  template <typename F> __device__ __forceinline__ void each (F f)
  {
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
#pragma unroll
    for (int i = 0; i < m; i++)
#pragma unroll
      for (int j = 0; j < n; j++)
#pragma unroll
        for (int e = 0; e < 4; e++)
          f ((warp >> 1) * warp_rows + i * 16 + (lane >> 2) + (e >> 1) * 8,
             (warp & 1) * warp_columns + j * 8 + (lane & 3) * 2 + (e & 1), sum[i][j][e]);
  }
};

/* The same by dp4a, for cards without tensor cores: 16×16 threads, each 4×4 outputs. */
template <int rows, int columns> struct Dp4aTile {
  static constexpr int m = rows / 16, n = columns / 16;
  int32_t sum[m][n];

  __device__ __forceinline__ void step (int8_t *x, int8_t *w, uint32_t flip)
  {
    const int row = threadIdx.x / 16, column = threadIdx.x % 16;
#pragma unroll 4
    for (int word = 0; word < STEP_BYTES / 4; word++) {
      uint32_t xs[m], ws[n];
#pragma unroll
      for (int i = 0; i < m; i++)
        xs[i] = *(uint32_t *) (chunk_at (x, row + 16 * i, word / 4) + word % 4 * 4) ^ flip;
#pragma unroll
      for (int j = 0; j < n; j++)
        ws[j] = *(uint32_t *) (chunk_at (w, column + 16 * j, word / 4) + word % 4 * 4);
#pragma unroll
      for (int i = 0; i < m; i++)
#pragma unroll
        for (int j = 0; j < n; j++)
          sum[i][j] = __dp4a ((int) xs[i], (int) ws[j], sum[i][j]);
    }
  }

  template <typename F> __device__ __forceinline__ void each (F f)
  {
#pragma unroll
    for (int i = 0; i < m; i++)
#pragma unroll
      for (int j = 0; j < n; j++)
        f ((int) threadIdx.x / 16 + 16 * i, (int) threadIdx.x % 16 + 16 * j, sum[i][j]);
  }
};

/* Requantizes a tile through shared memory, so that it is stored 16 bytes at a time. */
template <int rows, int columns, typename Tile>
INLINE void
store_tile (const CudaConvBytes &a, Tile &tile, int8_t *room, int m0, int o0, int n_rows)
{
  const int outputs = a.w.outputs;
  tile.each ([&] (int row, int column, int32_t sum) {
    const int o = o0 + column, m = m0 + row;
    if (o >= outputs || m >= n_rows)
      return;
    const int32_t whole = (int32_t) ((uint32_t) sum + (uint32_t) a.base[o]);
    const bool adds = a.residual != nullptr;
    const int32_t residual =
        adds ? byte_value (a.residual, (int64_t) m * outputs + o, a.residual_is_u8) : 0;
    room[row * columns + column] = (int8_t) requantize (a.r, o, whole, adds, residual);
  });
  __syncthreads ();
  for (int i = threadIdx.x; i < rows * columns / 16; i += CONV_THREADS) {
    const int row = i / (columns / 16), column = i % (columns / 16) * 16, m = m0 + row;
    if (m >= n_rows || o0 + column >= outputs)
      continue;
    uint8_t *to = a.y + (int64_t) m * outputs + o0 + column;
    const int8_t *from = room + row * columns + column;
    if (outputs % 16 == 0)
      *(int4 *) to = *(const int4 *) from;
    else
      for (int k = 0; k < 16 && o0 + column + k < outputs; k++)
        to[k] = (uint8_t) from[k];
  }
}

/* One 64-byte step of k: the rows of x under the window's taps, and the weights. */
template <int rows, int columns>
INLINE void
load_step (const CudaConvBytes &a,
           const Corner *corners,
           int8_t *x,
           int8_t *w,
           int step,
           int o0,
           int k_bytes)
{
  const int chunk = threadIdx.x & 3, row = threadIdx.x >> 2, k = step * STEP_BYTES + chunk * 16;
  const int padded = (a.w.channels + 15) & ~15;
  const bool is_there = k < k_bytes;
  const int channel = is_there ? k % padded : 0;
  int tap = is_there ? k / padded : 0;
  int taps[3];
  taps[2] = tap % a.w.kernel[2];
  tap /= a.w.kernel[2];
  taps[1] = tap % a.w.kernel[1];
  taps[0] = tap / a.w.kernel[1];
#pragma unroll
  for (int i = 0; i < rows / 64; i++) {
    Corner c = corners[i];
    c.is_there = c.is_there && is_there;
    load_x (a, chunk_at (x, row + i * 64, chunk), c, taps, channel);
  }
  if (row < columns) {
    int8_t *to = chunk_at (w, row, chunk);
    if (is_there && o0 + row < a.w.outputs)
      copy_16 (to, a.weight + (int64_t) (o0 + row) * k_bytes + k);
    else
      *(int4 *) to = make_int4 (0, 0, 0, 0);
  }
  copy_commit ();
}

template <int rows, int columns, typename Tile>
INLINE void
convolve (const CudaConvBytes &a)
{
  static_assert (columns <= 64 && rows % 64 == 0, "a thread loads one row of weights");
  static_assert (rows * columns <= STAGES * rows * STEP_BYTES, "the stages hold the outputs");
  __shared__ __align__ (128) int8_t x[STAGES][rows * STEP_BYTES];
  __shared__ __align__ (128) int8_t w[STAGES][columns * STEP_BYTES];
  const int n_rows = a.w.batch * a.w.out[0] * a.w.out[1] * a.w.out[2];
  const int m0 = blockIdx.x * rows, o0 = blockIdx.y * columns;
  const int taps = a.w.kernel[0] * a.w.kernel[1] * a.w.kernel[2];
  const int k_bytes = taps * ((a.w.channels + 15) & ~15);
  const int steps = (k_bytes + STEP_BYTES - 1) / STEP_BYTES;
  Corner corners[rows / 64];
#pragma unroll
  for (int i = 0; i < rows / 64; i++)
    corners[i] = corner_of (a.w, m0 + (threadIdx.x >> 2) + i * 64, n_rows);
  Tile tile = {};
  for (int s = 0; s < STAGES - 1; s++)
    if (s < steps)
      load_step<rows, columns> (a, corners, x[s], w[s], s, o0, k_bytes);
    else
      copy_commit ();
  for (int s = 0; s < steps; s++) {
    copy_wait<STAGES - 2> ();
    __syncthreads ();
    const int next = s + STAGES - 1;
    if (next < steps)
      load_step<rows, columns> (a, corners, x[next % STAGES], w[next % STAGES], next, o0, k_bytes);
    else
      copy_commit ();
    tile.step (x[s % STAGES], w[s % STAGES], a.flip);
  }
  copy_wait<0> ();
  __syncthreads ();
  store_tile<rows, columns> (a, tile, x[0], m0, o0, n_rows);
}

KERNEL (CONV_THREADS, conv_s8_mma_large, CudaConvBytes)
{
  convolve<128, 64, MmaTile<128, 64, int32_t>> (a);
}

KERNEL (CONV_THREADS, conv_s8_mma_small, CudaConvBytes)
{
  convolve<64, 32, MmaTile<64, 32, int32_t>> (a);
}

KERNEL (CONV_THREADS, conv_s8_dp4a, CudaConvBytes)
{
  convolve<64, 64, Dp4aTile<64, 64>> (a);
}

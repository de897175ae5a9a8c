/* INT8 convolutions that are no matrix product: depthwise, and whatever else there is.
 *
 *   conv_s8_depthwise   four channels and four outputs along W a thread; C % 4 = 0
 *                       weight: s8 [taps][C]
 *   conv_s8_direct      one output a thread; any groups
 *                       weight: s8 [taps][C/group][O]
 */
#pragma once

#include "kernels/cuda/device/primitives.h"

/* dp4a of x with a word in which only byte q counts is x_q · w_q. */
INLINE void
multiply_add_four (int32_t (&sum)[4], uint32_t x, const uint32_t (&w)[4])
{
#pragma unroll
  for (int q = 0; q < 4; q++)
    sum[q] = __dp4a ((int) x, (int) w[q], sum[q]);
}

INLINE uint32_t
requantize_four (const CudaConvBytes &a, const int32_t (&sum)[4], int channel, int64_t at)
{
  uint32_t word = 0;
#pragma unroll
  for (int q = 0; q < 4; q++) {
    const int o = channel + q;
    const int32_t whole = (int32_t) ((uint32_t) sum[q] + (uint32_t) a.base[o]);
    const bool adds = a.residual != nullptr;
    const int32_t residual = adds ? byte_value (a.residual, at + q, a.residual_is_u8) : 0;
    word |= (uint32_t) requantize (a.r, o, whole, adds, residual) << 8 * q;
  }
  return word;
}

/* Rows of a grid: x over channels / 4 (fast) and four outputs along W; y over N·T·H. */
KERNEL (128, conv_s8_depthwise, CudaConvBytes)
{
  const CudaWindow &w = a.w;
  const int words = w.channels / 4, number = thread_number (), word = number % words;
  const int first = number / words * 4, channel = word * 4;
  if (first >= w.out[2])
    return;
  int row = blockIdx.y;
  const int h0 = row % w.out[1] * w.stride[1] - w.pad[1];
  row /= w.out[1];
  const int t0 = row % w.out[0] * w.stride[0] - w.pad[0], n = row / w.out[0];
  int32_t sum[4][4] = {};
  for (int tap = 0; tap < w.kernel[0] * w.kernel[1] * w.kernel[2]; tap++) {
    const int i = tap % w.kernel[2], j = tap / w.kernel[2] % w.kernel[1],
              k = tap / w.kernel[2] / w.kernel[1];
    const int t = t0 + k * w.dilation[0], h = h0 + j * w.dilation[1];
    const bool is_row = (unsigned) t < (unsigned) w.in[0] && (unsigned) h < (unsigned) w.in[1];
    const uint32_t *from = (const uint32_t *) a.x +
                           ((int64_t) (n * w.in[0] + t) * w.in[1] + h) * w.in[2] * words + word;
    const uint32_t weights = *(const uint32_t *) (a.weight + (int64_t) tap * w.channels + channel);
    const uint32_t alone[4] = {weights & 0xffu, weights & 0xff00u, weights & 0xff0000u,
                               weights & 0xff000000u};
#pragma unroll
    for (int p = 0; p < 4; p++) {
      const int x = (first + p) * w.stride[2] - w.pad[2] + i * w.dilation[2];
      const bool is_inside = is_row && (unsigned) x < (unsigned) w.in[2];
      const uint32_t value = is_inside ? from[(int64_t) x * words] : a.fill;
      multiply_add_four (sum[p], value ^ a.flip, alone);
    }
  }
  const int64_t place = (int64_t) blockIdx.y * w.out[2] + first;
#pragma unroll
  for (int p = 0; p < 4; p++)
    if (first + p < w.out[2]) {
      const int64_t at = (place + p) * w.channels + channel;
      *(uint32_t *) (a.y + at) = requantize_four (a, sum[p], channel, at);
    }
}

/* Output channel and position of one thread, and where its window begins. */
struct Place {
  int o, n, at[3];
  int64_t position;
};

INLINE Place
place_of (const CudaWindow &w, int number)
{
  Place p;
  p.o = number % w.outputs;
  int m = number / w.outputs;
  p.position = m;
#pragma unroll
  for (int d = 2; d >= 0; d--) {
    p.at[d] = m % w.out[d] * w.stride[d] - w.pad[d];
    m /= w.out[d];
  }
  p.n = m;
  return p;
}

/* Calls f (offset of channel 0 of the group in x, offset of its weight) for every tap inside x. */
template <typename F>
INLINE void
each_tap (const CudaWindow &w, const Place &p, F f)
{
  const int group_channels = w.channels / w.groups;
  const int channel = p.o / (w.outputs / w.groups) * group_channels;
  for (int k = 0; k < w.kernel[0]; k++)
    for (int j = 0; j < w.kernel[1]; j++)
      for (int i = 0; i < w.kernel[2]; i++) {
        const int t = p.at[0] + k * w.dilation[0], h = p.at[1] + j * w.dilation[1],
                  x = p.at[2] + i * w.dilation[2];
        if ((unsigned) t >= (unsigned) w.in[0] || (unsigned) h >= (unsigned) w.in[1] ||
            (unsigned) x >= (unsigned) w.in[2])
          continue;
        const int64_t at = ((int64_t) (p.n * w.in[0] + t) * w.in[1] + h) * w.in[2] + x;
        const int tap = (k * w.kernel[1] + j) * w.kernel[2] + i;
        f (at * w.channels + channel, (int64_t) tap * group_channels * w.outputs + p.o);
      }
}

KERNEL (128, conv_s8_direct, CudaConvBytes)
{
  const CudaWindow &w = a.w;
  const int number = thread_number ();
  if (number >= w.batch * w.out[0] * w.out[1] * w.out[2] * w.outputs)
    return;
  const Place p = place_of (w, number);
  const int channels = w.channels / w.groups;
  uint32_t sum = 0;
  each_tap (w, p, [&] (int64_t x_at, int64_t w_at) {
    for (int c = 0; c < channels; c++)
      sum += (uint32_t) ((byte_value (a.x, x_at + c, a.x_is_u8) - a.x_zero) *
                         a.weight[w_at + (int64_t) c * w.outputs]);
  });
  const int64_t at = p.position * w.outputs + p.o;
  const bool adds = a.residual != nullptr;
  const int32_t residual = adds ? byte_value (a.residual, at, a.residual_is_u8) : 0;
  a.y[at] = requantize (a.r, p.o, (int32_t) sum, adds, residual);
}

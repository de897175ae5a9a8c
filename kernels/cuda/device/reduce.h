/* Reductions, pools, Softmax, LayerNormalization. Sums are kept in double, as kernels/ref does. */
#pragma once

#include "kernels/cuda/device/element.h"

enum { LINE_THREADS = 128 };

struct Running {
  double value;
  int kind;

  __device__ __forceinline__ void begin (int k)
  {
    kind = k;
    value = k == PRAXI_OP_REDUCE_MAX ? -INFINITY : k == PRAXI_OP_REDUCE_MIN ? INFINITY : 0;
  }
  __device__ __forceinline__ void take (double x)
  {
    if (kind == PRAXI_OP_REDUCE_MAX)
      value = x > value || x != x ? x : value;
    else if (kind == PRAXI_OP_REDUCE_MIN)
      value = x < value || x != x ? x : value;
    else
      value += x;
  }
};

/* The running values of all threads of a block, joined in the order of a tree; every thread gets
 * the result.
 */
INLINE double
join_block (Running run, double *room)
{
  const int me = threadIdx.x;
  room[me] = run.value;
  __syncthreads ();
  for (int half = LINE_THREADS / 2; half > 0; half /= 2) {
    if (me < half) {
      Running pair = run;
      pair.value = room[me];
      pair.take (room[me + half]);
      room[me] = pair.value;
    }
    __syncthreads ();
  }
  const double value = room[0];
  __syncthreads ();
  return value;
}

INLINE float
finish (const CudaReduce &a, double value)
{
  return (float) (a.kind == PRAXI_OP_REDUCE_MEAN ? value / (double) a.inner.count : value);
}

/* One thread an output. */
KERNEL (LINE_THREADS, reduce_short, CudaReduce)
{
  const int i = thread_number ();
  int at[2];
  if (i >= a.outer.count)
    return;
  walk_to (a.outer, i, at);
  Running run;
  run.begin (a.kind);
  for (int k = 0; k < a.inner.count; k++) {
    int inner[1];
    walk_to (a.inner, k, inner);
    run.take ((double) a.x[at[1] + inner[0]]);
  }
  a.y[at[0]] = finish (a, run.value);
}

/* One block an output. */
KERNEL (LINE_THREADS, reduce_long, CudaReduce)
{
  __shared__ double room[LINE_THREADS];
  int at[2];
  walk_to (a.outer, blockIdx.x, at);
  Running run;
  run.begin (a.kind);
  for (int k = threadIdx.x; k < a.inner.count; k += LINE_THREADS) {
    int inner[1];
    walk_to (a.inner, k, inner);
    run.take ((double) a.x[at[1] + inner[0]]);
  }
  const double value = join_block (run, room);
  if (threadIdx.x == 0)
    a.y[at[0]] = finish (a, value);
}

INLINE double
element_value (const void *data, int type, int64_t i)
{
  return type == PRAXI_F32 ? (double) ((const float *) data)[i]
                           : (double) whole_value (data, type, i);
}

/* Taps of one axis that are on x, or with its padding. */
INLINE int
taps_until (int end, int first, int dilation, int kernel)
{
  const int fit = (end - first + dilation - 1) / dilation;
  return fit < kernel ? fit : kernel;
}

/* One output a thread; channels are the fast index. */
KERNEL (128, pool, CudaPool)
{
  const CudaWindow &w = a.w;
  const int number = thread_number ();
  if (number >= w.batch * w.out[0] * w.out[1] * w.out[2] * w.channels)
    return;
  const Place p = place_of (w, number);
  double sum = 0, top = -INFINITY;
  int count = 0, padded = 1;
  for (int k = 0; k < w.kernel[0]; k++)
    for (int j = 0; j < w.kernel[1]; j++)
      for (int i = 0; i < w.kernel[2]; i++) {
        const int t = p.at[0] + k * w.dilation[0], h = p.at[1] + j * w.dilation[1],
                  x = p.at[2] + i * w.dilation[2];
        if ((unsigned) t >= (unsigned) w.in[0] || (unsigned) h >= (unsigned) w.in[1] ||
            (unsigned) x >= (unsigned) w.in[2])
          continue;
        const double v = element_value (a.x, a.type,
                                        (int64_t) p.n * a.x_step[0] + p.o * a.x_step[1] +
                                            t * a.x_step[2] + h * a.x_step[3] + x * a.x_step[4]);
        sum += v;
        top = v > top || v != v ? v : top;
        count++;
      }
  int64_t to = (int64_t) p.n * a.y_step[0] + p.o * a.y_step[1];
#pragma unroll
  for (int d = 0; d < 3; d++) {
    to += (int64_t) ((p.at[d] + w.pad[d]) / w.stride[d]) * a.y_step[2 + d];
    padded *= taps_until (a.end[d], p.at[d], w.dilation[d], w.kernel[d]);
  }
  const int n = a.counts_pad ? padded : count;
  const double v = a.is_max ? top : n > 0 ? sum / (double) n : 0;
  if (a.type == PRAXI_F32)
    ((float *) a.y)[to] = (float) v;
  else
    ((uint8_t *) a.y)[to] = (uint8_t) (int) v;
}

/* One block a line. */
KERNEL (LINE_THREADS, softmax, CudaLines)
{
  __shared__ double room[LINE_THREADS];
  int at[2];
  walk_to (a.walk, blockIdx.x, at);
  Running run;
  run.begin (PRAXI_OP_REDUCE_MAX);
  for (int i = threadIdx.x; i < a.n; i += LINE_THREADS)
    run.take ((double) a.x[at[1] + i * a.x_step]);
  const float top = (float) join_block (run, room);
  run.begin (PRAXI_OP_REDUCE_SUM);
  for (int i = threadIdx.x; i < a.n; i += LINE_THREADS)
    run.take ((double) expf (a.x[at[1] + i * a.x_step] - top));
  const float sum = (float) join_block (run, room);
  for (int i = threadIdx.x; i < a.n; i += LINE_THREADS)
    a.y[at[0] + i * a.y_step] = expf (a.x[at[1] + i * a.x_step] - top) / sum;
}

/* One block a slice; the normalized axes are dense. */
KERNEL (LINE_THREADS, layer_norm, CudaLines)
{
  __shared__ double room[LINE_THREADS];
  int at[2];
  walk_to (a.walk, blockIdx.x, at);
  Running run;
  run.begin (PRAXI_OP_REDUCE_SUM);
  for (int i = threadIdx.x; i < a.n; i += LINE_THREADS)
    run.take ((double) a.x[at[1] + i]);
  const double mean = join_block (run, room) / (double) a.n;
  run.begin (PRAXI_OP_REDUCE_SUM);
  for (int i = threadIdx.x; i < a.n; i += LINE_THREADS) {
    const double off = (double) a.x[at[1] + i] - mean;
    run.take (off * off);
  }
  const double variance = join_block (run, room) / (double) a.n;
  const double factor = 1 / sqrt (variance + (double) a.epsilon);
  for (int i = threadIdx.x; i < a.n; i += LINE_THREADS) {
    double v = ((double) a.x[at[1] + i] - mean) * factor * (double) a.scale[i];
    if (a.bias != nullptr)
      v += (double) a.bias[i];
    a.y[at[0] + i] = (float) v;
  }
}

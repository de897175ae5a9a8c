/* Y[b] = α A[b] B[b] + β C in f32, 64×64 outputs a block, 4×4 a thread, operands of any strides. */
#pragma once

#include "kernels/cuda/device/reduce.h"

KERNEL (256, matmul_f32, CudaMatmul)
{
  __shared__ float x[FLOAT_STEP][FLOAT_TILE + 1];
  __shared__ float w[FLOAT_STEP][FLOAT_TILE];
  const int row = threadIdx.x / 16, column = threadIdx.x % 16;
  const int m0 = blockIdx.x * FLOAT_TILE, n0 = blockIdx.y * FLOAT_TILE;
  int at[3];
  walk_to (a.batch, blockIdx.z, at);
  float sum[4][4] = {};
  for (int k0 = 0; k0 < a.k; k0 += FLOAT_STEP) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const int k = k0 + column, m = m0 + row + 16 * i;
      x[column][row + 16 * i] =
          k < a.k && m < a.m ? a.a[at[1] + (int64_t) m * a.a_m + (int64_t) k * a.a_k] : 0;
      const int step = k0 + threadIdx.x / 64 + 4 * i, n = n0 + threadIdx.x % 64;
      w[threadIdx.x / 64 + 4 * i][threadIdx.x % 64] =
          step < a.k && n < a.n ? a.b[at[2] + (int64_t) step * a.b_k + (int64_t) n * a.b_n] : 0;
    }
    __syncthreads ();
    multiply_step (sum, x, w, row, column);
    __syncthreads ();
  }
#pragma unroll
  for (int i = 0; i < 4; i++)
#pragma unroll
    for (int j = 0; j < 4; j++) {
      const int m = m0 + row + 16 * i, n = n0 + column + 16 * j;
      if (m >= a.m || n >= a.n)
        continue;
      float v = a.alpha * sum[i][j];
      if (a.c != nullptr)
        v += a.beta * a.c[(int64_t) m * a.c_m + (int64_t) n * a.c_n];
      a.y[at[0] + (int64_t) m * a.y_m + (int64_t) n * a.y_n] = v;
    }
}

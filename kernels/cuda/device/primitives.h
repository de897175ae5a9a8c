/* The few things kernels are written with: one source for nvcc (sm_75 … sm_90) and, where
 * __CUDACC__ is missing, for the emulation on the processor.
 *
 * Floats are compiled without contraction on both sides: a product and a sum are fused only where
 * fmaf stands.
 * Source: PTX ISA 8, "Matrix fragments for mma.m16n8k32 / m8n8k16", "ldmatrix", "cp.async"
 */
#pragma once

#include <stdint.h>

#ifndef __CUDACC__
#include "tests/kernels/cuda/emulation.h"
#endif

#include "kernels/cuda/args.h"

#define KERNEL(threads, name, Args)                                                                \
  extern "C" __global__ void __launch_bounds__ (threads) name (const __grid_constant__ Args a)
#define INLINE static __device__ __forceinline__

/* D [16,8] += A [16,32] · B [32,8], whole numbers of 8 bits, sums modulo 2^32. */
INLINE void
mma_s8 (int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2])
{
#ifndef __CUDACC__
  emulate_mma_s8 (d, a, b);
#elif __CUDA_ARCH__ >= 800
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else /* four of Turing's 8×8×16: the fragments are the same, register by register */
#define PART(x, y, p, q)                                                                           \
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0,%1}, {%2}, {%3}, {%0,%1};"      \
               : "+r"(d[p]), "+r"(d[q])                                                            \
               : "r"(a[x]), "r"(b[y]))
  PART (0, 0, 0, 1);
  PART (2, 1, 0, 1);
  PART (1, 0, 2, 3);
  PART (3, 1, 2, 3);
#undef PART
#endif
}

/* D [16,8] += A [16,16] · B [16,8], halves, sums in f32. */
INLINE void
mma_f16 (float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2])
{
#ifndef __CUDACC__
  emulate_mma_f16 (d, a, b);
#elif __CUDA_ARCH__ >= 800
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else /* Turing's, of half the depth */
#define PART(x, y, z)                                                                              \
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "                                 \
               "{%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"                                      \
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                    \
               : "r"(a[x]), "r"(a[y]), "r"(b[z]))
  PART (0, 1, 0);
  PART (2, 3, 1);
#undef PART
#endif
}

/* Two floats as halves, the first in the lower bits, rounded to nearest even. */
INLINE uint32_t
pack_halves (float low, float high)
{
#ifndef __CUDACC__
  return emulate_pack_halves (low, high);
#else
  uint16_t halves[2];
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(halves[0]) : "f"(low));
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(halves[1]) : "f"(high));
  return halves[0] | (uint32_t) halves[1] << 16;
#endif
}

/* Four matrices of 8 rows of 16 bytes from shared memory; lane i gives row i % 8 of matrix i / 8.
 */
INLINE void
load_matrices (uint32_t (&r)[4], const void *row)
{
#ifndef __CUDACC__
  emulate_load_matrices (r, row);
#else
  const uint32_t at = (uint32_t) __cvta_generic_to_shared (row);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(at)
               : "memory");
#endif
}

/* 16 bytes from global to shared memory, both aligned; asynchronous from sm_80 on. */
INLINE void
copy_16 (void *shared, const void *global)
{
#if defined(__CUDACC__) && __CUDA_ARCH__ >= 800
  const uint32_t at = (uint32_t) __cvta_generic_to_shared (shared);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at), "l"(global) : "memory");
#else
  *(int4 *) shared = *(const int4 *) global;
#endif
}

INLINE void
copy_commit ()
{
#if defined(__CUDACC__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Until all but the last `groups` committed copies have arrived. */
template <int groups>
INLINE void
copy_wait ()
{
#if defined(__CUDACC__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory");
#endif
}

/* PraxiRequantize: the sum and what it is of, to the byte that is stored. */
INLINE uint8_t
requantize (const CudaRequantize &r, int o, int32_t sum, bool has_residual, int32_t residual)
{
  float v = fmaf ((float) sum, r.multiplier[o], r.offset[o]);
  if (has_residual)
    v = fmaf ((float) (residual - r.residual_zero), r.residual_multiplier, v);
  return (uint8_t) (__float2int_rn (fmaxf (fminf (v, r.high), r.low)) + r.zero);
}

INLINE int32_t
byte_value (const uint8_t *data, int64_t i, int is_u8)
{
  return is_u8 ? (int32_t) data[i] : (int32_t) (int8_t) data[i];
}

/* The offsets of element i in every operand. */
template <int operands>
INLINE void
walk_to (const CudaWalk &walk, int i, int (&at)[operands])
{
  for (int k = 0; k < operands; k++)
    at[k] = 0;
  for (int d = walk.rank - 1; d >= 0; d--) {
    const int dim = walk.dims[d], rest = i / dim, index = i - rest * dim;
    for (int k = 0; k < operands; k++)
      at[k] += index * walk.strides[k][d];
    i = rest;
  }
}

/* The number of this thread in a grid of one dimension. */
INLINE int
thread_number ()
{
  return (int) (blockIdx.x * blockDim.x + threadIdx.x);
}

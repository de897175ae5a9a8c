/* The kernel language of CUDA on the processor, for tests of the real kernel sources: a thread of a
 * block is a fibre that runs until it waits for others (__syncthreads, tensor cores, ldmatrix). A
 * missing __syncthreads shows as a wrong result, an access out of bounds to ASan. Copies that are
 * asynchronous on the device are done at once here, and nothing of the speed is like a GPU's.
 */
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#define __global__
#define __device__
#define __forceinline__ inline
#define __grid_constant__
#define __launch_bounds__(threads)
#define __shared__ static
#define __align__(bytes) __attribute__ ((aligned (bytes)))

struct dim3 {
  unsigned x, y, z;
};

struct alignas (16) int4 {
  int x, y, z, w;
};

inline int4
make_int4 (int x, int y, int z, int w)
{
  return {x, y, z, w};
}

namespace emulation
{
extern dim3 thread_index, block_index, block_size, grid_size;

/* Words that the lanes of this thread's warp show each other. */
struct Lanes {
  uint64_t word[32][6];
};

int lane ();
void wait_for_block ();
/* Waits until every lane of the warp has filled its words; the result stays until the one after
 * next.
 */
Lanes &lanes_to_fill ();
void wait_for_warp ();

/* Runs a kernel over a grid. waits: whether its threads wait for each other. */
void launch (dim3 grid, dim3 block, bool waits, void (*body) (const void *), const void *args);
} // namespace emulation

#define threadIdx emulation::thread_index
#define blockIdx emulation::block_index
#define blockDim emulation::block_size
#define gridDim emulation::grid_size

inline void
__syncthreads ()
{
  emulation::wait_for_block ();
}

inline int
__dp4a (int a, int b, int sum)
{
  uint32_t total = (uint32_t) sum;
  for (int i = 0; i < 32; i += 8)
    total += (uint32_t) ((int8_t) (a >> i) * (int8_t) (b >> i));
  return (int) total;
}

inline int
__float2int_rn (float x)
{
  if (x != x)
    return 0;
  return x >= 0x1p31f ? INT32_MAX : x <= -0x1p31f ? INT32_MIN : (int) rintf (x);
}

inline int
min (int a, int b)
{
  return a < b ? a : b;
}

inline int
max (int a, int b)
{
  return a > b ? a : b;
}

/* The fragments of mma.m16n8k32: lane l holds of A rows l/4 and l/4 + 8, bytes 4 (l%4) … and + 16;
 * of B column l/4; of D rows l/4 and l/4 + 8, columns 2 (l%4) and + 1.
 */
inline void
emulate_mma_s8 (int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2])
{
  emulation::Lanes &lanes = emulation::lanes_to_fill ();
  const int lane = emulation::lane ();
  for (int i = 0; i < 4; i++)
    lanes.word[lane][i] = a[i];
  lanes.word[lane][4] = b[0];
  lanes.word[lane][5] = b[1];
  emulation::wait_for_warp ();
  for (int i = 0; i < 4; i++) {
    const int row = lane / 4 * 4, column = (lane % 4 * 2 + i % 2) * 4;
    for (int word = 0; word < 8; word++) {
      const uint64_t x = lanes.word[row + word % 4][i / 2 + word / 4 * 2];
      const uint64_t y = lanes.word[column + word % 4][4 + word / 4];
      d[i] = __dp4a ((int) x, (int) y, d[i]);
    }
  }
}

extern "C" float praxi_f16_to_f32 (uint16_t half);
extern "C" uint16_t praxi_f32_to_f16 (float value);

inline uint32_t
emulate_pack_halves (float low, float high)
{
  return praxi_f32_to_f16 (low) | (uint32_t) praxi_f32_to_f16 (high) << 16;
}

/* The same fragments with two halves in each word. */
inline void
emulate_mma_f16 (float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2])
{
  emulation::Lanes &lanes = emulation::lanes_to_fill ();
  const int lane = emulation::lane ();
  for (int i = 0; i < 4; i++)
    lanes.word[lane][i] = a[i];
  lanes.word[lane][4] = b[0];
  lanes.word[lane][5] = b[1];
  emulation::wait_for_warp ();
  for (int i = 0; i < 4; i++) {
    const int row = lane / 4 * 4, column = (lane % 4 * 2 + i % 2) * 4;
    for (int word = 0; word < 8; word++) {
      const uint64_t x = lanes.word[row + word % 4][i / 2 + word / 4 * 2];
      const uint64_t y = lanes.word[column + word % 4][4 + word / 4];
      for (int shift = 0; shift < 32; shift += 16)
        d[i] +=
            praxi_f16_to_f32 ((uint16_t) (x >> shift)) * praxi_f16_to_f32 ((uint16_t) (y >> shift));
    }
  }
}

inline void
emulate_load_matrices (uint32_t (&r)[4], const void *row)
{
  emulation::Lanes &lanes = emulation::lanes_to_fill ();
  const int lane = emulation::lane ();
  lanes.word[lane][0] = (uint64_t) (uintptr_t) row;
  emulation::wait_for_warp ();
  for (int i = 0; i < 4; i++) {
    const char *from = (const char *) (uintptr_t) lanes.word[8 * i + lane / 4][0];
    memcpy (&r[i], from + lane % 4 * 4, 4);
  }
}

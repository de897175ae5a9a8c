/* Inside the cpu backend: what every kernel has, and the ones there are. */
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/loops.h"

/* The first member of every kernel's own struct. */
struct PraxiKernel {
  const char *name;
  size_t scratch_bytes, weight_bytes;
  int n_in, n_out; /* set by the backend */
  PraxiStatus (*run) (PraxiKernel *kernel,
                      const PraxiTensor *const *in,
                      const PraxiTensor *const *out,
                      void *scratch,
                      PraxiPool *pool);
  void (*clear) (PraxiKernel *kernel); /* frees what the struct leads to; NULL for nothing */
  /* As PraxiBackend has it, with a kernel of the same kind; NULL: never. */
  bool (*share) (PraxiKernel *kernel, const PraxiKernel *with);
};

/* One operator at its place in a graph: what prepare is told. */
typedef struct {
  const CpuLoops *loops;
  CpuDenseTiles *dense_tiles; /* NULL where the level has none */
  const PraxiOp *op;          /* resolved; a kernel copies what it keeps */
  const PraxiTensor *const *in;
  const PraxiTensor *const *out;
  int n_in, n_out, n_threads;
} CpuPlace;

/* Each prepares its kernel, zero-initialised memory of its own size that starts with PraxiKernel.
 * Errors: UNSUPPORTED, MEMORY
 */
typedef PraxiStatus CpuPrepare (const CpuPlace *place, PraxiKernel **kernel);
CpuPrepare praxi_cpu_conv, praxi_cpu_conv_depthwise, praxi_cpu_conv_depthwise_band,
    praxi_cpu_conv_winograd, praxi_cpu_motion_stem;
CpuPrepare praxi_cpu_conv_input_gradient, praxi_cpu_conv_weight_gradient;
CpuPrepare praxi_cpu_conv_depthwise_input_gradient, praxi_cpu_conv_depthwise_weight_gradient;
CpuPrepare praxi_cpu_matmul, praxi_cpu_matmul_stack, praxi_cpu_pool, praxi_cpu_move, praxi_cpu_pad;
CpuPrepare praxi_cpu_reduce, praxi_cpu_mean_bytes, praxi_cpu_mean_chain, praxi_cpu_unary,
    praxi_cpu_binary, praxi_cpu_quantize, praxi_cpu_quantize_channels, praxi_cpu_add_bytes,
    praxi_cpu_look_up, praxi_cpu_chain, praxi_cpu_chain_channels;
CpuPrepare praxi_cpu_batch_norm;
CpuPrepare praxi_cpu_average_pool_gradient, praxi_cpu_max_pool_gradient;
CpuPrepare praxi_cpu_compare, praxi_cpu_where, praxi_cpu_cast, praxi_cpu_softmax;

/* The backend of the n-th level this processor can run, best first; NULL beyond the last. For tests
 * and benchmarks; programs take praxi_backend_cpu.
 */
const PraxiBackend *praxi_backend_cpu_level (int n);

/* 64-byte aligned memory that starts zeroed, or NULL; free with free. */
void *praxi_cpu_alloc (size_t bytes);

/* Frees own and makes it other where both are the same bytes. */
bool praxi_cpu_take_same (void **own, void *other, size_t bytes);

bool praxi_cpu_is_row_major (const PraxiTensor *tensor);
bool praxi_cpu_is_channels_last (const PraxiTensor *tensor); /* of rank 3 … 5 */

/* Elements from pixel to pixel where channels lie side by side and pixels all as far from each
 * other, maybe with those of another tensor between them; rank 2 … 5. 0 where they do not.
 */
int64_t praxi_cpu_pixel_step (const PraxiTensor *tensor);

/* Pixels of each clip in a global mean of bytes to floats, both channels-last; 0: it is not one. */
int64_t praxi_cpu_mean_pixels (const CpuPlace *place);

/* The share of n things that falls to part i of parts. */
static inline void
praxi_cpu_share (int64_t n, int i, int parts, int64_t *begin, int64_t *end)
{
  *begin = n * i / parts;
  *end = n * (i + 1) / parts;
}

static inline size_t
praxi_cpu_round_up (size_t n, size_t step)
{
  return (n + step - 1) / step * step;
}

/* The n-th tensor or NULL where it is absent. */
static inline const PraxiTensor *
praxi_cpu_input (const CpuPlace *place, int i)
{
  return i < place->n_in ? place->in[i] : NULL;
}

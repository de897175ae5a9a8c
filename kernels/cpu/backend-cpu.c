/* Chooses the level, finds the kernel. */
#include "kernels/cpu/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

typedef struct {
  PraxiBackend base;
  const CpuLoops *loops;
  bool (*runs) (void);
  CpuDenseTiles *dense_tiles;
} CpuBackend;

extern const CpuLoops praxi_loop_table_scalar;
#if defined(__x86_64__)
extern const CpuLoops praxi_loop_table_avx512_vnni, praxi_loop_table_avx512_ymm;
extern const CpuLoops praxi_loop_table_avx_vnni, praxi_loop_table_avx2;
CpuDenseTiles praxi_loop_dense_tiles_avx512_amx;
#endif

static CpuPrepare *const prepares[PRAXI_OP_COUNT] = {
    [PRAXI_OP_CONV] = praxi_cpu_conv,
    [PRAXI_OP_QCONV] = praxi_cpu_conv,
    [PRAXI_OP_CONV_INPUT_GRADIENT] = praxi_cpu_conv_input_gradient,
    [PRAXI_OP_CONV_WEIGHT_GRADIENT] = praxi_cpu_conv_weight_gradient,
    [PRAXI_OP_AVERAGE_POOL_GRADIENT] = praxi_cpu_average_pool_gradient,
    [PRAXI_OP_MAX_POOL_GRADIENT] = praxi_cpu_max_pool_gradient,
    [PRAXI_OP_BATCH_NORM] = praxi_cpu_batch_norm,
    [PRAXI_OP_BATCH_NORM_GRADIENT] = praxi_cpu_batch_norm,
    [PRAXI_OP_MOTION_STEM] = praxi_cpu_motion_stem,
    [PRAXI_OP_RELU] = praxi_cpu_unary,
    [PRAXI_OP_LEAKY_RELU] = praxi_cpu_unary,
    [PRAXI_OP_CLIP] = praxi_cpu_unary,
    [PRAXI_OP_SIGMOID] = praxi_cpu_unary,
    [PRAXI_OP_HARD_SIGMOID] = praxi_cpu_unary,
    [PRAXI_OP_HARD_SWISH] = praxi_cpu_unary,
    [PRAXI_OP_ABS] = praxi_cpu_unary,
    [PRAXI_OP_SQRT] = praxi_cpu_unary,
    [PRAXI_OP_NEG] = praxi_cpu_unary,
    [PRAXI_OP_RECIPROCAL] = praxi_cpu_unary,
    [PRAXI_OP_EXP] = praxi_cpu_unary,
    [PRAXI_OP_LOG] = praxi_cpu_unary,
    [PRAXI_OP_CAST] = praxi_cpu_cast,
    [PRAXI_OP_SOFTMAX] = praxi_cpu_softmax,
    [PRAXI_OP_EQUAL] = praxi_cpu_compare,
    [PRAXI_OP_GREATER] = praxi_cpu_compare,
    [PRAXI_OP_LESS] = praxi_cpu_compare,
    [PRAXI_OP_WHERE] = praxi_cpu_where,
    [PRAXI_OP_ADD] = praxi_cpu_binary,
    [PRAXI_OP_SUB] = praxi_cpu_binary,
    [PRAXI_OP_MUL] = praxi_cpu_binary,
    [PRAXI_OP_DIV] = praxi_cpu_binary,
    [PRAXI_OP_MIN] = praxi_cpu_binary,
    [PRAXI_OP_MAX] = praxi_cpu_binary,
    [PRAXI_OP_QUANTIZE_LINEAR] = praxi_cpu_quantize,
    [PRAXI_OP_DEQUANTIZE_LINEAR] = praxi_cpu_quantize,
    [PRAXI_OP_REDUCE_MEAN] = praxi_cpu_reduce,
    [PRAXI_OP_REDUCE_MAX] = praxi_cpu_reduce,
    [PRAXI_OP_REDUCE_MIN] = praxi_cpu_reduce,
    [PRAXI_OP_REDUCE_SUM] = praxi_cpu_reduce,
    [PRAXI_OP_GLOBAL_AVERAGE_POOL] = praxi_cpu_reduce,
    [PRAXI_OP_GLOBAL_MAX_POOL] = praxi_cpu_reduce,
    [PRAXI_OP_GEMM] = praxi_cpu_matmul,
    [PRAXI_OP_MATMUL] = praxi_cpu_matmul,
    [PRAXI_OP_MAX_POOL] = praxi_cpu_pool,
    [PRAXI_OP_AVERAGE_POOL] = praxi_cpu_pool,
    [PRAXI_OP_PAD] = praxi_cpu_pad,
    [PRAXI_OP_IDENTITY] = praxi_cpu_move,
    [PRAXI_OP_TRANSPOSE] = praxi_cpu_move,
    [PRAXI_OP_SLICE] = praxi_cpu_move,
    [PRAXI_OP_EXPAND] = praxi_cpu_move,
    [PRAXI_OP_CONCAT] = praxi_cpu_move,
    [PRAXI_OP_RESHAPE] = praxi_cpu_move,
    [PRAXI_OP_FLATTEN] = praxi_cpu_move,
    [PRAXI_OP_SQUEEZE] = praxi_cpu_move,
    [PRAXI_OP_UNSQUEEZE] = praxi_cpu_move,
    [PRAXI_OP_QADD] = praxi_cpu_add_bytes,
    [PRAXI_OP_CHAIN] = praxi_cpu_chain,
    [PRAXI_OP_QTABLE] = praxi_cpu_look_up,
};

static void
kernel_free (PraxiKernel *kernel)
{
  if (kernel && kernel->clear)
    kernel->clear (kernel);
  free (kernel);
}

static PraxiStatus
prepare (const PraxiBackend *backend,
         const PraxiOp *op,
         const PraxiTensor *const *in,
         int n_in,
         const PraxiTensor *const *out,
         int n_out,
         PraxiPool *pool,
         PraxiKernel **kernel)
{
  enum { MAX_OUTPUTS = 8 };
  *kernel = NULL;
  CpuPrepare *const prepare_op = op->kind < PRAXI_OP_COUNT ? prepares[op->kind] : NULL;
  if (!prepare_op || n_in < 1 || n_out < 1 || !in[0] || !out[0] || praxi_tensor_is_empty (out[0]))
    return PRAXI_STATUS_UNSUPPORTED;
  for (int i = 0; i < n_in; i++)
    if (in[i] && praxi_tensor_is_empty (in[i]))
      return PRAXI_STATUS_UNSUPPORTED;
  PraxiOp own = *op;
  if (n_out > MAX_OUTPUTS || praxi_op_resolve (&own, in, n_in, out, n_out) != PRAXI_OK)
    return PRAXI_STATUS_UNSUPPORTED;
  const CpuBackend *level = (const CpuBackend *) backend;
  const CpuPlace place = {.loops = level->loops,
                          .dense_tiles = level->dense_tiles,
                          .op = &own,
                          .in = in,
                          .out = out,
                          .n_in = n_in,
                          .n_out = n_out,
                          .n_threads = praxi_pool_threads (pool)};
  const PraxiStatus status = prepare_op (&place, kernel);
  if (status != PRAXI_OK) {
    kernel_free (*kernel);
    *kernel = NULL;
    return status;
  }
  (*kernel)->n_in = n_in;
  (*kernel)->n_out = n_out;
  return PRAXI_OK;
}

static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  return kernel->run (kernel, in, out, scratch, pool);
}

static size_t
scratch_bytes (const PraxiKernel *kernel)
{
  return kernel->scratch_bytes;
}

static size_t
weight_bytes (const PraxiKernel *kernel)
{
  return kernel->weight_bytes;
}

static bool
share (PraxiKernel *kernel, const PraxiKernel *with)
{
  return kernel->share && kernel->share == with->share && kernel->share (kernel, with);
}

static const char *
name (const PraxiKernel *kernel)
{
  return kernel->name;
}

static bool
always (void)
{
  return true;
}

#if defined(__x86_64__)
static bool
has_avx2 (void)
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
}

/* The name of this one is younger than some compilers. */
static bool
has_avx_vnni (void)
{
  unsigned a, b, c, d;
  return has_avx2 () && __get_cpuid_count (7, 1, &a, &b, &c, &d) && (a & 1u << 4) != 0;
}

static bool
has_avx512_vnni (void)
{
  return has_avx2 () && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") &&
         __builtin_cpu_supports ("avx512vl") && __builtin_cpu_supports ("avx512dq") &&
         __builtin_cpu_supports ("avx512vnni");
}

/* The system keeps the tiles' registers only for programs that ask for them. */
static bool
has_avx512_amx (void)
{
#if defined(__linux__)
  enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, HAS_TILES = 1 << 24, HAS_BYTES = 1 << 25 };
  unsigned a, b, c, d;
  return has_avx512_vnni () && __get_cpuid_count (7, 0, &a, &b, &c, &d) && (d & HAS_TILES) &&
         (d & HAS_BYTES) && syscall (SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
  return false;
#endif
}
#endif

#define BACKEND(level)                                                                             \
  {                                                                                                \
    PRAXI_BACKEND_ABI, "cpu", level, prepare, run, scratch_bytes, weight_bytes, name, kernel_free, \
        NULL, share                                                                                \
  }

/* Best first. */
static const CpuBackend levels[] = {
#if defined(__x86_64__)
    {BACKEND ("avx512-amx"), &praxi_loop_table_avx512_vnni, has_avx512_amx,
     praxi_loop_dense_tiles_avx512_amx},
    {BACKEND ("avx512-vnni"), &praxi_loop_table_avx512_vnni, has_avx512_vnni, NULL},
    {BACKEND ("avx512-ymm"), &praxi_loop_table_avx512_ymm, has_avx512_vnni, NULL},
    {BACKEND ("avx-vnni"), &praxi_loop_table_avx_vnni, has_avx_vnni, NULL},
    {BACKEND ("avx2"), &praxi_loop_table_avx2, has_avx2, NULL},
#endif
    {BACKEND ("scalar"), &praxi_loop_table_scalar, always, NULL},
};

enum { N_LEVELS = sizeof levels / sizeof *levels };

const PraxiBackend *
praxi_backend_cpu_level (int n)
{
  for (int i = 0; i < N_LEVELS; i++)
    if (levels[i].runs () && n-- == 0)
      return &levels[i].base;
  return NULL;
}

const PraxiBackend *
praxi_backend_cpu (void)
{
  const char *wanted = getenv ("PRAXI_CPU");
  int first = 0;
  for (int i = 0; wanted && i < N_LEVELS; i++)
    if (strcmp (levels[i].base.level, wanted) == 0)
      first = i;
  while (!levels[first].runs ())
    first++;
  return &levels[first].base;
}

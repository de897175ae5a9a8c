/* Inside the cuda backend: the device, what every kernel has, and what each operator needs. */
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/args.h"
#include "kernels/cuda/driver.h"
#include "kernels/rows.h"

typedef enum {
#define CUDA_KERNEL(name, Args, waits) CUDA_##name,
#include "kernels/cuda/kernel-list.h"
#undef CUDA_KERNEL
  CUDA_KERNEL_COUNT
} CudaKernelId;

typedef struct {
  PraxiBackend base;
  const CudaDriver *driver;
  int device, arch, multiprocessors; /* arch: 86 is sm_86 */
  CudaHandle context, stream, module, functions[CUDA_KERNEL_COUNT];
  size_t budget_bytes;
  PraxiDeviceStats stats;
  size_t reserved_bytes[64]; /* of each block that is out */
  CudaMemory reserved[64];
  bool is_lost, is_recording;
  bool is_half; /* f32 convolutions in halves */
  char failure[PRAXI_WHY_BYTES], level[16];
  struct CudnnState *cudnn; /* see tune.h */
  bool has_asked_cudnn, has_remarked;
  char remark[PRAXI_WHY_BYTES];
} CudaBackend;

enum { CUDA_MAX_INPUTS = 16 };

/* The first member of every kernel's own struct. */
struct PraxiKernel {
  const char *name;
  CudaBackend *backend;
  size_t scratch_bytes;
  uint8_t *packed; /* constants in the processor's memory, until they are placed */
  size_t packed_bytes;
  uint8_t *constants;                   /* the device's */
  int64_t constant_at[CUDA_MAX_INPUTS]; /* where input i lies among them; −1: it is no constant */
  int n_in, n_out;
  PraxiStatus (*run) (PraxiKernel *kernel,
                      const PraxiTensor *const *in,
                      const PraxiTensor *const *out,
                      void *scratch);
  void (*clear) (PraxiKernel *kernel); /* frees what the struct leads to; NULL for nothing */
};

/* One operator at its place in a graph. Constant inputs were packed: their tensors here are
 * row-major and tell shapes alone.
 */
typedef struct {
  CudaBackend *backend;
  const PraxiOp *op;            /* resolved */
  const PraxiTensor *const *in; /* with the data of constants */
  const PraxiTensor *const *out;
  int n_in, n_out;
} CudaPlace;

/* Each prepares its kernel.
 * Errors: UNSUPPORTED, MEMORY
 */
typedef PraxiStatus CudaPrepare (const CudaPlace *place, PraxiKernel **kernel);
CudaPrepare praxi_cuda_conv_bytes, praxi_cuda_conv_floats, praxi_cuda_element, praxi_cuda_quantize,
    praxi_cuda_bytes, praxi_cuda_move, praxi_cuda_pad, praxi_cuda_gather, praxi_cuda_reduce,
    praxi_cuda_pool, praxi_cuda_lines, praxi_cuda_matmul, praxi_cuda_motion_stem;

/* A zeroed kernel of `bytes`, with its constants' places set to −1. */
PraxiKernel *praxi_cuda_kernel_new (const CudaPlace *place, const char *name, size_t bytes);

/* Appends constants for the device.
 * data:    NULL for zeros
 * Returns: their offset, or −1 without memory
 */
int64_t praxi_cuda_pack (PraxiKernel *kernel, const void *data, size_t bytes);

/* Packs input i, where it is a constant, as a row-major tensor.
 * tensor:  in: input i; out: what the kernel sees of it
 */
PraxiStatus praxi_cuda_pack_input (PraxiKernel *kernel, int i, PraxiTensor *tensor);

/* Where the device finds input i of this run. */
void *praxi_cuda_data (const PraxiKernel *kernel, const PraxiTensor *const *in, int i);

/* Operands of one shape (broadcast to that of the first, the output); false where offsets do not
 * fit in 31 bits.
 */
bool praxi_cuda_walk (CudaWalk *walk, const PraxiTensor *const *operands, int n);

/* The same without merging dimensions, for what looks at an index. */
bool praxi_cuda_walk_plain (CudaWalk *walk, const PraxiTensor *const *operands, int n);

/* False where a dimension or stride, or the number of outputs, does not fit in 31 bits. */
bool praxi_cuda_window (CudaWindow *window,
                        const PraxiWindow *w,
                        const PraxiTensor *x,
                        const PraxiTensor *y);

static inline int64_t
praxi_cuda_taps (const CudaWindow *w)
{
  return (int64_t) w->kernel[0] * w->kernel[1] * w->kernel[2];
}

/* Pixels of the output, of the whole batch. */
static inline int64_t
praxi_cuda_positions (const CudaWindow *w)
{
  return (int64_t) w->batch * w->out[0] * w->out[1] * w->out[2];
}

/* Where weight [O,C/group,…] has output o, channel c of its group, tap (the last axis fastest), in
 * elements; it may have any strides.
 */
int64_t praxi_cuda_weight_at (const PraxiTensor *weight, int64_t o, int64_t c, int64_t tap);

/* Runs kernel `id` with threads a block and as many blocks as it takes for `count` threads, times
 * rows and layers.
 */
PraxiStatus praxi_cuda_launch (CudaBackend *backend,
                               CudaKernelId id,
                               int64_t count,
                               int threads,
                               int64_t rows,
                               void *args);

/* The same with blocks counted. */
PraxiStatus praxi_cuda_launch_blocks (CudaBackend *backend,
                                      CudaKernelId id,
                                      const unsigned grid[3],
                                      int threads,
                                      void *args);

/* What an error of the driver is here; a lost device is remembered. */
PraxiStatus praxi_cuda_status (CudaBackend *backend, int error);

/* Dense channels-last, rank 2 … 5. */
bool praxi_cuda_is_picture (const PraxiTensor *tensor);

extern const PraxiDeviceTable praxi_cuda_device_table;
extern const unsigned char praxi_cuda_image[]; /* a fat binary of all kernels */

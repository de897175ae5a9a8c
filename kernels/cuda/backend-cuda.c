/* The plug-in's entry: probes the driver, opens a device, finds the kernel of an operator. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/tune.h"

static CudaPrepare *const prepares[PRAXI_OP_COUNT] = {
    [PRAXI_OP_QCONV] = praxi_cuda_conv_bytes,
    [PRAXI_OP_CONV] = praxi_cuda_conv_floats,
    [PRAXI_OP_RELU] = praxi_cuda_element,
    [PRAXI_OP_LEAKY_RELU] = praxi_cuda_element,
    [PRAXI_OP_PRELU] = praxi_cuda_element,
    [PRAXI_OP_CLIP] = praxi_cuda_element,
    [PRAXI_OP_SIGMOID] = praxi_cuda_element,
    [PRAXI_OP_HARD_SIGMOID] = praxi_cuda_element,
    [PRAXI_OP_HARD_SWISH] = praxi_cuda_element,
    [PRAXI_OP_TANH] = praxi_cuda_element,
    [PRAXI_OP_GELU] = praxi_cuda_element,
    [PRAXI_OP_ERF] = praxi_cuda_element,
    [PRAXI_OP_ABS] = praxi_cuda_element,
    [PRAXI_OP_SQRT] = praxi_cuda_element,
    [PRAXI_OP_EXP] = praxi_cuda_element,
    [PRAXI_OP_LOG] = praxi_cuda_element,
    [PRAXI_OP_NEG] = praxi_cuda_element,
    [PRAXI_OP_RECIPROCAL] = praxi_cuda_element,
    [PRAXI_OP_FLOOR] = praxi_cuda_element,
    [PRAXI_OP_CAST] = praxi_cuda_element,
    [PRAXI_OP_ADD] = praxi_cuda_element,
    [PRAXI_OP_SUB] = praxi_cuda_element,
    [PRAXI_OP_MUL] = praxi_cuda_element,
    [PRAXI_OP_DIV] = praxi_cuda_element,
    [PRAXI_OP_POW] = praxi_cuda_element,
    [PRAXI_OP_MIN] = praxi_cuda_element,
    [PRAXI_OP_MAX] = praxi_cuda_element,
    [PRAXI_OP_QUANTIZE_LINEAR] = praxi_cuda_quantize,
    [PRAXI_OP_DEQUANTIZE_LINEAR] = praxi_cuda_quantize,
    [PRAXI_OP_QADD] = praxi_cuda_bytes,
    [PRAXI_OP_QTABLE] = praxi_cuda_bytes,
    [PRAXI_OP_IDENTITY] = praxi_cuda_move,
    [PRAXI_OP_TRANSPOSE] = praxi_cuda_move,
    [PRAXI_OP_SLICE] = praxi_cuda_move,
    [PRAXI_OP_EXPAND] = praxi_cuda_move,
    [PRAXI_OP_CONCAT] = praxi_cuda_move,
    [PRAXI_OP_SPLIT] = praxi_cuda_move,
    [PRAXI_OP_RESHAPE] = praxi_cuda_move,
    [PRAXI_OP_FLATTEN] = praxi_cuda_move,
    [PRAXI_OP_SQUEEZE] = praxi_cuda_move,
    [PRAXI_OP_UNSQUEEZE] = praxi_cuda_move,
    [PRAXI_OP_PAD] = praxi_cuda_pad,
    [PRAXI_OP_GATHER] = praxi_cuda_gather,
    [PRAXI_OP_REDUCE_MEAN] = praxi_cuda_reduce,
    [PRAXI_OP_REDUCE_MAX] = praxi_cuda_reduce,
    [PRAXI_OP_REDUCE_MIN] = praxi_cuda_reduce,
    [PRAXI_OP_REDUCE_SUM] = praxi_cuda_reduce,
    [PRAXI_OP_GLOBAL_AVERAGE_POOL] = praxi_cuda_reduce,
    [PRAXI_OP_GLOBAL_MAX_POOL] = praxi_cuda_reduce,
    [PRAXI_OP_MAX_POOL] = praxi_cuda_pool,
    [PRAXI_OP_AVERAGE_POOL] = praxi_cuda_pool,
    [PRAXI_OP_SOFTMAX] = praxi_cuda_lines,
    [PRAXI_OP_LAYER_NORM] = praxi_cuda_lines,
    [PRAXI_OP_MATMUL] = praxi_cuda_matmul,
    [PRAXI_OP_GEMM] = praxi_cuda_matmul,
    [PRAXI_OP_MOTION_STEM] = praxi_cuda_motion_stem,
};

static void
kernel_free (PraxiKernel *kernel)
{
  if (!kernel)
    return;
  if (kernel->clear)
    kernel->clear (kernel);
  free (kernel->packed);
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
  CudaPrepare *const prepare_op = op->kind < PRAXI_OP_COUNT ? prepares[op->kind] : NULL;
  if (!prepare_op || n_in < 1 || n_in > CUDA_MAX_INPUTS || n_out < 1 || !in[0] || !out[0] ||
      praxi_tensor_is_empty (out[0]))
    return PRAXI_STATUS_UNSUPPORTED;
  for (int i = 0; i < n_in; i++)
    if (in[i] && praxi_tensor_is_empty (in[i]))
      return PRAXI_STATUS_UNSUPPORTED;
  PraxiOp own = *op;
  if (n_out > MAX_OUTPUTS || praxi_op_resolve (&own, in, n_in, out, n_out) != PRAXI_OK)
    return PRAXI_STATUS_UNSUPPORTED;
  const CudaPlace place = {(CudaBackend *) backend, &own, in, out, n_in, n_out};
  const PraxiStatus status = prepare_op (&place, kernel);
  if (status != PRAXI_OK) {
    kernel_free (*kernel);
    *kernel = NULL;
  }
  return status;
}

static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  if (kernel->backend->is_lost)
    return PRAXI_STATUS_DEVICE;
  return kernel->run (kernel, in, out, scratch);
}

static size_t
scratch_bytes (const PraxiKernel *kernel)
{
  return kernel->scratch_bytes;
}

static size_t
weight_bytes (const PraxiKernel *kernel)
{
  return kernel->packed_bytes;
}

static const char *
name (const PraxiKernel *kernel)
{
  return kernel->name;
}

static int
read_arch (const CudaDriver *driver, int device)
{
  int major = 0, minor = 0;
  driver->device_attribute (&major, CUDA_ATTRIBUTE_MAJOR, device);
  driver->device_attribute (&minor, CUDA_ATTRIBUTE_MINOR, device);
  return major * 10 + minor;
}

/* The first device, if this build has kernels for it. */
static const CudaDriver *
find_device (PraxiDeviceInfo *info, int *device)
{
  const CudaDriver *driver = praxi_cuda_driver (info->why);
  int count = 0;
  if (!driver)
    return NULL;
  snprintf (info->driver, sizeof info->driver, "%s", driver->version_text);
  if (driver->device_count (&count) != 0 || count < 1 || driver->device_get (device, 0) != 0) {
    snprintf (info->why, sizeof info->why, "the NVIDIA driver finds no GPU");
    return NULL;
  }
  driver->device_name (info->name, sizeof info->name, *device);
  driver->device_memory (&info->memory_bytes, *device);
  const int arch = read_arch (driver, *device);
  if (arch < 75) {
    snprintf (info->why, sizeof info->why,
              "%.100s has compute capability %d.%d; 7.5 (Turing) or newer is needed", info->name,
              arch / 10, arch % 10);
    return NULL;
  }
  return driver;
}

static void
probe (PraxiDeviceInfo *info)
{
  int device = 0;
  *info = (PraxiDeviceInfo){.name = "NVIDIA GPU"};
  const CudaDriver *driver = find_device (info, &device);
  info->is_usable = driver != NULL;
  info->free_bytes = driver ? praxi_cuda_free_bytes (driver, device) : 0;
}

static const char *const kernel_names[] = {
#define CUDA_KERNEL(name, Args, waits) #name,
#include "kernels/cuda/kernel-list.h"
#undef CUDA_KERNEL
};

/* The context, the stream and the kernels. */
static int
start (CudaBackend *backend)
{
  const CudaDriver *driver = backend->driver;
  int error = driver->context_retain (&backend->context, backend->device);
  if (error == 0)
    error = driver->context_use (backend->context);
  if (error == 0)
    error = driver->stream_create (&backend->stream, CUDA_STREAM_NON_BLOCKING);
  if (error == 0)
    error = driver->module_load (&backend->module, praxi_cuda_image);
  for (int i = 0; error == 0 && i < CUDA_KERNEL_COUNT; i++)
    error = driver->module_function (&backend->functions[i], backend->module, kernel_names[i]);
  return error;
}

static PraxiStatus
open_device (const PraxiDeviceOptions *options, PraxiBackend **made, char *why)
{
  static const PraxiBackend table = {
      PRAXI_BACKEND_ABI, "cuda",       "",   prepare,     run,
      scratch_bytes,     weight_bytes, name, kernel_free, &praxi_cuda_device_table,
  };
  PraxiDeviceInfo info = {.why = ""};
  int device = 0;
  *made = NULL;
  const CudaDriver *driver = find_device (&info, &device);
  CudaBackend *backend = driver ? calloc (1, sizeof *backend) : NULL;
  if (!backend) {
    snprintf (why, PRAXI_WHY_BYTES, "%s", driver ? "there is no memory left" : info.why);
    return driver ? PRAXI_STATUS_MEMORY : PRAXI_STATUS_DEVICE;
  }
  *backend = (CudaBackend){.base = table, .driver = driver, .device = device};
  backend->arch = read_arch (driver, device);
  driver->device_attribute (&backend->multiprocessors, CUDA_ATTRIBUTE_MULTIPROCESSORS, device);
  backend->budget_bytes = options->budget_bytes > 0 ? options->budget_bytes : info.memory_bytes;
  backend->is_half = options->is_half;
  snprintf (backend->level, sizeof backend->level, "sm_%d", backend->arch % 1000);
  backend->base.level = backend->level;
  const int error = start (backend);
  if (error == 0) {
    *made = &backend->base;
    return PRAXI_OK;
  }
  const PraxiStatus status = praxi_cuda_status (backend, error);
  snprintf (why, PRAXI_WHY_BYTES, "%s",
            status == PRAXI_STATUS_MEMORY ? "the GPU has no memory left" : backend->failure);
  praxi_cuda_device_table.close (&backend->base);
  return status;
}

static void
library (char *said)
{
  praxi_cudnn_library (said);
}

const PraxiPlugin *praxi_plugin_entry (int abi);

__attribute__ ((visibility ("default"))) const PraxiPlugin *
praxi_plugin_entry (int abi)
{
  static const PraxiPlugin plugin = {PRAXI_BACKEND_ABI, probe, open_device, library};
  return abi == PRAXI_BACKEND_ABI ? &plugin : NULL;
}

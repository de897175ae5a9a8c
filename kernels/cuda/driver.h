/* What is used of NVIDIA's driver, libcuda.so.1, with prototypes of our own: neither CUDA's headers
 * nor any of its libraries is needed to build or to load the plug-in.
 * Source: CUDA Driver API 13.0
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *CudaHandle; /* a context, stream, module, function, graph, event */
typedef uint64_t CudaMemory;

enum {
  CUDA_OUT_OF_MEMORY = 2,
  CUDA_STUB_LIBRARY = 34,
  CUDA_NO_DEVICE = 100,
  CUDA_NO_BINARY_FOR_GPU = 209,
  CUDA_NOT_READY = 600,
  CUDA_UNKNOWN = 999,
  CUDA_ATTRIBUTE_MULTIPROCESSORS = 16,
  CUDA_ATTRIBUTE_MAJOR = 75,
  CUDA_ATTRIBUTE_MINOR = 76,
  CUDA_STREAM_NON_BLOCKING = 1,
  CUDA_CAPTURE_THREAD_LOCAL = 1,
  CUDA_NEEDED_VERSION = 13000, /* of the toolkit that makes the kernels: its cubins need it */
};

/* DRIVER_CALL (symbol, member, arguments) */
#define CUDA_DRIVER_CALLS(DRIVER_CALL)                                                             \
  DRIVER_CALL (cuInit, init, (unsigned flags))                                                     \
  DRIVER_CALL (cuDriverGetVersion, version, (int *version))                                        \
  DRIVER_CALL (cuGetErrorString, error_string, (int error, const char **text))                     \
  DRIVER_CALL (cuDeviceGetCount, device_count, (int *count))                                       \
  DRIVER_CALL (cuDeviceGet, device_get, (int *device, int number))                                 \
  DRIVER_CALL (cuDeviceGetName, device_name, (char *name, int bytes, int device))                  \
  DRIVER_CALL (cuDeviceGetAttribute, device_attribute, (int *value, int attribute, int device))    \
  DRIVER_CALL (cuDeviceGetPCIBusId, device_bus_id, (char *id, int bytes, int device))              \
  DRIVER_CALL (cuDeviceTotalMem_v2, device_memory, (size_t * bytes, int device))                   \
  DRIVER_CALL (cuDevicePrimaryCtxRetain, context_retain, (CudaHandle * context, int device))       \
  DRIVER_CALL (cuDevicePrimaryCtxRelease_v2, context_release, (int device))                        \
  DRIVER_CALL (cuCtxSetCurrent, context_use, (CudaHandle context))                                 \
  DRIVER_CALL (cuMemAlloc_v2, allocate, (CudaMemory * memory, size_t bytes))                       \
  DRIVER_CALL (cuMemFree_v2, release, (CudaMemory memory))                                         \
  DRIVER_CALL (cuMemcpyHtoDAsync_v2, upload,                                                       \
               (CudaMemory to, const void *from, size_t bytes, CudaHandle stream))                 \
  DRIVER_CALL (cuMemcpyDtoHAsync_v2, download,                                                     \
               (void *to, CudaMemory from, size_t bytes, CudaHandle stream))                       \
  DRIVER_CALL (cuStreamCreate, stream_create, (CudaHandle * stream, unsigned flags))               \
  DRIVER_CALL (cuStreamDestroy_v2, stream_destroy, (CudaHandle stream))                            \
  DRIVER_CALL (cuStreamQuery, stream_query, (CudaHandle stream))                                   \
  DRIVER_CALL (cuStreamBeginCapture_v2, capture_begin, (CudaHandle stream, int mode))              \
  DRIVER_CALL (cuStreamEndCapture, capture_end, (CudaHandle stream, CudaHandle * graph))           \
  DRIVER_CALL (cuGraphInstantiateWithFlags, graph_instantiate,                                     \
               (CudaHandle * exec, CudaHandle graph, unsigned long long flags))                    \
  DRIVER_CALL (cuGraphUpload, graph_upload, (CudaHandle exec, CudaHandle stream))                  \
  DRIVER_CALL (cuGraphLaunch, graph_launch, (CudaHandle exec, CudaHandle stream))                  \
  DRIVER_CALL (cuGraphExecDestroy, graph_exec_destroy, (CudaHandle exec))                          \
  DRIVER_CALL (cuGraphDestroy, graph_destroy, (CudaHandle graph))                                  \
  DRIVER_CALL (cuModuleLoadData, module_load, (CudaHandle * module, const void *image))            \
  DRIVER_CALL (cuModuleUnload, module_unload, (CudaHandle module))                                 \
  DRIVER_CALL (cuModuleGetFunction, module_function,                                               \
               (CudaHandle * function, CudaHandle module, const char *name))                       \
  DRIVER_CALL (cuLaunchKernel, launch,                                                             \
               (CudaHandle function, unsigned grid_x, unsigned grid_y, unsigned grid_z,            \
                unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,       \
                CudaHandle stream, void **arguments, void **extra))                                \
  DRIVER_CALL (cuEventCreate, event_create, (CudaHandle * event, unsigned flags))                  \
  DRIVER_CALL (cuEventRecord, event_record, (CudaHandle event, CudaHandle stream))                 \
  DRIVER_CALL (cuEventElapsedTime, event_elapsed,                                                  \
               (float *milliseconds, CudaHandle from, CudaHandle to))                              \
  DRIVER_CALL (cuEventDestroy_v2, event_destroy, (CudaHandle event))

typedef struct {
#define CUDA_DRIVER_MEMBER(symbol, member, arguments) int (*member) arguments;
  CUDA_DRIVER_CALLS (CUDA_DRIVER_MEMBER)
#undef CUDA_DRIVER_MEMBER
  char version_text[32]; /* "CUDA 13.0"; "" before cuInit */
} CudaDriver;

/* Opens the driver, once, and starts it.
 * why:     a sentence where there is none that will do (PRAXI_WHY_BYTES)
 * Returns: NULL then; the driver lives as long as the process
 */
const CudaDriver *praxi_cuda_driver (char *why);

/* Bytes of a card that nobody holds now; 0 where that cannot be known. */
size_t praxi_cuda_free_bytes (const CudaDriver *driver, int device);

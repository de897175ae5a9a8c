/* What is free on a card, from the driver's management library, libnvidia-ml.so.1: it answers
 * without a context, counts other programs, and is no more needed than it is there. Source: NVML
 * API 13.0
 */
#include <dlfcn.h>

#include "kernels/cuda/cuda.h"

typedef struct {
  unsigned long long total, free, used;
} NvmlMemory;

typedef struct {
  int (*init) (void);
  int (*shutdown) (void);
  int (*find) (const char *bus_id, void **device);
  int (*memory) (void *device, NvmlMemory *memory);
} Nvml;

static bool
read_calls (void *library, Nvml *nvml)
{
  *(void **) &nvml->init = dlsym (library, "nvmlInit_v2");
  *(void **) &nvml->shutdown = dlsym (library, "nvmlShutdown");
  *(void **) &nvml->find = dlsym (library, "nvmlDeviceGetHandleByPciBusId_v2");
  *(void **) &nvml->memory = dlsym (library, "nvmlDeviceGetMemoryInfo");
  return nvml->init && nvml->shutdown && nvml->find && nvml->memory;
}

size_t
praxi_cuda_free_bytes (const CudaDriver *driver, int device)
{
  char bus_id[32] = "";
  void *library = dlopen ("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL), *card = NULL;
  Nvml nvml = {0};
  NvmlMemory memory = {0};
  if (!library)
    return 0;
  if (read_calls (library, &nvml) && driver->device_bus_id (bus_id, sizeof bus_id, device) == 0 &&
      nvml.init () == 0) {
    if (nvml.find (bus_id, &card) != 0 || nvml.memory (card, &memory) != 0)
      memory.free = 0;
    nvml.shutdown ();
  }
  dlclose (library);
  return (size_t) memory.free;
}

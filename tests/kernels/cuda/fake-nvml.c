/* A libnvidia-ml.so.1 for the emulated GPU.
 *
 *   FAKE_CUDA_FREE=BYTES    of the card (3 GB)
 *   FAKE_CUDA_NVML=N        nvmlInit_v2 gives error N
 */
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__ ((visibility ("default")))

typedef struct {
  unsigned long long total, free, used;
} Memory;

static long long
setting (const char *name, long long otherwise)
{
  const char *text = getenv (name);
  return text ? atoll (text) : otherwise;
}

EXPORT int nvmlInit_v2 (void);
EXPORT int nvmlShutdown (void);
EXPORT int nvmlDeviceGetHandleByPciBusId_v2 (const char *bus_id, void **device);
EXPORT int nvmlDeviceGetMemoryInfo (void *device, Memory *memory);

static int n_started;

int
nvmlInit_v2 (void)
{
  const int error = (int) setting ("FAKE_CUDA_NVML", 0);
  n_started += error == 0;
  return error;
}

int
nvmlShutdown (void)
{
  n_started--;
  return 0;
}

int
nvmlDeviceGetHandleByPciBusId_v2 (const char *bus_id, void **device)
{
  *device = &n_started;
  return n_started != 1 || strcmp (bus_id, "0000:42:00.0") != 0 ? 2 : 0;
}

int
nvmlDeviceGetMemoryInfo (void *device, Memory *memory)
{
  memory->total = 4ULL << 30;
  memory->free = (unsigned long long) setting ("FAKE_CUDA_FREE", 3000000000);
  memory->used = memory->total - memory->free;
  return device != &n_started;
}

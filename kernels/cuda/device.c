/* The device table: memory, order, recordings; and the watch over a device that does not answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/cuda/tune.h"

struct PraxiRecording {
  CudaHandle exec;
};

enum { SPINS = 2000, ANSWER_SECONDS = 8 };

static CudaBackend *
own (const PraxiBackend *backend)
{
  return (CudaBackend *) backend;
}

PraxiStatus
praxi_cuda_status (CudaBackend *backend, int error)
{
  const char *text = NULL;
  if (error == 0)
    return PRAXI_OK;
  if (error == CUDA_OUT_OF_MEMORY)
    return PRAXI_STATUS_MEMORY;
  backend->driver->error_string (error, &text);
  if (!backend->is_lost)
    snprintf (backend->failure, sizeof backend->failure, "the GPU failed (%s, CUDA error %d)",
              text ? text : "no text", error);
  backend->is_lost = true;
  return PRAXI_STATUS_DEVICE;
}

/* Makes the context current in this thread. */
static PraxiStatus
enter (CudaBackend *backend)
{
  if (backend->is_lost)
    return PRAXI_STATUS_DEVICE;
  return praxi_cuda_status (backend, backend->driver->context_use (backend->context));
}

static int
free_slot (const CudaBackend *backend)
{
  for (int i = 0; i < (int) (sizeof backend->reserved / sizeof *backend->reserved); i++)
    if (backend->reserved[i] == 0)
      return i;
  return -1;
}

static PraxiStatus
reserve (const PraxiBackend *base, size_t bytes, void **memory)
{
  CudaBackend *backend = own (base);
  PraxiDeviceStats *stats = &backend->stats;
  const int slot = free_slot (backend);
  const PraxiStatus entered = enter (backend);
  if (entered != PRAXI_OK)
    return entered;
  if (slot < 0 || bytes > backend->budget_bytes - stats->arena_bytes)
    return PRAXI_STATUS_MEMORY;
  CudaMemory at = 0;
  const PraxiStatus status =
      praxi_cuda_status (backend, backend->driver->allocate (&at, bytes > 0 ? bytes : 1));
  if (status != PRAXI_OK)
    return status;
  backend->reserved[slot] = at;
  backend->reserved_bytes[slot] = bytes;
  stats->arena_bytes += bytes;
  stats->peak_bytes =
      bytes > 0 && stats->arena_bytes > stats->peak_bytes ? stats->arena_bytes : stats->peak_bytes;
  *memory = (void *) (uintptr_t) at;
  return PRAXI_OK;
}

static void
release (const PraxiBackend *base, void *memory)
{
  CudaBackend *backend = own (base);
  for (int i = 0; i < (int) (sizeof backend->reserved / sizeof *backend->reserved); i++)
    if (memory && backend->reserved[i] == (CudaMemory) (uintptr_t) memory) {
      backend->stats.arena_bytes -= backend->reserved_bytes[i];
      backend->reserved[i] = 0;
      /* A hung device would not let go of it; the process's end does. */
      if (enter (backend) == PRAXI_OK)
        backend->driver->release ((CudaMemory) (uintptr_t) memory);
    }
}

static double
now_s (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static PraxiStatus
give_up (CudaBackend *backend)
{
  backend->is_lost = true;
  snprintf (backend->failure, sizeof backend->failure, "the GPU has not answered for %d seconds",
            ANSWER_SECONDS);
  return PRAXI_STATUS_DEVICE;
}

/* Asks instead of waiting in the driver, which would wait for ever. */
static PraxiStatus
wait (const PraxiBackend *base)
{
  CudaBackend *backend = own (base);
  const PraxiStatus entered = enter (backend);
  if (entered != PRAXI_OK)
    return entered;
  const double begin_s = now_s ();
  for (int i = 0;; i++) {
    const int error = backend->driver->stream_query (backend->stream);
    if (error != CUDA_NOT_READY)
      return praxi_cuda_status (backend, error);
    if (i < SPINS)
      continue;
    if (now_s () - begin_s > ANSWER_SECONDS)
      return give_up (backend);
    nanosleep (&(struct timespec){.tv_nsec = 50000}, NULL);
  }
}

static PraxiStatus
upload (const PraxiBackend *base, void *to, const void *from, size_t bytes)
{
  CudaBackend *backend = own (base);
  const PraxiStatus entered = enter (backend);
  if (entered != PRAXI_OK || bytes == 0)
    return entered;
  return praxi_cuda_status (
      backend, backend->driver->upload ((CudaMemory) (uintptr_t) to, from, bytes, backend->stream));
}

static PraxiStatus
download (const PraxiBackend *base, void *to, const void *from, size_t bytes)
{
  CudaBackend *backend = own (base);
  const PraxiStatus before = wait (base);
  if (before != PRAXI_OK || bytes == 0)
    return before;
  const PraxiStatus status =
      praxi_cuda_status (backend, backend->driver->download (to, (CudaMemory) (uintptr_t) from,
                                                             bytes, backend->stream));
  return status == PRAXI_OK ? wait (base) : status;
}

static PraxiStatus
place (PraxiKernel *kernel, void *memory)
{
  kernel->constants = memory;
  PraxiStatus status =
      upload (&kernel->backend->base, memory, kernel->packed, kernel->packed_bytes);
  if (status == PRAXI_OK)
    status = wait (&kernel->backend->base);
  free (kernel->packed);
  kernel->packed = NULL;
  return status;
}

static PraxiStatus
recording_begin (const PraxiBackend *base)
{
  CudaBackend *backend = own (base);
  const PraxiStatus entered = enter (backend);
  if (entered != PRAXI_OK)
    return entered;
  backend->is_recording = true;
  return praxi_cuda_status (
      backend, backend->driver->capture_begin (backend->stream, CUDA_CAPTURE_THREAD_LOCAL));
}

static PraxiStatus
recording_end (const PraxiBackend *base, PraxiRecording **recording)
{
  CudaBackend *backend = own (base);
  CudaHandle graph = NULL;
  *recording = NULL;
  backend->is_recording = false;
  PraxiStatus status =
      praxi_cuda_status (backend, backend->driver->capture_end (backend->stream, &graph));
  if (status != PRAXI_OK)
    return status;
  PraxiRecording *made = calloc (1, sizeof *made);
  status =
      made ? praxi_cuda_status (backend, backend->driver->graph_instantiate (&made->exec, graph, 0))
           : PRAXI_STATUS_MEMORY;
  backend->driver->graph_destroy (graph);
  if (status != PRAXI_OK) {
    free (made);
    return status;
  }
  *recording = made;
  return PRAXI_OK;
}

static PraxiStatus
recording_run (const PraxiBackend *base, const PraxiRecording *recording)
{
  CudaBackend *backend = own (base);
  const PraxiStatus entered = enter (backend);
  return entered == PRAXI_OK
             ? praxi_cuda_status (backend,
                                  backend->driver->graph_launch (recording->exec, backend->stream))
             : entered;
}

static void
recording_free (const PraxiBackend *base, PraxiRecording *recording)
{
  if (recording && enter (own (base)) == PRAXI_OK)
    own (base)->driver->graph_exec_destroy (recording->exec);
  free (recording);
}

static void
stats (const PraxiBackend *base, PraxiDeviceStats *copy)
{
  *copy = own (base)->stats;
}

static const char *
failure (const PraxiBackend *base)
{
  return own (base)->failure;
}

static bool
remark (const PraxiBackend *base, char *said)
{
  CudaBackend *backend = own (base);
  if (backend->remark[0] == '\0' || backend->has_remarked)
    return false;
  memcpy (said, backend->remark, PRAXI_WHY_BYTES);
  backend->has_remarked = true;
  return true;
}

static void
interop (const PraxiBackend *base, void **context, void **stream)
{
  *context = own (base)->context;
  *stream = own (base)->stream;
}

static void
close (PraxiBackend *base)
{
  CudaBackend *backend = own (base);
  const CudaDriver *driver = backend->driver;
  praxi_cudnn_state_free (backend);
  if (enter (backend) == PRAXI_OK) {
    if (backend->module)
      driver->module_unload (backend->module);
    if (backend->stream)
      driver->stream_destroy (backend->stream);
    driver->context_release (backend->device);
  }
  free (backend);
}

const PraxiDeviceTable praxi_cuda_device_table = {
    .reserve = reserve,
    .release = release,
    .place = place,
    .upload = upload,
    .download = download,
    .wait = wait,
    .recording_begin = recording_begin,
    .recording_end = recording_end,
    .recording_run = recording_run,
    .recording_free = recording_free,
    .stats = stats,
    .failure = failure,
    .remark = remark,
    .interop = interop,
    .close = close,
};

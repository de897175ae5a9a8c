/* A backend's handle of cuDNN and the memory that its plans share. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/tune.h"

enum { LEAST_ROOM = 1 << 20 };

void
praxi_cudnn_remark (CudaBackend *backend, const char *format, ...)
{
  va_list arguments;
  if (backend->remark[0] != '\0')
    return;
  va_start (arguments, format);
  vsnprintf (backend->remark, sizeof backend->remark, format, arguments);
  va_end (arguments);
}

static PraxiStatus
make_signs (CudaBackend *backend, CudnnState *state)
{
  const PraxiDeviceTable *table = backend->base.device;
  uint8_t flipped[256];
  for (int i = 0; i < 256; i++)
    flipped[i] = (uint8_t) (i ^ 0x80);
  PraxiStatus status = table->reserve (&backend->base, sizeof flipped, (void **) &state->signs);
  if (status == PRAXI_OK)
    status = table->upload (&backend->base, state->signs, flipped, sizeof flipped);
  return status == PRAXI_OK ? table->wait (&backend->base) : status;
}

CudnnState *
praxi_cudnn_state (CudaBackend *backend)
{
  if (backend->has_asked_cudnn)
    return backend->cudnn;
  backend->has_asked_cudnn = true;
  const CudnnLibrary *library = praxi_cudnn_library (NULL);
  backend->cudnn = library ? calloc (1, sizeof *backend->cudnn) : NULL;
  if (backend->cudnn)
    backend->cudnn->target.library = library;
  return backend->cudnn;
}

bool
praxi_cudnn_start (CudaBackend *backend)
{
  CudnnState *state = backend->cudnn;
  const CudnnLibrary *library = state->target.library;
  if (state->is_broken || state->signs)
    return !state->is_broken;
  int status = library->create (&state->target.handle);
  if (status != 0)
    state->target.handle = NULL;
  else
    status = library->set_stream (state->target.handle, backend->stream);
  if (status != 0)
    praxi_cudnn_remark (backend, "cuDNN does not start (%.80s); own kernels do its work",
                        library->error_string (status));
  state->is_broken = status != 0 || make_signs (backend, state) != PRAXI_OK;
  return !state->is_broken;
}

void
praxi_cudnn_state_free (CudaBackend *backend)
{
  CudnnState *state = backend->cudnn;
  if (!state)
    return;
  /* The handle of a lost device would wait for it. */
  if (state->target.handle && !backend->is_lost)
    state->target.library->destroy (state->target.handle);
  backend->base.device->release (&backend->base, state->signs);
  for (int i = 0; i < state->n_rooms; i++)
    backend->base.device->release (&backend->base, state->rooms[i]);
  free (state);
  backend->cudnn = NULL;
}

uint8_t *
praxi_cudnn_room (CudaBackend *backend, size_t bytes)
{
  CudnnState *state = backend->cudnn;
  const PraxiDeviceTable *table = backend->base.device;
  void *made = NULL;
  if (state->n_rooms > 0 && bytes <= state->room_bytes)
    return state->rooms[state->n_rooms - 1];
  if (state->n_rooms == (int) (sizeof state->rooms / sizeof *state->rooms))
    return NULL;
  size_t wanted = 2 * state->room_bytes > LEAST_ROOM ? 2 * state->room_bytes : LEAST_ROOM;
  wanted = bytes > wanted ? bytes : wanted;
  if (table->reserve (&backend->base, wanted, &made) != PRAXI_OK) {
    wanted = bytes > 0 ? bytes : 1;
    if (table->reserve (&backend->base, wanted, &made) != PRAXI_OK)
      return NULL;
  }
  state->rooms[state->n_rooms++] = made; /* those before stay: recordings know them */
  state->room_bytes = wanted;
  return made;
}

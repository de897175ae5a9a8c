/* cuDNN's plans beside the own kernels: timed on the device, examined against them, chosen only
 * where they are faster and give the same. Whatever goes wrong, the own kernel stays.
 */
#pragma once

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/cudnn.h"

/* Puts a run of a convolution, an own kernel's or cuDNN's, on the backend's stream. args:
 * CudaConvBytes or CudaConvFloats, as conv wants
 */
typedef PraxiStatus CudaRun (void *conv, void *args);

/* Milliseconds of a run out of a recording, as it will run for good; the first run, which loads the
 * kernel, does not count.
 * Errors: as run's; UNSUPPORTED where it cannot be recorded
 */
PraxiStatus praxi_cuda_time (CudaBackend *backend, CudaRun *run, void *conv, void *args, float *ms);

/* What a backend has of cuDNN, made when it is first asked for. */
typedef struct CudnnState {
  CudnnTarget target;
  uint8_t *signs;     /* 256 bytes of the device: a table that makes s8 of u8 and back */
  uint8_t *rooms[32]; /* of the device, for workspaces and copies; the last is the largest */
  int n_rooms;
  size_t room_bytes; /* of the last */
  double built_s;    /* how long plans were compiled */
  bool is_broken;    /* it does not start, or a part of it is not installed */
} CudnnState;

/* NULL where there is no cuDNN. */
CudnnState *praxi_cudnn_state (CudaBackend *backend);

/* Makes its handle, which takes memory and time, when the first plan is wanted. False where that
 * fails; why is remarked once.
 */
bool praxi_cudnn_start (CudaBackend *backend);
void praxi_cudnn_state_free (CudaBackend *backend);

/* A block of the device that later ones may share; NULL over the budget. It stays until the backend
 * is closed, since recordings know it.
 */
uint8_t *praxi_cudnn_room (CudaBackend *backend, size_t bytes);

/* Keeps the first sentence about what went wrong, until it is asked for. */
void praxi_cudnn_remark (CudaBackend *backend, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

/* A problem to find a plan for. */
typedef struct {
  CudaBackend *backend;
  const CudnnProblem *problem;
  bool is_exact; /* f32 stays f32 */
  float own_ms;
  CudnnPlan *plan;     /* what is tried, and in the end chosen */
  uint8_t **workspace; /* where it has `before` bytes and the plan's workspace behind them */
  size_t before;
  CudaRun *run; /* runs *plan */
  /* Whether *plan gives what the own kernel gives; verdict says what not (CUDNN_VERDICT_BYTES).
   * Errors: MEMORY, DEVICE
   */
  PraxiStatus (*examine) (void *conv, bool *is_good, char *verdict);
  void *conv, *args; /* of run and examine */
} CudnnTrial;

typedef enum { CUDNN_CHOSEN, CUDNN_SLOWER, CUDNN_NOT_CHOSEN } CudnnOutcome;

/* Tries the plan that is kept, or what the heuristics name: how many seconds compiling may take in
 * one process is limited (PRAXI_CUDNN=all lifts that). Where it is not chosen *plan is cleared.
 */
CudnnOutcome praxi_cudnn_try (const CudnnTrial *trial);

/* Runs of one convolution: own kernel for exams, and its arguments now. */
typedef struct {
  CudaBackend *backend;
  CudaRun *run;
  void *conv;
  const float *base; /* of the device: its base in f32, NULL where those would not be exact */
  PraxiDType y_type;
} CudnnBytesOwn;

typedef struct CudnnBytes CudnnBytes;

/* Finds a plan that is faster than own_ms and gives the own kernel's bytes; NULL where there is
 * none. args: of a run whose inputs are there; its output is written
 */
CudnnBytes *praxi_cudnn_bytes (const CudnnBytesOwn *own, const CudaConvBytes *args, float own_ms);
PraxiStatus praxi_cudnn_bytes_run (CudnnBytes *conv, const CudaConvBytes *args);
void praxi_cudnn_bytes_free (CudnnBytes *conv);

/* The exam of a plan: on the run's own data and on numbers that show every other way to compute it
 * (exact ties, products rounded before the sum, sums beyond the range), all on the real shape.
 * run:     as praxi_cudnn_bytes_run, with a base of its own
 * Errors:  MEMORY, DEVICE
 */
PraxiStatus praxi_cudnn_exam (const CudnnBytesOwn *own,
                              const CudaConvBytes *args,
                              CudnnBytes *conv,
                              PraxiStatus (*run) (CudnnBytes *conv,
                                                  const CudaConvBytes *args,
                                                  const float *base),
                              bool *is_good,
                              char *verdict);

/* The same of floats: f16 where is_half, with sums in f32, else f32 as it is. */
typedef struct {
  CudaBackend *backend;
  CudaRun *run;
  void *conv;
  bool is_half;
} CudnnFloatsOwn;

typedef struct CudnnFloats CudnnFloats;

/* As praxi_cudnn_bytes; "the same" is within 10⁻³ of the largest value with is_half, else 2 · 10⁻⁵:
 * sums are in another order.
 */
CudnnFloats *
praxi_cudnn_floats (const CudnnFloatsOwn *own, const CudaConvFloats *args, float own_ms);
PraxiStatus praxi_cudnn_floats_run (CudnnFloats *conv, const CudaConvFloats *args);
void praxi_cudnn_floats_free (CudnnFloats *conv);

/* Elements that a convolution reads and writes. */
static inline int64_t
praxi_cudnn_inputs (const CudaWindow *w)
{
  return (int64_t) w->batch * w->in[0] * w->in[1] * w->in[2] * w->channels;
}

static inline int64_t
praxi_cudnn_outputs (const CudaWindow *w)
{
  return praxi_cuda_positions (w) * w->outputs;
}

/* Bytes up to where the next part of a room may begin. */
static inline size_t
praxi_cudnn_aligned (size_t bytes)
{
  return (bytes + 255) / 256 * 256;
}

/* cuDNN takes what it only reads as the rest. */
static inline void *
praxi_cudnn_pointer (const void *data)
{
  return (void *) (uintptr_t) data;
}

/* Convolutions that cuDNN might take: false saves the asking. */
bool praxi_cudnn_may_take (const CudaWindow *w, int align);

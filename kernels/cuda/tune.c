#include "kernels/cuda/tune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 3 };

static const double build_s = 2; /* a process compiles no longer unless PRAXI_CUDNN=all */
static const char slower[] = "it is slower";
static const char being_tried[] = "it was being tried when the program ended";

/* What the driver says while something may fail that is not the device's fault. */
static PraxiStatus
unless_lost (const CudaBackend *backend, PraxiStatus status)
{
  return backend->is_lost ? PRAXI_STATUS_DEVICE : status;
}

static PraxiStatus
record (CudaBackend *backend, CudaRun *run, void *conv, void *args, CudaHandle *exec)
{
  const CudaDriver *driver = backend->driver;
  CudaHandle graph = NULL;
  *exec = NULL;
  if (driver->capture_begin (backend->stream, CUDA_CAPTURE_THREAD_LOCAL) != 0)
    return unless_lost (backend, PRAXI_STATUS_UNSUPPORTED);
  PraxiStatus status = PRAXI_OK;
  for (int i = 0; i < RUNS && status == PRAXI_OK; i++)
    status = run (conv, args);
  int error = driver->capture_end (backend->stream, &graph);
  if (status == PRAXI_OK && error == 0 && graph)
    error = driver->graph_instantiate (exec, graph, 0);
  if (graph)
    driver->graph_destroy (graph);
  if (status != PRAXI_OK)
    return status;
  return error == 0 && *exec ? PRAXI_OK : unless_lost (backend, PRAXI_STATUS_UNSUPPORTED);
}

static PraxiStatus
time_recording (CudaBackend *backend, CudaHandle exec, CudaHandle begin, CudaHandle end, float *ms)
{
  const CudaDriver *driver = backend->driver;
  int error = driver->graph_upload (exec, backend->stream); /* no part of what is timed */
  if (error == 0)
    error = driver->event_record (begin, backend->stream);
  if (error == 0)
    error = driver->graph_launch (exec, backend->stream);
  if (error == 0)
    error = driver->event_record (end, backend->stream);
  PraxiStatus status = praxi_cuda_status (backend, error);
  if (status == PRAXI_OK)
    status = backend->base.device->wait (&backend->base);
  if (status == PRAXI_OK)
    status = praxi_cuda_status (backend, driver->event_elapsed (ms, begin, end));
  *ms /= RUNS;
  return status;
}

PraxiStatus
praxi_cuda_time (CudaBackend *backend, CudaRun *run, void *conv, void *args, float *ms)
{
  const CudaDriver *driver = backend->driver;
  CudaHandle exec = NULL, begin = NULL, end = NULL;
  PraxiStatus status = run (conv, args);
  if (status == PRAXI_OK)
    status = backend->base.device->wait (&backend->base);
  if (status == PRAXI_OK)
    status = praxi_cuda_status (backend, driver->event_create (&begin, 0));
  if (status == PRAXI_OK)
    status = praxi_cuda_status (backend, driver->event_create (&end, 0));
  if (status == PRAXI_OK)
    status = record (backend, run, conv, args, &exec);
  if (status == PRAXI_OK)
    status = time_recording (backend, exec, begin, end, ms);
  if (exec)
    driver->graph_exec_destroy (exec);
  if (begin)
    driver->event_destroy (begin);
  if (end)
    driver->event_destroy (end);
  return status;
}

static double
now_s (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static bool
may_build (const CudnnState *state)
{
  const char *wanted = getenv ("PRAXI_CUDNN");
  return state->built_s < build_s || (wanted && strcmp (wanted, "all") == 0);
}

static void
make_key (const CudnnTrial *trial, char *key)
{
  const CudaBackend *backend = trial->backend;
  char device[128] = "", problem[400] = "";
  int version = 0;
  backend->driver->device_name (device, sizeof device, backend->device);
  backend->driver->version (&version);
  device[strcspn (device, "\n")] = '\0';
  praxi_cudnn_problem_text (trial->problem, problem, sizeof problem);
  snprintf (key, CUDNN_KEY_BYTES, "cuDNN %u, %s, sm_%d, CUDA %d, praxiscope %s%s: %s",
            backend->cudnn->target.library->number, device, backend->arch, version, PRAXI_VERSION,
            trial->is_exact ? ", exact" : "", problem);
}

static bool
reserve_workspace (const CudnnTrial *trial)
{
  *trial->workspace =
      praxi_cudnn_room (trial->backend, trial->before + trial->plan->workspace_bytes);
  if (!*trial->workspace && !trial->backend->is_lost)
    praxi_cudnn_remark (trial->backend,
                        "a plan of cuDNN needs %zu bytes more than the GPU has or "
                        "--vram allows; the own kernel does its work",
                        trial->before + trial->plan->workspace_bytes);
  return *trial->workspace != NULL;
}

/* Times *plan, whose workspace is there. Returns whether it ran. */
static bool
time_plan (const CudnnTrial *trial, float *ms)
{
  const PraxiStatus status =
      praxi_cuda_time (trial->backend, trial->run, trial->conv, trial->args, ms);
  if (status != PRAXI_OK && !trial->backend->is_lost)
    praxi_cudnn_remark (trial->backend,
                        "a plan of cuDNN does not run%s; the own kernel does its "
                        "work",
                        status == PRAXI_STATUS_UNSUPPORTED ? " or cannot be recorded" : "");
  return status == PRAXI_OK;
}

/* Whether a status tells of an installation: a part of cuDNN, NVRTC or the driver is not there. */
static bool
lacks_part (int status)
{
  return status / 1000 == 1 || (status >= DNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER &&
                                status <= DNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE);
}

/* Nothing more is tried then, and nothing kept: it may be installed tomorrow. */
static void
give_up (const CudnnTrial *trial, int status, char *verdict)
{
  CudnnState *state = trial->backend->cudnn;
  verdict[0] = '\0';
  state->is_broken = true;
  praxi_cudnn_remark (trial->backend,
                      "cuDNN or NVRTC is not whole (%.80s); own kernels do its work",
                      state->target.library->error_string (status));
}

/* Compiles what the heuristics name and leaves the fastest in *plan. verdict: why there is none; ""
 * where only memory lacks, which may be there another time
 */
static float
build_fastest (const CudnnTrial *trial, const char *key, char *verdict)
{
  const CudnnTarget *target = &trial->backend->cudnn->target;
  CudnnDescriptor configs[CUDNN_CONFIGS];
  CudnnPlan best = {NULL, 0};
  CudnnGraph graph;
  float best_ms = 0;
  const double begin_s = now_s ();
  int status = praxi_cudnn_graph (target->library, target->handle, trial->problem, &graph);
  const int n = status == 0 ? praxi_cudnn_configs (target, &graph, trial->is_exact, configs) : 0;
  snprintf (verdict, CUDNN_VERDICT_BYTES, "cuDNN has no engine for it");
  for (int i = 0; i < n; i++) {
    float ms = 0;
    /* what ends the program here is not tried again */
    if (!trial->backend->is_lost && !lacks_part (status) &&
        (status = praxi_cudnn_plan (target, configs[i], trial->plan)) == 0) {
      const bool has_room = reserve_workspace (trial);
      snprintf (verdict, CUDNN_VERDICT_BYTES, has_room ? "no plan of it ran" : "");
      if (has_room)
        praxi_cudnn_cache_write (key, "", 0, being_tried);
      if (has_room && time_plan (trial, &ms) && (!best.descriptor || ms < best_ms)) {
        praxi_cudnn_plan_clear (target->library, &best);
        best = *trial->plan;
        best_ms = ms;
        *trial->plan = (CudnnPlan){NULL, 0};
      }
      praxi_cudnn_plan_clear (target->library, trial->plan);
    }
    target->library->descriptor_destroy (configs[i]);
  }
  praxi_cudnn_graph_clear (&graph);
  if (lacks_part (status))
    give_up (trial, status, verdict);
  trial->backend->cudnn->built_s += now_s () - begin_s;
  *trial->plan = best;
  if (best.descriptor)
    verdict[0] = '\0';
  return best_ms;
}

static void
save (const CudnnTrial *trial, const char *key)
{
  char *json = NULL;
  size_t bytes = 0;
  praxi_cudnn_plan_save (trial->backend->cudnn->target.library, trial->plan, &json, &bytes);
  praxi_cudnn_cache_write (key, json ? json : "", bytes, json ? "" : "it cannot be kept");
  free (json);
}

/* The exam of *plan, which is faster. */
static bool
passes (const CudnnTrial *trial, char *verdict)
{
  bool is_good = false;
  verdict[0] = '\0';
  const PraxiStatus status = reserve_workspace (trial)
                                 ? trial->examine (trial->conv, &is_good, verdict)
                                 : PRAXI_STATUS_MEMORY;
  if (status == PRAXI_STATUS_MEMORY)
    praxi_cudnn_remark (trial->backend, "no memory is left to examine a plan of cuDNN; the own "
                                        "kernel does its work");
  else if (!is_good && !trial->backend->is_lost)
    praxi_cudnn_remark (trial->backend,
                        "a plan of cuDNN was refused: %s; the own kernel does its "
                        "work",
                        verdict);
  return status == PRAXI_OK && is_good;
}

/* Loads the plan that is kept. False where there is none; *is_refused: and there is to be none, for
 * which verdict is the reason.
 */
static bool
load (const CudnnTrial *trial, const char *key, bool *is_refused, char *verdict)
{
  char *json = NULL;
  size_t bytes = 0;
  const CudnnMemory found = praxi_cudnn_cache_read (key, &json, &bytes, verdict);
  *is_refused = found == CUDNN_REFUSED;
  const bool is_loaded =
      found == CUDNN_KNOWN && praxi_cudnn_start (trial->backend) &&
      praxi_cudnn_plan_load (&trial->backend->cudnn->target, json, bytes, trial->plan) == 0;
  free (json);
  if (found == CUDNN_BROKEN ||
      (found == CUDNN_KNOWN && !is_loaded && !trial->backend->cudnn->is_broken))
    praxi_cudnn_remark (trial->backend, "a file of cuDNN's plans is broken and is made again");
  return is_loaded;
}

/* A row of Markdown for the bench: what was tried and what came of it. */
static void
note (const CudnnTrial *trial, float ms, double built_s, const char *verdict)
{
  const char *path = getenv ("PRAXI_CUDNN_ROWS");
  char problem[400];
  FILE *file = path && *path ? fopen (path, "ae") : NULL;
  if (!file)
    return;
  praxi_cudnn_problem_text (trial->problem, problem, sizeof problem);
  fprintf (file, "| %s | %.4f | %.4f | %.2f | %s |\n", problem, (double) trial->own_ms, (double) ms,
           built_s,
           verdict[0] != '\0'        ? verdict
           : trial->plan->descriptor ? "chosen"
                                     : "-");
  fclose (file);
}

static CudnnOutcome
outcome_of (const CudnnTrial *trial, const char *verdict)
{
  if (trial->plan->descriptor && verdict[0] == '\0')
    return CUDNN_CHOSEN;
  return strncmp (verdict, slower, sizeof slower - 1) == 0 ? CUDNN_SLOWER : CUDNN_NOT_CHOSEN;
}

CudnnOutcome
praxi_cudnn_try (const CudnnTrial *trial)
{
  CudnnState *state = praxi_cudnn_state (trial->backend);
  char key[CUDNN_KEY_BYTES], verdict[CUDNN_VERDICT_BYTES] = "";
  bool is_refused = false, has_passed = false;
  float ms = 0;
  *trial->plan = (CudnnPlan){NULL, 0};
  if (!state)
    return CUDNN_NOT_CHOSEN;
  make_key (trial, key);
  const double built_s = state->built_s;
  const bool is_kept = load (trial, key, &is_refused, verdict);
  if (is_refused || (!is_kept && (!may_build (state) || !praxi_cudnn_start (trial->backend))))
    return outcome_of (trial, verdict);
  if (!is_kept)
    ms = build_fastest (trial, key, verdict);
  else if (!reserve_workspace (trial) || !time_plan (trial, &ms))
    praxi_cudnn_plan_clear (state->target.library, trial->plan);
  if (trial->plan->descriptor && ms >= trial->own_ms)
    snprintf (verdict, sizeof verdict, "%s: %.4f ms, own kernel %.4f ms", slower, (double) ms,
              (double) trial->own_ms);
  else if (trial->plan->descriptor)
    has_passed = passes (trial, verdict);
  note (trial, ms, state->built_s - built_s, verdict);
  if (trial->backend->is_lost)
    return CUDNN_NOT_CHOSEN; /* what is written stands: it is not tried again */
  if (verdict[0] != '\0' && (!is_kept || ms < trial->own_ms))
    praxi_cudnn_cache_write (key, "", 0, verdict);
  else if (!is_kept && trial->plan->descriptor)
    save (trial, key); /* also where there was no memory to examine it */
  const CudnnOutcome outcome = outcome_of (trial, verdict);
  if (outcome == CUDNN_CHOSEN && has_passed)
    return outcome;
  praxi_cudnn_plan_clear (state->target.library, trial->plan);
  return outcome == CUDNN_CHOSEN ? CUDNN_NOT_CHOSEN : outcome;
}

bool
praxi_cudnn_may_take (const CudaWindow *w, int align)
{
  return w->groups == 1 && w->channels % align == 0 && w->outputs % align == 0;
}

/* cuDNN 9 by its backend C API, opened at run time with prototypes of our own: neither its header
 * nor a library of CUDA is needed to build or to load the plug-in. Convolutions alone are described
 * here; what is done with them is in tune.h.
 * Source: cuDNN 9.19 backend API reference
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/cuda/args.h"

typedef void *CudnnDescriptor;

enum {
#define CUDNN_NUMBER(name, value) DNN_##name = value,
#include "kernels/cuda/cudnn-numbers.h"
#undef CUDNN_NUMBER
  CUDNN_OLDEST = 91500, /* conv3d of older ones was silently wrong or took too much memory */
};

/* CUDNN_CALL (symbol, member, type of what it returns, arguments) */
#define CUDNN_CALLS(CUDNN_CALL)                                                                    \
  CUDNN_CALL (cudnnGetVersion, version, size_t, (void) )                                           \
  CUDNN_CALL (cudnnGetErrorString, error_string, const char *, (int status))                       \
  CUDNN_CALL (cudnnCreate, create, int, (void **handle))                                           \
  CUDNN_CALL (cudnnDestroy, destroy, int, (void *handle))                                          \
  CUDNN_CALL (cudnnSetStream, set_stream, int, (void *handle, void *stream))                       \
  CUDNN_CALL (cudnnBackendCreateDescriptor, descriptor_create, int,                                \
              (int type, CudnnDescriptor *descriptor))                                             \
  CUDNN_CALL (cudnnBackendDestroyDescriptor, descriptor_destroy, int,                              \
              (CudnnDescriptor descriptor))                                                        \
  CUDNN_CALL (cudnnBackendSetAttribute, set, int,                                                  \
              (CudnnDescriptor descriptor, int name, int type, int64_t count, const void *data))   \
  CUDNN_CALL (                                                                                     \
      cudnnBackendGetAttribute, get, int,                                                          \
      (CudnnDescriptor descriptor, int name, int type, int64_t room, int64_t *count, void *data))  \
  CUDNN_CALL (cudnnBackendFinalize, finalize, int, (CudnnDescriptor descriptor))                   \
  CUDNN_CALL (cudnnBackendExecute, execute, int,                                                   \
              (void *handle, CudnnDescriptor plan, CudnnDescriptor pack))

typedef struct {
#define CUDNN_MEMBER(symbol, member, type, arguments) type (*member) arguments;
  CUDNN_CALLS (CUDNN_MEMBER)
#undef CUDNN_MEMBER
  unsigned number; /* 91900 */
} CudnnLibrary;

/* Opens cuDNN, once. PRAXI_CUDNN=off leaves it alone.
 * said:    one sentence: that it is used, or why not (PRAXI_WHY_BYTES)
 * Returns: NULL where there is none that will do; lives as long as the process
 */
const CudnnLibrary *praxi_cudnn_library (char *said);

/* The tensors of a convolution's graph; scalars are handed over by value. */
typedef enum {
  CUDNN_X,
  CUDNN_W,
  CUDNN_Y,
  CUDNN_BASE, /* f32 [O], as are the next two */
  CUDNN_MULTIPLIER,
  CUDNN_OFFSET,
  CUDNN_RESIDUAL,
  CUDNN_FIRST_SCALAR,
  CUDNN_RESIDUAL_ZERO = CUDNN_FIRST_SCALAR,
  CUDNN_RESIDUAL_MULTIPLIER,
  CUDNN_MAGIC,
  CUDNN_UNMAGIC,
  CUDNN_ROLES
} CudnnRole;

enum { CUDNN_NONE = -1 };

/* y = store (zero + round (clip (activation (
 *         (conv (x, w) + base) · multiplier + offset + (residual − its zero) · its multiplier))))
 * where what is absent is left out. Everything is dense channels-last; zeros pad.
 */
typedef struct {
  CudaWindow w;
  int x_type, y_type; /* DNN_DATA_…; the weights are of x's, but s8 for u8 */
  int residual_type;  /* CUDNN_NONE: there is none */
  int w_channels;     /* C, or more where each tap's channels have room for more */
  bool has_base, has_multiplier, has_offset, scales_residual;
  int activation; /* DNN_POINTWISE_…_FWD, or CUDNN_NONE */
  bool clips;
  float low, high;
  bool rounds; /* to nearest even, before `zero` is added */
} CudnnProblem;

/* What is made for a problem: finalized descriptors, of which `graph` is the operation graph. */
typedef struct {
  const CudnnLibrary *library;
  CudnnDescriptor all[48];
  int n;
  CudnnDescriptor graph;
} CudnnGraph;

/* handle: NULL for what shall never run.
 * Returns: 0 or cuDNN's status; the graph is to be cleared in either case
 */
int praxi_cudnn_graph (const CudnnLibrary *library,
                       void *handle,
                       const CudnnProblem *problem,
                       CudnnGraph *graph);
void praxi_cudnn_graph_clear (CudnnGraph *graph);

/* For whom plans are made: a handle of this machine's device, or the description of another one. */
typedef struct {
  const CudnnLibrary *library;
  void *handle;               /* or NULL and */
  CudnnDescriptor properties; /* finalized */
} CudnnTarget;

typedef struct {
  CudnnDescriptor descriptor;
  size_t workspace_bytes;
} CudnnPlan;

enum { CUDNN_CONFIGS = 3 }; /* as many of the engines that the heuristics name first are tried */

/* The configurations that the heuristics name for a graph, best first, without those that want
 * weights in another order or, with is_exact, round operands to fewer bits.
 * configs: CUDNN_CONFIGS; destroy each
 * Returns: how many
 */
int praxi_cudnn_configs (const CudnnTarget *target,
                         const CudnnGraph *graph,
                         bool is_exact,
                         CudnnDescriptor *configs);

/* Makes a plan of a configuration, which compiles it: half a second to two.
 * Returns: 0 or cuDNN's status
 */
int praxi_cudnn_plan (const CudnnTarget *target, CudnnDescriptor config, CudnnPlan *plan);
int
praxi_cudnn_plan_load (const CudnnTarget *target, const char *json, size_t bytes, CudnnPlan *plan);
/* json: free with free; NULL where it does not fit in memory or cuDNN has none */
void praxi_cudnn_plan_save (const CudnnLibrary *library,
                            const CudnnPlan *plan,
                            char **json,
                            size_t *bytes);
void praxi_cudnn_plan_clear (const CudnnLibrary *library, CudnnPlan *plan);

/* pointers: CUDNN_ROLES, NULL for what the problem has not; scalars point to the processor's memory
 * Returns:  0 or cuDNN's status
 */
int praxi_cudnn_plan_run (const CudnnTarget *target,
                          const CudnnPlan *plan,
                          void *const *pointers,
                          void *workspace);

enum { CUDNN_KEY_BYTES = 600, CUDNN_VERDICT_BYTES = 120 };

/* A line that tells problems apart. */
void praxi_cudnn_problem_text (const CudnnProblem *problem, char *text, size_t bytes);

typedef enum { CUDNN_UNKNOWN, CUDNN_KNOWN, CUDNN_REFUSED, CUDNN_BROKEN } CudnnMemory;

/* Looks a plan up among the files of $XDG_CACHE_HOME/praxiscope/cudnn.
 * json:    KNOWN: the plan, free with free
 * verdict: REFUSED: why it was (CUDNN_VERDICT_BYTES)
 * Returns: BROKEN for a file that is not what was written, UNKNOWN where there is none
 */
CudnnMemory praxi_cudnn_cache_read (const char *key, char **json, size_t *bytes, char *verdict);

/* Keeps a plan, or with a verdict that there is to be none; files of long ago leave where there are
 * too many. What cannot be written is made again.
 */
void praxi_cudnn_cache_write (const char *key, const char *json, size_t bytes, const char *verdict);

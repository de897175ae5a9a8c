/* A graph made ready to run: layouts chosen, memory planned, kernels prepared. The executor's
 * inside; other modules use executor.h.
 */
#pragma once

#include "engine/infer/layout.h"
#include "engine/infer/program-device.h"
#include "kernels/backend.h"

G_BEGIN_DECLS

typedef struct PraxiSections PraxiSections;

/* Of memory for activations, how much is worth running steps in sections (section-plan.h). */
typedef struct {
  gsize whole_bytes; /* as much runs whole */
  double most_left;  /* a section brings the rest down to this share at most */
} PraxiSectionLimits;

typedef struct {
  const PraxiNode *node;
  const PraxiBackend *backend;
  PraxiKernel *kernel;    /* NULL: nothing to compute, the output is empty; a section's for some of
                             the rows */
  const PraxiTensor **in; /* into PraxiProgram.tensors; NULL where absent */
  const PraxiTensor **out;
  double seconds; /* while timing */
} PraxiStep;

struct PraxiProgram {
  PraxiGraph *graph;
  const PraxiBackend *backend; /* of choice; a step may have `ref` */
  PraxiPool *pool;             /* borrowed */
  PraxiPlace *places;
  PraxiTensor *tensors; /* one a value; data set, but of inputs and their views */
  PraxiStep *steps;
  int n_steps;
  PraxiSections *sections; /* NULL: each step runs whole */
  guint8 *arena;
  gsize arena_bytes, scratch_bytes, packed_bytes;
  void *scratch;
  PraxiProgramDevice *device; /* NULL where all runs in the processor's memory */
  gsize device_scratch_bytes;
  void *device_scratch;
  gboolean sheds;
  GArray *shed; /* int: constants of graph whose data is gone, packed by all that read them */
  gboolean is_timing;
  gint64 timed_runs;
};

typedef struct {
  gboolean in_place; /* what elementwise operators make takes the memory of an input that nothing
                        reads after */
  gboolean joins;    /* parts of a Concat are made in its output, where that can be */
  gboolean sheds;    /* weights leave the graph as soon as all that read them have packed them */
  const PraxiSectionLimits *sections; /* which steps run in sections; NULL: all run whole */
} PraxiProgramOptions;

/* graph:  resolved; the program takes its own reference and changes it
 * Errors: UNSUPPORTED (an operator that not even `ref` has), MEMORY, DEVICE
 */
PraxiProgram *praxi_program_new (PraxiGraph *graph,
                                 const PraxiBackend *backend,
                                 PraxiPool *pool,
                                 const PraxiProgramOptions *options,
                                 GError **error);

/* Whether a kernel keeps its weights, input 1, packed, and never reads them again; of its other
 * constants nothing is known.
 */
gboolean
praxi_program_has_packed (const PraxiBackend *backend, const PraxiKernel *kernel, PraxiOpKind kind);

/* Whether an operator's output lies in that of a Concat, or never is there whole. */
gboolean praxi_program_is_apart (const PraxiProgram *program);
double praxi_program_now_s (void); /* monotonic */

/* Gives constants that were shed back for a while, to prepare more kernels, and drops them again.
 * from:    the graph that the program was made of, made again
 * Returns: FALSE where that lacks one
 */
gboolean praxi_program_take_constants (PraxiProgram *program, const PraxiGraph *from);
void praxi_program_drop_constants (PraxiProgram *program);

void praxi_program_free (PraxiProgram *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiProgram, praxi_program_free)

/* Says where the data of input i (row-major) lies, for this run and its views. */
void praxi_program_set_input (PraxiProgram *program, int i, const void *data);

/* Moves a value that is no view to memory of the caller's, and its views with it. */
void praxi_program_place (PraxiProgram *program, int value, void *data);

/* Runs the steps from `first` on.
 * Errors: DEVICE, FORMAT (an index in the data is out of range)
 */
gboolean praxi_program_run (PraxiProgram *program, int first, GError **error);

/* The tensor of output i as it lies in memory after a run. */
const PraxiTensor *praxi_program_output (const PraxiProgram *program, int i);

/* Whether the memory of a value that has its own is the program's. */
gboolean praxi_program_is_in_arena (const PraxiProgram *program, int value);

gsize praxi_program_bytes (const PraxiProgram *program);

G_END_DECLS

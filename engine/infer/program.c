#include "engine/infer/program.h"

#include <stdlib.h>
#include <stdatomic.h>
#include <time.h>

#include "engine/core/error.h"
#include "engine/infer/program-arena.h"
#include "engine/infer/section.h"

static int
input_root (const PraxiGraph *graph, int i)
{
  return g_array_index (graph->inputs, int, i);
}

gboolean
praxi_program_is_apart (const PraxiProgram *program)
{
  gboolean apart = program->sections == NULL;
  for (int i = 0; i < program->n_steps && apart; i++) {
    const PraxiNode *node = program->steps[i].node;
    for (int j = 0; j < node->n_out; j++)
      apart = apart && (node->out[j] < 0 || program->places[node->out[j]].root == node->out[j]);
  }
  return apart;
}

/* Points a view into its root, where that has memory. */
static void
place_view (PraxiProgram *program, int value)
{
  const PraxiPlace *place = &program->places[value];
  guint8 *base = program->tensors[place->root].data;
  PraxiTensor *tensor = &program->tensors[value];
  if (place->root != value && base != NULL)
    tensor->data = base + place->offset * (gint64) praxi_dtype_size (tensor->dtype);
}

static gboolean
is_empty (const PraxiStep *step)
{
  int64_t count = 0;
  for (int i = 0; i < step->node->n_out; i++)
    if (step->out[i] != NULL && praxi_tensor_count (step->out[i], &count) == PRAXI_OK && count > 0)
      return FALSE;
  return TRUE;
}

/* Prepares on the backend of choice, else on the processor. While it prepares, only constants carry
 * data.
 */
static PraxiStatus
prepare_kernel (const PraxiProgram *program, PraxiStep *step)
{
  const PraxiNode *node = step->node;
  const gboolean has_device = program->backend->device != NULL;
  const PraxiBackend *const choices[] = {program->backend,
                                         has_device ? praxi_backend_cpu () : praxi_backend_ref (),
                                         praxi_backend_ref ()};
  PraxiStatus status = PRAXI_STATUS_UNSUPPORTED;
  if (is_empty (step))
    return PRAXI_OK;
  for (int i = 0; i < 3 && status == PRAXI_STATUS_UNSUPPORTED; i++) {
    step->backend = choices[i];
    status = step->backend->prepare (step->backend, &node->op, step->in, node->n_in, step->out,
                                     node->n_out, program->pool, &step->kernel);
  }
  if (status != PRAXI_OK)
    step->kernel = NULL;
  return status;
}

/* --- what is packed need not stay ------------------------------------------------------------- */

gboolean
praxi_program_has_packed (const PraxiBackend *backend, const PraxiKernel *kernel, PraxiOpKind kind)
{
  return kernel != NULL && backend->kernel_weight_bytes (kernel) > 0 &&
         (kind == PRAXI_OP_CONV || kind == PRAXI_OP_QCONV || kind == PRAXI_OP_GEMM ||
          kind == PRAXI_OP_MATMUL);
}

/* Fills readers: of each constant how many kernels still have to pack it as their weights; −1 of
 * what has to stay.
 */
static void
count_readers (const PraxiProgram *program, atomic_int *readers)
{
  const PraxiGraph *graph = program->graph;
  for (guint v = 0; v < graph->values->len; v++)
    atomic_init (&readers[v], praxi_graph_value (graph, (int) v)->bytes != NULL ? 0 : -1);
  for (guint v = 0; v < graph->values->len; v++)
    if (program->places[v].root != (int) v)
      atomic_init (&readers[program->places[v].root], -1);
  for (guint i = 0; i < graph->outputs->len; i++)
    atomic_init (&readers[g_array_index (graph->outputs, int, i)], -1);
  for (int i = 0; i < program->n_steps; i++) {
    const PraxiNode *node = program->steps[i].node;
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0 && atomic_load (&readers[node->in[j]]) >= 0)
        atomic_store (&readers[node->in[j]], j == 1 ? readers[node->in[j]] + 1 : -1);
  }
}

/* Lets the weights of a step go that is prepared, if it was the last one that wanted them. */
static void
shed (PraxiProgram *program, const PraxiStep *step, atomic_int *readers)
{
  const int value = step->node->n_in > 1 ? step->node->in[1] : -1;
  if (value < 0 || !praxi_program_has_packed (step->backend, step->kernel, step->node->op.kind) ||
      atomic_fetch_sub (&readers[value], 1) != 1)
    return;
  praxi_value_set_bytes (praxi_graph_value (program->graph, value), NULL);
  program->tensors[value].data = NULL;
}

static void
list_shed (PraxiProgram *program, const atomic_int *readers)
{
  program->shed = g_array_new (FALSE, FALSE, sizeof (int));
  for (int v = 0; v < (int) program->graph->values->len; v++)
    if (atomic_load (&readers[v]) == 0 && praxi_graph_value (program->graph, v)->bytes == NULL)
      g_array_append_val (program->shed, v);
}

gboolean
praxi_program_take_constants (PraxiProgram *program, const PraxiGraph *from)
{
  for (guint i = 0; program->shed != NULL && i < program->shed->len; i++) {
    PraxiValue *value = praxi_graph_value (program->graph, g_array_index (program->shed, int, i));
    const int other = praxi_graph_find (from, value->name);
    GBytes *bytes = other >= 0 ? praxi_graph_value (from, other)->bytes : NULL;
    if (bytes == NULL)
      return FALSE;
    praxi_value_set_bytes (value, bytes);
  }
  return TRUE;
}

void
praxi_program_drop_constants (PraxiProgram *program)
{
  for (guint i = 0; program->shed != NULL && i < program->shed->len; i++)
    praxi_value_set_bytes (
        praxi_graph_value (program->graph, g_array_index (program->shed, int, i)), NULL);
}

/* --- kernels ---------------------------------------------------------------------------------- */

/* What threads share: weights take long to pack, each step's for itself. */
typedef struct {
  PraxiProgram *program;
  PraxiStatus *status; /* [n_steps] */
  atomic_int *readers; /* one a value, as count_readers has it; NULL: nothing is shed */
  atomic_int next;
} Preparation;

static gboolean
in_section (const PraxiProgram *program, int step)
{
  return program->sections != NULL && praxi_sections_has (program->sections, step);
}

static void
prepare_part (void *data, int i, int n)
{
  Preparation *preparation = data;
  PraxiProgram *program = preparation->program;
  for (int k; (k = atomic_fetch_add (&preparation->next, 1)) < program->n_steps;) {
    preparation->status[k] = in_section (program, k) ? praxi_sections_prepare (program->sections, k)
                                                     : prepare_kernel (program, &program->steps[k]);
    if (preparation->readers != NULL)
      shed (program, &program->steps[k], preparation->readers);
  }
}

/* Counts what a step that is prepared needs. */
static gboolean
take_step (PraxiProgram *program, int i, PraxiStatus status, GError **error)
{
  const PraxiStep *step = &program->steps[i];
  const PraxiNode *node = step->node;
  gsize scratch, packed;
  if (status != PRAXI_OK) {
    g_autofree char *what =
        g_strdup_printf (status == PRAXI_STATUS_UNSUPPORTED ? "unsupported: %s" : "%s '%s'",
                         praxi_op_name (node->op.kind), node->name);
    return praxi_error_from_status (status, what, error);
  }
  if (step->kernel == NULL)
    return TRUE;
  if (in_section (program, i)) {
    praxi_sections_measure (program->sections, i, &scratch, &packed);
  } else {
    scratch = step->backend->kernel_scratch_bytes (step->kernel);
    packed = step->backend->kernel_weight_bytes (step->kernel);
  }
  gsize *scratch_bytes =
      step->backend->device != NULL ? &program->device_scratch_bytes : &program->scratch_bytes;
  *scratch_bytes = MAX (*scratch_bytes, scratch);
  program->packed_bytes += packed;
  return TRUE;
}

static const PraxiTensor **
point_at (const PraxiProgram *program, const int *values, int n)
{
  const PraxiTensor **tensors = g_new0 (const PraxiTensor *, (gsize) n + 1);
  for (int i = 0; i < n; i++)
    if (values[i] >= 0)
      tensors[i] = &program->tensors[values[i]];
  return tensors;
}

static void
make_steps (PraxiProgram *program)
{
  const PraxiGraph *graph = program->graph;
  program->n_steps = (int) graph->nodes->len;
  program->steps = g_new0 (PraxiStep, graph->nodes->len + 1);
  for (int i = 0; i < program->n_steps; i++) {
    const PraxiNode *node = praxi_graph_node (graph, i);
    PraxiStep *step = &program->steps[i];
    step->node = node;
    step->in = point_at (program, node->in, node->n_in);
    step->out = point_at (program, node->out, node->n_out);
  }
}

static gboolean
prepare (PraxiProgram *program, GError **error)
{
  const PraxiGraph *graph = program->graph;
  g_autofree PraxiStatus *status = g_new0 (PraxiStatus, program->n_steps + 1);
  g_autofree atomic_int *readers =
      program->sheds ? g_new (atomic_int, graph->values->len + 1) : NULL;
  Preparation preparation = {.program = program, .status = status, .readers = readers};
  atomic_init (&preparation.next, 0);
  if (readers != NULL)
    count_readers (program, readers);
  if (program->backend->device == NULL)
    praxi_pool_run (program->pool, prepare_part, &preparation);
  else
    prepare_part (&preparation, 0, 1);
  if (readers != NULL)
    list_shed (program, readers);
  for (int i = 0; i < program->n_steps; i++)
    if (!take_step (program, i, status[i], error))
      return FALSE;
  if (program->scratch_bytes > 0 &&
      posix_memalign (&program->scratch, 64, program->scratch_bytes) != 0) {
    program->scratch = NULL;
    return praxi_error_from_status (PRAXI_STATUS_MEMORY, "preparing the model", error);
  }
  return TRUE;
}

PraxiProgram *
praxi_program_new (PraxiGraph *graph,
                   const PraxiBackend *backend,
                   PraxiPool *pool,
                   const PraxiProgramOptions *options,
                   GError **error)
{
  g_autoptr (PraxiProgram) program = g_new0 (PraxiProgram, 1);
  program->graph = praxi_graph_ref (graph);
  program->backend = backend;
  program->pool = pool;
  program->sheds = options->sheds && backend->device == NULL;
  program->places = praxi_layout_choose (graph);
  if (options->joins && g_str_equal (backend->name, "cpu"))
    praxi_layout_join (graph, program->places);
  program->tensors = g_new0 (PraxiTensor, graph->values->len + 1);
  for (guint i = 0; i < graph->values->len; i++)
    program->tensors[i] = praxi_graph_value (graph, (int) i)->tensor;
  make_steps (program);
  if (options->sections != NULL && g_str_equal (backend->name, "cpu"))
    program->sections = praxi_sections_new (program, options->sections);
  if (!prepare (program, error) || !praxi_program_plan_arena (program, options->in_place, error))
    return NULL;
  for (guint i = 0; i < graph->values->len; i++)
    place_view (program, (int) i);
  if (backend->device != NULL) {
    program->device = praxi_program_device_new (program, error);
    if (program->device == NULL)
      return NULL;
  }
  return g_steal_pointer (&program);
}

void
praxi_program_free (PraxiProgram *program)
{
  g_clear_pointer (&program->device, praxi_program_device_free);
  for (int i = 0; i < program->n_steps; i++) {
    PraxiStep *step = &program->steps[i];
    if (step->kernel != NULL && !in_section (program, i))
      step->backend->kernel_free (step->kernel);
    g_free (step->in);
    g_free (step->out);
  }
  g_clear_pointer (&program->sections, praxi_sections_free);
  g_free (program->steps);
  g_free (program->tensors);
  g_free (program->places);
  g_clear_pointer (&program->shed, g_array_unref);
  free (program->arena);
  free (program->scratch);
  praxi_graph_unref (program->graph);
  g_free (program);
}

void
praxi_program_place (PraxiProgram *program, int value, void *data)
{
  if (program->tensors[value].data == data)
    return;
  program->tensors[value].data = data;
  for (guint k = 0; k < program->graph->values->len; k++)
    if (program->places[k].root == value)
      place_view (program, (int) k);
}

void
praxi_program_set_input (PraxiProgram *program, int i, const void *data)
{
  praxi_program_place (program, input_root (program->graph, i), (void *) data);
}

double
praxi_program_now_s (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static PraxiStatus
run_step (const PraxiProgram *program, PraxiStep *step)
{
  const double begin_s = program->is_timing ? praxi_program_now_s () : 0;
  const PraxiStatus status =
      step->backend->run (step->kernel, step->in, step->out, program->scratch, program->pool);
  if (program->is_timing)
    step->seconds += praxi_program_now_s () - begin_s;
  return status;
}

gboolean
praxi_program_run (PraxiProgram *program, int first, GError **error)
{
  if (program->device != NULL)
    return praxi_program_device_run (program->device, error);
  for (int i = first, next; i < program->n_steps; i = next) {
    PraxiStatus status = PRAXI_OK;
    next = i + 1;
    if (in_section (program, i))
      status = praxi_sections_run (program->sections, i, &next, &i);
    else if (program->steps[i].kernel != NULL)
      status = run_step (program, &program->steps[i]);
    if (status != PRAXI_OK)
      return praxi_error_from_status (status, program->steps[i].node->name, error);
  }
  program->timed_runs += program->is_timing;
  return TRUE;
}

const PraxiTensor *
praxi_program_output (const PraxiProgram *program, int i)
{
  return &program->tensors[g_array_index (program->graph->outputs, int, i)];
}

gboolean
praxi_program_is_in_arena (const PraxiProgram *program, int value)
{
  const guint8 *data = program->tensors[value].data;
  return program->arena != NULL && data >= program->arena &&
         data < program->arena + program->arena_bytes;
}

gsize
praxi_program_bytes (const PraxiProgram *program)
{
  if (program->device != NULL)
    return praxi_program_device_bytes (program->device);
  return program->arena_bytes + program->scratch_bytes + program->packed_bytes +
         (gsize) praxi_graph_constant_bytes (program->graph);
}

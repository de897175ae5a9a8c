/* An executor made, asked about, and run on tensors; executor-clips.c runs it on clips. */
#include "engine/infer/executor-private.h"

#include "engine/core/error.h"
#include "engine/infer/fuse.h"
#include "engine/model/fold.h"

/* Sections of less save little, and take a little time. */
static const PraxiSectionLimits limits = {.whole_bytes = 32 << 20, .most_left = 0.7};

static void
list_tensors (PraxiExecutor *executor, const PraxiGraph *graph)
{
  executor->n_inputs = (int) graph->inputs->len;
  executor->n_outputs = (int) graph->outputs->len;
  executor->inputs = g_new0 (PraxiTensor, graph->inputs->len + 1);
  executor->outputs = g_new0 (PraxiTensor, graph->outputs->len + 1);
  for (int i = 0; i < executor->n_inputs; i++)
    executor->inputs[i] = praxi_graph_value (graph, g_array_index (graph->inputs, int, i))->tensor;
  for (int i = 0; i < executor->n_outputs; i++) {
    PraxiTensor *output = &executor->outputs[i];
    *output = praxi_graph_value (graph, g_array_index (graph->outputs, int, i))->tensor;
    praxi_tensor_set_row_major (output);
    output->data = NULL;
  }
}

gboolean
praxi_executor_simplify (const PraxiExecutor *executor,
                         PraxiGraph *graph,
                         gboolean *has_stem,
                         GError **error)
{
  if (!executor->is_fused)
    return praxi_graph_fold (graph, error);
  *has_stem = praxi_fuse_motion_stem (graph);
  if (!praxi_fuse (graph, error))
    return FALSE;
  if (g_str_equal (executor->choice.backend->name, "cpu")) {
    praxi_fuse_chains (graph);
    praxi_fuse_means (graph);
  }
  return TRUE;
}

static gboolean
build (PraxiExecutor *executor,
       PraxiGraph *graph,
       const PraxiExecutorOptions *options,
       GError **error)
{
  if (options->threads < 0 || options->threads > 1024 || options->batch < 0 ||
      options->batch > 4096) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                 "threads have to be 1 to 1024, a batch 1 to 4096");
    return FALSE;
  }
  const PraxiDeviceOptions device = {.budget_bytes = (size_t) options->vram_bytes,
                                     .is_half = options->is_half};
  if (!praxi_backend_choose (options->backend, &device, &executor->choice, error))
    return FALSE;
  if (options->is_half && executor->choice.owned != NULL &&
      g_str_equal (executor->precision, "f32"))
    executor->precision = "f16";
  executor->macs = praxi_graph_macs (graph);
  list_tensors (executor, graph);
  executor->is_fused = !options->no_fuse;
  if (!praxi_executor_simplify (executor, graph, &executor->has_stem, error))
    return FALSE;
  if (!praxi_error_from_status (praxi_pool_new (options->threads, &executor->pool),
                                "starting threads", error))
    return FALSE;
  executor->how = (PraxiProgramOptions){.in_place = options->in_place,
                                        .joins = TRUE,
                                        .sections = options->in_place ? NULL : &limits,
                                        .sheds = executor->model != NULL &&
                                                 praxi_model_sheds_weights (executor->model)};
  executor->program =
      praxi_program_new (graph, executor->choice.backend, executor->pool, &executor->how, error);
  if (executor->program == NULL)
    return FALSE;
  if (executor->has_stem)
    praxi_program_set_input (executor->program, (int) graph->inputs->len - 1,
                             &executor->first_pair);
  return TRUE;
}

PraxiExecutor *
praxi_executor_new_for_graph (const PraxiGraph *graph,
                              const PraxiBinding *bindings,
                              int n_bindings,
                              const PraxiExecutorOptions *options,
                              GError **error)
{
  const PraxiExecutorOptions none = {0};
  options = options != NULL ? options : &none;
  g_autoptr (PraxiExecutor) executor = g_new0 (PraxiExecutor, 1);
  g_autoptr (PraxiGraph) resolved =
      praxi_graph_resolve (graph, bindings, n_bindings, MAX (options->batch, 1), error);
  executor->precision = "f32";
  executor->batch = 1;
  if (resolved == NULL || !build (executor, resolved, options, error))
    return NULL;
  return g_steal_pointer (&executor);
}

static void
fill_table (PraxiExecutor *executor)
{
  for (int c = 0; c < 3; c++)
    for (int x = 0; x < 256; x++)
      executor->table[c][x] =
          ((float) x / 255.0f - executor->spec->mean[c]) / executor->spec->std[c];
}

static PraxiTensor *
first_input (const PraxiGraph *graph)
{
  return &praxi_graph_value (graph, g_array_index (graph->inputs, int, 0))->tensor;
}

/* Clips of foreign models are converted in the order they come in, which is channels-last for
 * NCTHW: the graph's input is told so.
 */
static void
lay_clips (const PraxiModelSpec *spec, PraxiGraph *graph)
{
  if (spec->layout == PRAXI_LAYOUT_NCTHW)
    praxi_tensor_set_channels_last (first_input (graph));
}

static gboolean
begin_conversion (PraxiExecutor *executor, PraxiGraph *graph, GError **error)
{
  const PraxiTensor *input = first_input (graph);
  gsize bytes;
  lay_clips (executor->spec, graph);
  if (!executor->spec->is_float)
    return TRUE;
  fill_table (executor);
  if (!praxi_tensor_bytes (input, &bytes) || (executor->converted = g_try_malloc (bytes)) == NULL)
    return praxi_error_from_status (PRAXI_STATUS_MEMORY, "a buffer for clips", error);
  return TRUE;
}

static int
find_score_output (const PraxiModelSpec *spec, const PraxiGraph *graph)
{
  for (guint i = 0; i < graph->outputs->len; i++) {
    const int output = g_array_index (graph->outputs, int, i);
    if (g_str_equal (praxi_graph_value (graph, output)->name, spec->output_name))
      return (int) i;
  }
  return 0;
}

PraxiGraph *
praxi_executor_resolve (PraxiModel *model, int batch, GError **error)
{
  g_autoptr (PraxiGraph) whole = praxi_model_whole_graph (model, error);
  PraxiGraph *graph = whole != NULL ? praxi_graph_resolve (whole, NULL, 0, batch, error) : NULL;
  if (graph != NULL)
    graph->own_bytes = whole->own_bytes; /* it is gone in a moment */
  return graph;
}

gboolean
praxi_executor_set_apart (PraxiExecutor *executor)
{
  gboolean has_stem;
  g_autoptr (PraxiGraph) graph = praxi_executor_resolve (executor->model, executor->batch, NULL);
  if (graph == NULL)
    return FALSE;
  lay_clips (executor->spec, graph);
  if (!praxi_executor_simplify (executor, graph, &has_stem, NULL))
    return FALSE;
  PraxiProgramOptions how = executor->how;
  how.joins = FALSE;
  how.sections = NULL;
  PraxiProgram *apart =
      praxi_program_new (graph, executor->choice.backend, executor->pool, &how, NULL);
  if (apart == NULL)
    return FALSE;
  apart->is_timing = executor->program->is_timing;
  praxi_program_free (executor->program);
  executor->program = apart;
  executor->how = how;
  executor->has_run = FALSE;
  if (executor->has_stem)
    praxi_program_set_input (apart, executor->n_inputs, &executor->first_pair);
  return TRUE;
}

static PraxiExecutor *
executor_new (PraxiModel *model, const PraxiExecutorOptions *options, GError **error)
{
  g_autoptr (PraxiExecutor) executor = g_new0 (PraxiExecutor, 1);
  executor->model = praxi_model_ref (model);
  executor->spec = praxi_model_spec (model);
  executor->precision = praxi_model_precision (model);
  if (executor->spec != NULL && executor->spec->layout == PRAXI_LAYOUT_NTJD) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s reads sequences of joints, not footage; 'praxi classify' takes .npy files",
                 praxi_model_name (model));
    return NULL;
  }
  g_autoptr (PraxiGraph) graph = praxi_executor_resolve (model, MAX (options->batch, 1), error);
  if (graph == NULL)
    return NULL;
  const PraxiTensor *input = graph->inputs->len > 0 ? first_input (graph) : NULL;
  executor->batch = input != NULL && input->rank > 0 ? (int) input->dims[0] : 1;
  if (executor->spec != NULL) {
    executor->score_output = find_score_output (executor->spec, graph);
    if (!begin_conversion (executor, graph, error))
      return NULL;
  }
  if (!build (executor, graph, options, error))
    return NULL;
  return g_steal_pointer (&executor);
}

/* Where a GPU has too little memory fewer clips at once may fit; what fails there the processor can
 * do, unless the GPU was asked for by name.
 */
PraxiExecutor *
praxi_executor_new (PraxiModel *model, const PraxiExecutorOptions *options, GError **error)
{
  PraxiExecutorOptions now = options != NULL ? *options : (PraxiExecutorOptions){0};
  const gboolean is_auto = now.backend == NULL || g_str_equal (now.backend, "auto");
  gboolean may_be_gpu = is_auto || g_str_equal (now.backend, "cuda");
  for (;;) {
    g_autoptr (GError) failed = NULL;
    PraxiExecutor *executor = executor_new (model, &now, &failed);
    const gboolean lacks_memory = g_error_matches (failed, PRAXI_ERROR, PRAXI_ERROR_MEMORY);
    const gboolean is_lost = g_error_matches (failed, PRAXI_ERROR, PRAXI_ERROR_DEVICE);
    if (executor != NULL)
      return executor;
    if (may_be_gpu && lacks_memory && now.batch > 1) {
      now.batch /= 2;
      g_printerr ("praxi: %s; taking %d clips at once\n", failed->message, now.batch);
    } else if (may_be_gpu && is_auto && (lacks_memory || is_lost)) {
      g_printerr ("praxi: %s; using the processor instead\n", failed->message);
      now.backend = "cpu";
      now.batch = options != NULL ? options->batch : 0;
      may_be_gpu = FALSE;
    } else {
      g_propagate_error (error, g_steal_pointer (&failed));
      return NULL;
    }
  }
}

gboolean
praxi_executor_fall_back (PraxiExecutor *executor, GError **error)
{
  const gboolean is_lost = executor->model != NULL && executor->choice.owned != NULL &&
                           g_error_matches (*error, PRAXI_ERROR, PRAXI_ERROR_DEVICE);
  const PraxiExecutorOptions options = {
      .backend = "cpu", .threads = praxi_pool_threads (executor->pool), .batch = executor->batch};
  PraxiExecutor *other = is_lost ? praxi_executor_new (executor->model, &options, NULL) : NULL;
  if (other == NULL)
    return FALSE;
  g_printerr ("praxi: %s: %s; going on with the processor\n", executor->choice.device,
              (*error)->message);
  g_clear_error (error);
  const PraxiExecutor lost = *executor;
  *executor = *other;
  *other = lost;
  if (executor->has_stem)
    praxi_program_set_input (executor->program, executor->n_inputs, &executor->first_pair);
  praxi_executor_free (other);
  return TRUE;
}

void
praxi_executor_free (PraxiExecutor *executor)
{
  g_clear_pointer (&executor->stream, praxi_stream_free);
  g_clear_pointer (&executor->program, praxi_program_free);
  praxi_backend_choice_clear (&executor->choice);
  if (executor->pool != NULL)
    praxi_pool_free (executor->pool);
  g_clear_pointer (&executor->model, praxi_model_unref);
  g_free (executor->inputs);
  g_free (executor->outputs);
  g_free (executor->converted);
  g_free (executor->still_scores);
  g_free (executor->motion);
  g_free (executor);
}

const char *
praxi_executor_backend_name (const PraxiExecutor *executor)
{
  return executor->program->backend->name;
}

const char *
praxi_executor_device_name (const PraxiExecutor *executor)
{
  return executor->choice.device;
}

const char *
praxi_executor_precision (const PraxiExecutor *executor)
{
  return executor->precision;
}

int
praxi_executor_threads (const PraxiExecutor *executor)
{
  return praxi_pool_threads (executor->pool);
}

int
praxi_executor_batch (const PraxiExecutor *executor)
{
  return executor->batch;
}

gsize
praxi_executor_peak_bytes (const PraxiExecutor *executor)
{
  return praxi_program_bytes (executor->program) +
         (executor->stream != NULL ? praxi_stream_bytes (executor->stream) : 0);
}

gint64
praxi_executor_macs (const PraxiExecutor *executor)
{
  return executor->macs;
}

void
praxi_executor_set_profiling (PraxiExecutor *executor, gboolean on)
{
  PraxiProgram *program = executor->program;
  program->is_timing = on;
  program->timed_runs = 0;
  for (int i = 0; i < program->n_steps; i++)
    program->steps[i].seconds = 0;
}

GArray *
praxi_executor_profile (const PraxiExecutor *executor)
{
  const PraxiProgram *program = executor->program;
  GArray *profile = g_array_new (FALSE, TRUE, sizeof (PraxiExecutorOpProfile));
  for (int i = 0; i < program->n_steps; i++) {
    const PraxiStep *step = &program->steps[i];
    const PraxiExecutorOpProfile entry = {
        .name = step->node->name,
        .op = praxi_op_name (step->node->op.kind),
        .kernel = step->kernel != NULL ? step->backend->kernel_name (step->kernel) : "none",
        .backend = step->kernel != NULL ? step->backend->name : "none",
        .ms = program->timed_runs > 0 ? step->seconds * 1e3 / (double) program->timed_runs : 0,
    };
    g_array_append_val (profile, entry);
  }
  return profile;
}

int
praxi_executor_n_inputs (const PraxiExecutor *executor)
{
  return executor->n_inputs;
}

int
praxi_executor_n_outputs (const PraxiExecutor *executor)
{
  return executor->n_outputs;
}

static const char *
name_in (const PraxiExecutor *executor, const GArray *numbers, int i)
{
  return praxi_graph_value (executor->program->graph, g_array_index (numbers, int, i))->name;
}

const char *
praxi_executor_input_name (const PraxiExecutor *executor, int i)
{
  return name_in (executor, executor->program->graph->inputs, i);
}

const char *
praxi_executor_output_name (const PraxiExecutor *executor, int i)
{
  return name_in (executor, executor->program->graph->outputs, i);
}

const PraxiTensor *
praxi_executor_input (const PraxiExecutor *executor, int i)
{
  return &executor->inputs[i];
}

const PraxiTensor *
praxi_executor_output (const PraxiExecutor *executor, int i)
{
  return &executor->outputs[i];
}

gboolean
praxi_executor_run_tensors (PraxiExecutor *executor,
                            const PraxiTensor *in,
                            const PraxiTensor *out,
                            GError **error)
{
  GError *failed = NULL;
  do {
    executor->first_pair = 0;
    for (int i = 0; i < executor->n_inputs; i++)
      praxi_program_set_input (executor->program, i, in[i].data);
  } while (!praxi_program_run (executor->program, 0, &failed) &&
           praxi_executor_fall_back (executor, &failed));
  if (failed != NULL) {
    g_propagate_error (error, failed);
    return FALSE;
  }
  for (int i = 0; i < executor->n_outputs; i++) {
    int64_t count = 0;
    const PraxiTensor *from = praxi_program_output (executor->program, i);
    if (praxi_tensor_count (from, &count) == PRAXI_OK && count > 0)
      praxi_tensor_copy (from, &out[i]);
  }
  return TRUE;
}

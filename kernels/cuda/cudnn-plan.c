/* Plans: chosen by the heuristics, compiled, kept as JSON, run. */
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/cudnn.h"

enum { ASKED = 8, MAX_NOTES = 16, MOST_JSON_BYTES = 1 << 20 };

static bool
has_note (const CudnnLibrary *library,
          CudnnDescriptor engine,
          int attribute,
          int type,
          int first,
          int last)
{
  int32_t notes[MAX_NOTES];
  int64_t n = 0;
  if (library->get (engine, attribute, type, MAX_NOTES, &n, notes) != 0)
    return false;
  for (int64_t i = 0; i < n && i < MAX_NOTES; i++)
    if (notes[i] >= first && notes[i] <= last)
      return true;
  return false;
}

/* Whether it takes weights as they lie and, with is_exact, operands of f32 as they are. */
static bool
is_wanted (const CudnnLibrary *library, CudnnDescriptor config, bool is_exact)
{
  CudnnDescriptor engine = NULL;
  int64_t n = 0;
  if (library->descriptor_create (DNN_BACKEND_ENGINE_DESCRIPTOR, &engine) != 0)
    return false;
  bool is_good = library->get (config, DNN_ATTR_ENGINECFG_ENGINE, DNN_TYPE_BACKEND_DESCRIPTOR, 1,
                               &n, &engine) == 0 &&
                 !has_note (library, engine, DNN_ATTR_ENGINE_BEHAVIOR_NOTE, DNN_TYPE_BEHAVIOR_NOTE,
                            DNN_BEHAVIOR_NOTE_REQUIRES_FILTER_INT8x32_REORDER,
                            DNN_BEHAVIOR_NOTE_REQUIRES_BIAS_INT8x32_REORDER);
  if (is_good && is_exact)
    is_good = !has_note (library, engine, DNN_ATTR_ENGINE_NUMERICAL_NOTE, DNN_TYPE_NUMERICAL_NOTE,
                         DNN_NUMERICAL_NOTE_TENSOR_CORE, DNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS);
  library->descriptor_destroy (engine);
  return is_good;
}

static CudnnDescriptor
ask_heuristics (const CudnnTarget *target, const CudnnGraph *graph)
{
  const CudnnLibrary *library = target->library;
  const int32_t mode = DNN_HEUR_MODE_A;
  CudnnDescriptor made = NULL;
  if (library->descriptor_create (DNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &made) != 0)
    return NULL;
  int status = library->set (made, DNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, DNN_TYPE_BACKEND_DESCRIPTOR,
                             1, &graph->graph);
  if (status == 0)
    status = library->set (made, DNN_ATTR_ENGINEHEUR_MODE, DNN_TYPE_HEUR_MODE, 1, &mode);
  if (status == 0 && target->properties)
    status = library->set (made, DNN_ATTR_ENGINEHEUR_DEVICEPROP, DNN_TYPE_BACKEND_DESCRIPTOR, 1,
                           &target->properties);
  if (status == 0 && library->finalize (made) == 0)
    return made;
  library->descriptor_destroy (made);
  return NULL;
}

int
praxi_cudnn_configs (const CudnnTarget *target,
                     const CudnnGraph *graph,
                     bool is_exact,
                     CudnnDescriptor *configs)
{
  const CudnnLibrary *library = target->library;
  CudnnDescriptor asked[ASKED] = {NULL}, heuristics = ask_heuristics (target, graph);
  int64_t n = 0;
  int made = 0, kept = 0;
  if (!heuristics)
    return 0;
  while (made < ASKED &&
         library->descriptor_create (DNN_BACKEND_ENGINECFG_DESCRIPTOR, &asked[made]) == 0)
    made++;
  if (library->get (heuristics, DNN_ATTR_ENGINEHEUR_RESULTS, DNN_TYPE_BACKEND_DESCRIPTOR, made, &n,
                    asked) != 0)
    n = 0;
  for (int i = 0; i < made; i++)
    if (i < n && kept < CUDNN_CONFIGS && is_wanted (library, asked[i], is_exact))
      configs[kept++] = asked[i];
    else
      library->descriptor_destroy (asked[i]);
  library->descriptor_destroy (heuristics);
  return kept;
}

/* An empty plan for the target. */
static int
begin (const CudnnTarget *target, CudnnPlan *plan)
{
  const CudnnLibrary *library = target->library;
  *plan = (CudnnPlan){NULL, 0};
  const int status =
      library->descriptor_create (DNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &plan->descriptor);
  if (status == 0 && target->handle)
    library->set (plan->descriptor, DNN_ATTR_EXECUTION_PLAN_HANDLE, DNN_TYPE_HANDLE, 1,
                  &target->handle);
  return status != 0 || !target->properties
             ? status
             : library->set (plan->descriptor, DNN_ATTR_EXECUTION_PLAN_DEVICEPROP,
                             DNN_TYPE_BACKEND_DESCRIPTOR, 1, &target->properties);
}

static int
end (const CudnnLibrary *library, CudnnPlan *plan, int status)
{
  int64_t bytes = 0, n = 0;
  if (status == 0)
    status = library->finalize (plan->descriptor);
  if (status == 0)
    status = library->get (plan->descriptor, DNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, DNN_TYPE_INT64,
                           1, &n, &bytes);
  plan->workspace_bytes = bytes > 0 ? (size_t) bytes : 0;
  if (status != 0)
    praxi_cudnn_plan_clear (library, plan);
  return status;
}

int
praxi_cudnn_plan (const CudnnTarget *target, CudnnDescriptor config, CudnnPlan *plan)
{
  int status = begin (target, plan);
  if (status == 0)
    status = target->library->set (plan->descriptor, DNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                                   DNN_TYPE_BACKEND_DESCRIPTOR, 1, &config);
  return end (target->library, plan, status);
}

int
praxi_cudnn_plan_load (const CudnnTarget *target, const char *json, size_t bytes, CudnnPlan *plan)
{
  int status = begin (target, plan);
  if (status == 0)
    status = target->library->set (plan->descriptor, DNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION,
                                   DNN_TYPE_CHAR, (int64_t) bytes, json);
  return end (target->library, plan, status);
}

void
praxi_cudnn_plan_save (const CudnnLibrary *library,
                       const CudnnPlan *plan,
                       char **json,
                       size_t *bytes)
{
  int64_t n = 0;
  *json = NULL;
  *bytes = 0;
  if (library->get (plan->descriptor, DNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, DNN_TYPE_CHAR, 0,
                    &n, NULL) != 0 ||
      n <= 0 || n > MOST_JSON_BYTES)
    return;
  char *text = calloc (1, (size_t) n + 1);
  if (text && library->get (plan->descriptor, DNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION,
                            DNN_TYPE_CHAR, n, &n, text) == 0) {
    *json = text;
    *bytes = strlen (text);
    return;
  }
  free (text);
}

void
praxi_cudnn_plan_clear (const CudnnLibrary *library, CudnnPlan *plan)
{
  if (plan->descriptor)
    library->descriptor_destroy (plan->descriptor);
  *plan = (CudnnPlan){NULL, 0};
}

int
praxi_cudnn_plan_run (const CudnnTarget *target,
                      const CudnnPlan *plan,
                      void *const *pointers,
                      void *workspace)
{
  const CudnnLibrary *library = target->library;
  void *given[CUDNN_ROLES];
  int64_t ids[CUDNN_ROLES], n = 0;
  CudnnDescriptor pack = NULL;
  for (int role = 0; role < CUDNN_ROLES; role++)
    if (pointers[role]) {
      given[n] = pointers[role];
      ids[n++] = role + 1;
    }
  int status = library->descriptor_create (DNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack);
  if (status != 0)
    return status;
  status = library->set (pack, DNN_ATTR_VARIANT_PACK_DATA_POINTERS, DNN_TYPE_VOID_PTR, n, given);
  if (status == 0)
    status = library->set (pack, DNN_ATTR_VARIANT_PACK_UNIQUE_IDS, DNN_TYPE_INT64, n, ids);
  if (status == 0)
    status = library->set (pack, DNN_ATTR_VARIANT_PACK_WORKSPACE, DNN_TYPE_VOID_PTR, 1, &workspace);
  if (status == 0)
    status = library->finalize (pack);
  if (status == 0)
    status = library->execute (target->handle, plan->descriptor, pack);
  library->descriptor_destroy (pack);
  return status;
}

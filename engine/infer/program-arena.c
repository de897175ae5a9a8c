#include "engine/infer/program-arena.h"

#include "engine/core/error.h"
#include "engine/core/pages.h"
#include "engine/infer/section.h"
#include "engine/model/plan.h"

/* A model that wants more than this for its activations is refused. */
#define ARENA_LIMIT_BYTES ((gsize) 16 << 30)

void
praxi_program_find_lives (const PraxiProgram *program, int *first, int *last)
{
  const PraxiGraph *graph = program->graph;
  for (guint i = 0; i < graph->values->len; i++)
    first[i] = last[i] = -1;
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_out; j++) {
      if (node->out[j] < 0)
        continue;
      const int root = program->places[node->out[j]].root;
      first[root] = first[root] < 0 ? (int) i : first[root];
      last[root] = MAX (last[root], (int) i);
    }
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0)
        last[program->places[node->in[j]].root] = (int) i;
  }
  for (guint i = 0; i < graph->outputs->len; i++)
    last[program->places[g_array_index (graph->outputs, int, i)].root] = (int) graph->nodes->len;
  /* What a shifted run keeps from the last one lives for ever. */
  if (graph->nodes->len > 0 && praxi_graph_node (graph, 0)->op.kind == PRAXI_OP_MOTION_STEM)
    for (int j = 0; j < praxi_graph_node (graph, 0)->n_out; j++)
      if (praxi_graph_node (graph, 0)->out[j] >= 0)
        last[program->places[praxi_graph_node (graph, 0)->out[j]].root] = (int) graph->nodes->len;
}

/* --- one value over another ------------------------------------------------------------------- */

/* Operators that read element i of an input before they write element i, and never again. */
static gboolean
works_in_place (PraxiOpKind kind)
{
  switch (kind) {
  case PRAXI_OP_CHAIN:
  case PRAXI_OP_ADD:
  case PRAXI_OP_SUB:
  case PRAXI_OP_MUL:
  case PRAXI_OP_RELU:
  case PRAXI_OP_CLIP:
  case PRAXI_OP_HARD_SWISH:
  case PRAXI_OP_BATCH_NORM:
  case PRAXI_OP_BATCH_NORM_GRADIENT:
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
lies_alike (const PraxiTensor *a, const PraxiTensor *b)
{
  gboolean same = a->dtype == b->dtype && a->dtype == PRAXI_F32 && a->rank == b->rank;
  for (int d = 0; d < a->rank && same; d++)
    same = a->dims[d] == b->dims[d] && a->strides[d] == b->strides[d];
  return same;
}

/* Fills over: of each root the first one whose memory it takes, itself else; their lives become
 * one.
 */
static void
share_memory (const PraxiProgram *program, const int *first, int *last, int *over)
{
  const PraxiGraph *graph = program->graph;
  for (int i = 0; i < (int) graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, i);
    const int out = node->n_out > 0 ? node->out[0] : -1;
    if (out < 0 || !works_in_place (node->op.kind) || program->places[out].root != out ||
        first[out] != i)
      continue;
    for (int j = 0; j < node->n_in && over[out] == out; j++) {
      const int in = node->in[j];
      if (in < 0 || program->places[in].root != in || first[in] < 0 || last[over[in]] != i ||
          !lies_alike (&program->tensors[in], &program->tensors[out]))
        continue;
      over[out] = over[in];
      last[over[in]] = last[out];
    }
  }
}

/* What each root needs: all of it as long as it is touched, or what a section leaves of that. */
static void
find_need (const PraxiProgram *program,
           int value,
           const int *first,
           const int *last,
           PraxiPlanItem *item)
{
  *item = (PraxiPlanItem){.first = first[value], .last = last[value]};
  if (program->sections != NULL)
    praxi_sections_life (program->sections, value, &item->bytes, &item->first, &item->last);
  else if (!praxi_tensor_bytes (&program->tensors[value], &item->bytes))
    item->bytes = G_MAXSIZE;
}

gboolean
praxi_program_plan_arena (PraxiProgram *program, gboolean in_place, GError **error)
{
  const PraxiGraph *graph = program->graph;
  const guint n = graph->values->len;
  g_autofree int *first = g_new (int, n + 1), *last = g_new (int, n + 1);
  g_autofree PraxiPlanItem *items = g_new0 (PraxiPlanItem, n + 1);
  g_autofree int *owner = g_new (int, n + 1), *over = g_new (int, n + 1);
  int n_items = 0;
  for (guint i = 0; i < n; i++)
    over[i] = (int) i;
  praxi_program_find_lives (program, first, last);
  if (in_place)
    share_memory (program, first, last, over);
  gsize total = 0;
  for (guint i = 0; i < n && total < G_MAXSIZE; i++) {
    if (first[i] < 0 || over[i] != (int) i)
      continue;
    find_need (program, (int) i, first, last, &items[n_items]);
    if (!g_size_checked_add (&total, total, items[n_items].bytes))
      total = G_MAXSIZE;
    owner[n_items++] = (int) i;
  }
  program->arena_bytes = total == G_MAXSIZE ? G_MAXSIZE : praxi_plan_memory (items, n_items);
  program->arena = program->arena_bytes > ARENA_LIMIT_BYTES
                       ? NULL
                       : praxi_pages_allocate (MAX (program->arena_bytes, 64));
  if (program->arena == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY,
                 "the model needs more memory than there is; try a smaller batch");
    return FALSE;
  }
  for (int i = 0; i < n_items; i++)
    program->tensors[owner[i]].data = program->arena + items[i].offset;
  for (guint i = 0; i < n; i++)
    if (first[i] >= 0)
      program->tensors[i].data = program->tensors[over[i]].data;
  return TRUE;
}

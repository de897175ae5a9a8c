#include "engine/infer/stream.h"

#include <stdlib.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/rows-piece.h"

/* Less saved than this is not worth the memory. */
#define WORTHWHILE_SHARE 0.95

typedef struct {
  PraxiTimeRows rows; /* of the outputs */
  PraxiTimeRowRule rule;
  gboolean is_split, is_stem;
  PraxiRowsPiece pieces[2]; /* of the rows at the beginning and at the end */
  int n_pieces;
} StepPlan;

/* What others read of a value: rows [0, head) and [tail, …). */
typedef struct {
  gint64 head, tail;
} Need;

typedef struct {
  int value;
  void *home; /* where the program had it */
  guint8 *data;
  gsize bytes, moved_bytes; /* all of it; by how much it moves */
  gboolean is_owned;
} Kept;

struct PraxiStream {
  PraxiProgram *program;
  PraxiStreamOptions options;
  int *roots;          /* one a value: what an operator makes is its own, wherever it lies */
  PraxiTimeRows *rows; /* one a value; of roots only */
  Need *needs;         /* likewise */
  StepPlan *plans;     /* one a step */
  GArray *kept;        /* of Kept */
  gsize scratch_bytes, packed_bytes;
  void *scratch;
  double macs, whole_macs;
};

static gint64
n_rows (const PraxiStream *stream, int value)
{
  return stream->program->tensors[value].dims[stream->rows[value].axis];
}

/* Rows of any value; those of a view lie `shift` rows behind its root's. */
static PraxiTimeRows
rows_of (const PraxiStream *stream, int value, gint64 *shift)
{
  const PraxiProgram *program = stream->program;
  const int root = stream->roots[value];
  *shift = 0;
  if (root == value)
    return stream->rows[value];
  return praxi_time_rows_of_view (&program->tensors[root], &stream->rows[root],
                                  &program->tensors[value], program->places[value].offset, shift);
}

/* By how many rows a value moves. */
static gint64
hop_rows (const PraxiStream *stream, const PraxiTimeRows *rows)
{
  return stream->options.hop_frames / rows->frames;
}

/* Rows of the value that a run computes anew: [0, begin) and [tail_of, …). */
static gint64
tail_of (const PraxiStream *stream, const PraxiTimeRows *rows)
{
  return rows->end - hop_rows (stream, rows);
}

static gboolean
repeats (const PraxiStream *stream, const PraxiTimeRows *rows)
{
  return rows->axis >= 0 && stream->options.hop_frames % rows->frames == 0 &&
         rows->begin < tail_of (stream, rows);
}

/* --- what repeats ---------------------------------------------------------------------------- */

/* Shapes as the rules want them: only constants carry data. */
static void
bare_inputs (const PraxiStream *stream, const PraxiNode *node, PraxiTensor *in)
{
  for (int i = 0; i < node->n_in; i++) {
    if (node->in[i] < 0)
      continue;
    in[i] = stream->program->tensors[node->in[i]];
    in[i].data = praxi_graph_value (stream->program->graph, node->in[i])->tensor.data;
  }
}

static PraxiTimeRows
stem_rows (const PraxiStream *stream, const PraxiNode *node, int output)
{
  /* Maps tell how the flow changed since the pair before, which the first one has not. */
  return (PraxiTimeRows){.axis = 0,
                         .frames = 1,
                         .begin = output == 0,
                         .end = stream->program->tensors[node->out[output]].dims[0]};
}

static void
plan_step (PraxiStream *stream, int i)
{
  const PraxiNode *node = stream->program->steps[i].node;
  StepPlan *plan = &stream->plans[i];
  plan->rows.axis = -1;
  plan->is_stem = node->op.kind == PRAXI_OP_MOTION_STEM && stream->options.first_pair != NULL;
  if (plan->is_stem) {
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        stream->rows[node->out[j]] = stem_rows (stream, node, j);
    return;
  }
  g_autofree PraxiTensor *in = g_new0 (PraxiTensor, node->n_in + 1);
  g_autofree const PraxiTensor **at = g_new0 (const PraxiTensor *, node->n_in + 1);
  g_autofree PraxiTimeRows *rows = g_new0 (PraxiTimeRows, node->n_in + 1);
  bare_inputs (stream, node, in);
  gint64 shift;
  for (int j = 0; j < node->n_in; j++) {
    at[j] = node->in[j] >= 0 ? &in[j] : NULL;
    rows[j] =
        node->in[j] >= 0 ? rows_of (stream, node->in[j], &shift) : (PraxiTimeRows){.axis = -1};
  }
  if (node->n_out != 1 || node->out[0] < 0 || stream->program->steps[i].kernel == NULL)
    return;
  PraxiTensor out = stream->program->tensors[node->out[0]];
  if (stream->program->places[node->out[0]].root != node->out[0])
    praxi_tensor_set_channels_last (&out); /* as it lies apart */
  plan->rows = praxi_time_rows_of_node (node, at, rows, &out, &plan->rule);
  if (!repeats (stream, &plan->rows))
    plan->rows.axis = -1;
  plan->is_split = plan->rows.axis >= 0 && plan->rule.can_split;
  stream->rows[node->out[0]] = plan->rows;
}

static void
plan_rows (PraxiStream *stream)
{
  const PraxiGraph *graph = stream->program->graph;
  stream->rows = g_new (PraxiTimeRows, graph->values->len + 1);
  stream->plans = g_new0 (StepPlan, stream->program->n_steps + 1);
  for (guint v = 0; v < graph->values->len; v++)
    stream->rows[v].axis = -1;
  const int clip = g_array_index (graph->inputs, int, 0);
  const PraxiTensor *input = &stream->program->tensors[clip];
  const int axis = stream->options.time_axis;
  if (axis < input->rank && praxi_time_rows_are_outermost (input, axis))
    stream->rows[clip] = (PraxiTimeRows){.axis = axis, .frames = 1, .end = input->dims[axis]};
  for (int i = 0; i < stream->program->n_steps; i++)
    plan_step (stream, i);
}

static void
find_roots (PraxiStream *stream)
{
  const PraxiProgram *program = stream->program;
  const guint n = program->graph->values->len;
  stream->roots = g_new (int, n + 1);
  for (guint v = 0; v < n; v++)
    stream->roots[v] = program->places[v].root;
  for (int i = 0; i < program->n_steps; i++) {
    const PraxiNode *node = program->steps[i].node;
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        stream->roots[node->out[j]] = node->out[j];
  }
}

static void
count_macs (PraxiStream *stream)
{
  for (int i = 0; i < stream->program->n_steps; i++) {
    const PraxiStep *step = &stream->program->steps[i];
    const StepPlan *plan = &stream->plans[i];
    if (step->node->n_out < 1 || step->out[0] == NULL || step->kernel == NULL)
      continue;
    const double macs = (double) praxi_op_macs (&step->node->op, step->in, step->out[0]);
    double share = 1;
    if (plan->is_split) {
      const gint64 n = n_rows (stream, step->node->out[0]);
      share = (double) (plan->rows.begin + n - tail_of (stream, &plan->rows)) / (double) n;
    }
    stream->whole_macs += macs;
    stream->macs += macs * share;
  }
}

/* --- what is kept ---------------------------------------------------------------------------- */

/* Whether the input has rows of its own, not one thing for all of them. */
static gboolean
has_rows (const PraxiStream *stream, const PraxiNode *node, int input)
{
  gint64 shift;
  return node->in[input] >= 0 && rows_of (stream, node->in[input], &shift).axis >= 0;
}

static void
need_all (PraxiStream *stream, int value)
{
  stream->needs[stream->roots[value]] = (Need){.head = G_MAXINT64, .tail = 0};
}

static void
need_rows (PraxiStream *stream, int value, gint64 head, gint64 tail)
{
  gint64 shift;
  rows_of (stream, value, &shift);
  Need *need = &stream->needs[stream->roots[value]];
  if (head > 0)
    need->head = MAX (need->head, head + shift);
  need->tail = MIN (need->tail, tail + shift);
}

static void
need_inputs (PraxiStream *stream, int i)
{
  const PraxiNode *node = stream->program->steps[i].node;
  const StepPlan *plan = &stream->plans[i];
  for (int j = 0; j < node->n_in; j++) {
    if (node->in[j] < 0)
      continue;
    if (!plan->is_split || !has_rows (stream, node, j)) {
      need_all (stream, node->in[j]);
      continue;
    }
    gint64 shift;
    const PraxiTimeRows rows = rows_of (stream, node->in[j], &shift);
    const gint64 n = stream->program->tensors[node->in[j]].dims[rows.axis];
    gint64 zero = 0, head = plan->rows.begin, tail = tail_of (stream, &plan->rows), last = tail + 1;
    if (head > 0)
      praxi_time_rows_behind (&plan->rule, j, n, &zero, &head);
    praxi_time_rows_behind (&plan->rule, j, n, &tail, &last);
    need_rows (stream, node->in[j], head, tail);
  }
}

static void
plan_needs (PraxiStream *stream)
{
  const PraxiGraph *graph = stream->program->graph;
  stream->needs = g_new (Need, graph->values->len + 1);
  for (guint v = 0; v < graph->values->len; v++)
    stream->needs[v] = (Need){.head = 0, .tail = G_MAXINT64};
  for (guint k = 0; k < graph->outputs->len; k++)
    need_all (stream, g_array_index (graph->outputs, int, k));
  for (int i = 0; i < stream->program->n_steps; i++)
    need_inputs (stream, i);
}

static gboolean
keep (PraxiStream *stream, int value, gboolean is_placed, GError **error)
{
  const PraxiTensor *tensor = &stream->program->tensors[value];
  const PraxiTimeRows *rows = &stream->rows[value];
  const gsize row_bytes = (gsize) tensor->strides[rows->axis] * praxi_dtype_size (tensor->dtype);
  Kept kept = {.value = value,
               .home = tensor->data,
               .bytes = row_bytes * (gsize) n_rows (stream, value),
               .moved_bytes = row_bytes * (gsize) hop_rows (stream, rows),
               .is_owned = !is_placed};
  if (is_placed) {
    kept.data = tensor->data;
  } else if (posix_memalign ((void **) &kept.data, 64, kept.bytes) != 0) {
    return praxi_error_from_status (PRAXI_STATUS_MEMORY, "what overlapping clips share", error);
  } else {
    praxi_program_place (stream->program, value, kept.data);
  }
  g_array_append_val (stream->kept, kept);
  return TRUE;
}

/* Outputs of which more is read than a run computes. */
static gboolean
plan_kept (PraxiStream *stream, GError **error)
{
  for (int i = 0; i < stream->program->n_steps; i++) {
    const StepPlan *plan = &stream->plans[i];
    const PraxiNode *node = stream->program->steps[i].node;
    for (int j = 0; j < node->n_out && (plan->is_stem || plan->is_split); j++) {
      const int value = node->out[j];
      if (value < 0)
        continue;
      const Need *need = &stream->needs[value];
      const PraxiTimeRows *rows = &stream->rows[value];
      const gboolean is_read = need->head > rows->begin || need->tail < tail_of (stream, rows);
      if ((plan->is_stem || is_read) && !keep (stream, value, plan->is_stem, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* --- pieces ---------------------------------------------------------------------------------- */

static gint64
n_in_rows (const PraxiStream *stream, const PraxiNode *node, int input)
{
  gint64 shift;
  const PraxiTimeRows rows = rows_of (stream, node->in[input], &shift);
  return stream->program->tensors[node->in[input]].dims[rows.axis];
}

static void
cut_inputs (const PraxiStream *stream, int i, gint64 first, gint64 end, PraxiRowsPiece *piece)
{
  const PraxiProgram *program = stream->program;
  const PraxiNode *node = program->steps[i].node;
  for (int j = 0; j < node->n_in; j++) {
    if (!has_rows (stream, node, j)) {
      piece->in[j] = praxi_rows_part_whole (program, node->in[j]);
      continue;
    }
    gint64 from = first, to = end, shift;
    praxi_time_rows_behind (&stream->plans[i].rule, j, n_in_rows (stream, node, j), &from, &to);
    piece->in[j] = praxi_rows_part (program, node->in[j],
                                    rows_of (stream, node->in[j], &shift).axis, from, to);
  }
}

static gboolean
add_piece (PraxiStream *stream, int i, gint64 first, gint64 end, GError **error)
{
  const PraxiProgram *program = stream->program;
  const PraxiStep *step = &program->steps[i];
  StepPlan *plan = &stream->plans[i];
  PraxiRowsPiece *piece = &plan->pieces[plan->n_pieces++];
  praxi_rows_piece_init (piece, step->node);
  cut_inputs (stream, i, first, end, piece);
  piece->out[0] = praxi_rows_part (program, step->node->out[0], plan->rows.axis, first, end);
  const gint64 n_in = plan->rule.window >= 0 ? n_in_rows (stream, step->node, 0) : 0;
  const PraxiOp op = praxi_rows_op (step->node, &plan->rule, n_in, first, end);
  const PraxiStatus status =
      praxi_rows_piece_prepare (program, step->node, &op, step->backend, piece);
  if (status != PRAXI_OK)
    return praxi_error_from_status (status, step->node->name, error);
  stream->scratch_bytes =
      MAX (stream->scratch_bytes, piece->backend->kernel_scratch_bytes (piece->kernel));
  if (!praxi_rows_piece_share (piece, step->backend, step->kernel))
    stream->packed_bytes += piece->backend->kernel_weight_bytes (piece->kernel);
  return TRUE;
}

static gboolean
plan_pieces (PraxiStream *stream, GError **error)
{
  for (int i = 0; i < stream->program->n_steps; i++) {
    const PraxiStep *step = &stream->program->steps[i];
    const StepPlan *plan = &stream->plans[i];
    if (!plan->is_split)
      continue;
    const gint64 n = stream->program->tensors[step->node->out[0]].dims[plan->rows.axis];
    if (plan->rows.begin > 0 && !add_piece (stream, i, 0, plan->rows.begin, error))
      return FALSE;
    if (!add_piece (stream, i, tail_of (stream, &plan->rows), n, error))
      return FALSE;
  }
  if (stream->scratch_bytes > 0 &&
      posix_memalign (&stream->scratch, 64, stream->scratch_bytes) != 0) {
    stream->scratch = NULL;
    return praxi_error_from_status (PRAXI_STATUS_MEMORY, "what overlapping clips share", error);
  }
  return TRUE;
}

/* --- life ------------------------------------------------------------------------------------ */

static PraxiStream *
plan_new (PraxiProgram *program, const PraxiStreamOptions *options)
{
  PraxiStream *stream = g_new0 (PraxiStream, 1);
  stream->program = program;
  stream->options = *options;
  stream->kept = g_array_new (FALSE, FALSE, sizeof (Kept));
  find_roots (stream);
  plan_rows (stream);
  count_macs (stream);
  return stream;
}

gboolean
praxi_stream_pays (PraxiProgram *program, const PraxiStreamOptions *options)
{
  g_autoptr (PraxiStream) stream = plan_new (program, options);
  return praxi_stream_share (stream) <= WORTHWHILE_SHARE;
}

PraxiStream *
praxi_stream_new (PraxiProgram *program, const PraxiStreamOptions *options, GError **error)
{
  g_autoptr (PraxiStream) stream = plan_new (program, options);
  if (praxi_stream_share (stream) > WORTHWHILE_SHARE)
    return NULL;
  plan_needs (stream);
  if (!plan_pieces (stream, error))
    return NULL;
  return plan_kept (stream, error) ? g_steal_pointer (&stream) : NULL;
}

void
praxi_stream_free (PraxiStream *stream)
{
  for (int i = 0; i < stream->program->n_steps; i++)
    for (int k = 0; k < stream->plans[i].n_pieces; k++)
      praxi_rows_piece_clear (&stream->plans[i].pieces[k]);
  for (guint k = 0; k < stream->kept->len; k++) {
    const Kept *kept = &g_array_index (stream->kept, Kept, k);
    if (!kept->is_owned)
      continue;
    praxi_program_place (stream->program, kept->value, kept->home);
    free (kept->data);
  }
  g_array_unref (stream->kept);
  g_free (stream->roots);
  g_free (stream->rows);
  g_free (stream->needs);
  g_free (stream->plans);
  free (stream->scratch);
  g_free (stream);
}

/* --- running --------------------------------------------------------------------------------- */

void
praxi_stream_shift (PraxiStream *stream)
{
  for (guint k = 0; k < stream->kept->len; k++) {
    const Kept *kept = &g_array_index (stream->kept, Kept, k);
    memmove (kept->data, kept->data + kept->moved_bytes, kept->bytes - kept->moved_bytes);
  }
}

gboolean
praxi_stream_run (PraxiStream *stream, int first, GError **error)
{
  PraxiProgram *program = stream->program;
  for (int i = first; i < program->n_steps; i++) {
    PraxiStep *step = &program->steps[i];
    StepPlan *plan = &stream->plans[i];
    PraxiStatus status = PRAXI_OK;
    for (int k = 0; k < plan->n_pieces && status == PRAXI_OK; k++)
      status = praxi_rows_piece_run (program, step->node, &plan->pieces[k], stream->scratch);
    if (!plan->is_split && step->kernel != NULL)
      status =
          step->backend->run (step->kernel, step->in, step->out, program->scratch, program->pool);
    if (status != PRAXI_OK)
      return praxi_error_from_status (status, step->node->name, error);
  }
  return TRUE;
}

double
praxi_stream_share (const PraxiStream *stream)
{
  return stream->whole_macs > 0 ? stream->macs / stream->whole_macs : 1;
}

gsize
praxi_stream_bytes (const PraxiStream *stream)
{
  gsize bytes = stream->scratch_bytes + stream->packed_bytes;
  for (guint k = 0; k < stream->kept->len; k++)
    if (g_array_index (stream->kept, Kept, k).is_owned)
      bytes += g_array_index (stream->kept, Kept, k).bytes;
  return bytes;
}

#include "engine/infer/section.h"

#include "engine/infer/program-arena.h"
#include "engine/infer/rows-piece.h"
#include "engine/infer/section-plan.h"

/* A step in one piece of its section. */
typedef struct {
  int variant;      /* which kernel; −1: it has nothing to do */
  gint64 *at_bytes; /* [inputs + 1] of their first rows behind the values' data; the output's */
} Call;

/* Kernels of one step: pieces of as many rows at the same edges share one. */
typedef struct {
  GArray *variants; /* of PraxiRowsPiece; NULL: no section has the step */
  Call *calls;      /* one a piece */
  gsize scratch_bytes, packed_bytes;
} StepPieces;

/* Rows that later pieces still read move to the beginning of their memory, before a piece. */
typedef struct {
  int piece, value;
  gsize by_bytes, bytes;
} Move;

struct PraxiSections {
  PraxiProgram *program;
  PraxiSectionSource source;
  int *first, *last;
  PraxiSectionPlan *plan;
  StepPieces *steps; /* one a step */
  GPtrArray *moves;  /* one a section: GArray of Move, piece by piece */
};

/* Rows of a step's memory that are made before a piece: those of all whose outputs lie in it. */
static gint64
rows_made (const PraxiSectionPlan *plan, const PraxiSection *section, int piece, int owner)
{
  gint64 most = 0;
  for (int step = section->first; step < section->end; step++)
    if (plan->steps[step].owner == owner)
      most = MAX (most, section->done[praxi_section_entry (section, piece, step)]);
  return most;
}

static GArray *
find_moves (const PraxiSections *sections, const PraxiSection *section)
{
  GArray *moves = g_array_new (FALSE, FALSE, sizeof (Move));
  for (int p = 1; p < section->n_pieces; p++)
    for (int step = section->first; step < section->end; step++) {
      const PraxiSectionStep *how = &sections->plan->steps[step];
      if (!section->is_kept[step - section->first])
        continue;
      const gint64 base = section->base[praxi_section_entry (section, p, step)];
      const gint64 by = base - section->base[praxi_section_entry (section, p - 1, step)];
      const gint64 kept = rows_made (sections->plan, section, p, step) - base;
      const Move move = {.piece = p,
                         .value = sections->program->steps[step].node->out[0],
                         .by_bytes = (gsize) by * how->row_bytes,
                         .bytes = (gsize) MAX (kept, 0) * how->row_bytes};
      if (move.by_bytes > 0 && move.bytes > 0)
        g_array_append_val (moves, move);
    }
  return moves;
}

PraxiSections *
praxi_sections_new (PraxiProgram *program, const PraxiSectionLimits *limits)
{
  g_autoptr (PraxiSections) sections = g_new0 (PraxiSections, 1);
  const PraxiGraph *graph = program->graph;
  sections->program = program;
  sections->first = g_new (int, graph->values->len + 1);
  sections->last = g_new (int, graph->values->len + 1);
  praxi_program_find_lives (program, sections->first, sections->last);
  sections->source = (PraxiSectionSource){.graph = graph,
                                          .places = program->places,
                                          .tensors = program->tensors,
                                          .first = sections->first,
                                          .last = sections->last};
  sections->plan = praxi_section_plan_new (&sections->source, limits);
  sections->steps = g_new0 (StepPieces, graph->nodes->len + 1);
  sections->moves = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  for (guint i = 0; i < sections->plan->sections->len; i++)
    g_ptr_array_add (sections->moves, find_moves (sections, sections->plan->sections->pdata[i]));
  return sections->plan->sections->len > 0 ? g_steal_pointer (&sections) : NULL;
}

static void
step_clear (StepPieces *step, int n_pieces)
{
  for (guint k = 0; step->variants != NULL && k < step->variants->len; k++)
    praxi_rows_piece_clear (&g_array_index (step->variants, PraxiRowsPiece, k));
  g_clear_pointer (&step->variants, g_array_unref);
  for (int p = 0; step->calls != NULL && p < n_pieces; p++)
    g_free (step->calls[p].at_bytes);
  g_free (step->calls);
}

void
praxi_sections_free (PraxiSections *sections)
{
  for (guint i = 0; i < sections->plan->sections->len; i++) {
    const PraxiSection *section = sections->plan->sections->pdata[i];
    for (int step = section->first; step < section->end; step++)
      step_clear (&sections->steps[step], section->n_pieces);
  }
  praxi_section_plan_free (sections->plan);
  g_ptr_array_unref (sections->moves);
  g_free (sections->steps);
  g_free (sections->first);
  g_free (sections->last);
  g_free (sections);
}

gboolean
praxi_sections_has (const PraxiSections *sections, int step)
{
  return praxi_section_plan_at (sections->plan, step) != NULL;
}

void
praxi_sections_life (const PraxiSections *sections, int value, gsize *bytes, int *first, int *last)
{
  praxi_section_plan_life (sections->plan, &sections->source, value, bytes, first, last);
}

/* --- kernels ---------------------------------------------------------------------------------- */

/* How far the memory of what a step makes begins behind its row 0, in this piece. */
static gint64
base_of (const PraxiSections *sections, const PraxiSection *section, int piece, int step)
{
  if (step < section->first)
    return 0;
  return section->base[praxi_section_entry (section, piece, sections->plan->steps[step].owner)];
}

static PraxiRowsPart
part_behind (const PraxiSections *sections,
             int value,
             int axis,
             gint64 first,
             gint64 end,
             gint64 base)
{
  PraxiRowsPart part = praxi_rows_part (sections->program, value, axis, first, end);
  part.at_bytes -= base * part.tensor.strides[axis] * (gint64) praxi_dtype_size (part.tensor.dtype);
  return part;
}

static void
cut (const PraxiSections *sections,
     const PraxiSection *section,
     int piece_number,
     int step,
     PraxiRowsPiece *piece)
{
  const PraxiProgram *program = sections->program;
  const PraxiSectionStep *how = &sections->plan->steps[step];
  const PraxiNode *node = program->steps[step].node;
  const gint64 first = section->done[praxi_section_entry (section, piece_number, step)];
  const gint64 end = section->done[praxi_section_entry (section, piece_number + 1, step)];
  for (int j = 0; j < node->n_in; j++) {
    const PraxiSectionInput *input = &how->in[j];
    gint64 from = first, to = end;
    if (input->axis < 0) {
      piece->in[j] = praxi_rows_part_whole (program, node->in[j]);
      continue;
    }
    praxi_section_rows_behind (sections->plan->steps, &sections->source, step, j, &from, &to);
    piece->in[j] = part_behind (sections, node->in[j], input->axis, from, to,
                                base_of (sections, section, piece_number, input->step));
  }
  piece->out[0] = part_behind (sections, node->out[0], how->axis, first, end,
                               base_of (sections, section, piece_number, step));
}

static PraxiOp
op_of (const PraxiSections *sections, const PraxiSection *section, int piece, int step)
{
  const PraxiSectionStep *how = &sections->plan->steps[step];
  const PraxiNode *node = sections->program->steps[step].node;
  const gint64 n_in =
      how->rule.window >= 0 ? sections->program->tensors[node->in[0]].dims[how->in[0].axis] : 0;
  return praxi_rows_op (node, &how->rule, n_in,
                        section->done[praxi_section_entry (section, piece, step)],
                        section->done[praxi_section_entry (section, piece + 1, step)]);
}

static gboolean
is_alike (const PraxiNode *node, const PraxiRowsPiece *a, const PraxiRowsPiece *b)
{
  gboolean same = praxi_tensor_is_same_shape (&a->out[0].tensor, &b->out[0].tensor);
  for (int j = 0; j < node->n_in && same; j++)
    same = node->in[j] < 0 || praxi_tensor_is_same_shape (&a->in[j].tensor, &b->in[j].tensor);
  return same;
}

static gboolean
pads_alike (const PraxiTimeRowRule *rule, const PraxiOp *a, const PraxiOp *b)
{
  const int w = rule->window;
  return w < 0 || (a->window.pad_begin[w] == b->window.pad_begin[w] &&
                   a->window.pad_end[w] == b->window.pad_end[w]);
}

/* The variant that a piece can take, prepared if there is none; takes the piece over. */
static PraxiStatus
take_variant (PraxiSections *sections,
              int step,
              PraxiRowsPiece *piece,
              GArray *ops,
              const PraxiOp *op,
              int *variant)
{
  const PraxiStep *of = &sections->program->steps[step];
  StepPieces *pieces = &sections->steps[step];
  for (guint k = 0; k < pieces->variants->len; k++)
    if (is_alike (of->node, &g_array_index (pieces->variants, PraxiRowsPiece, k), piece) &&
        pads_alike (&sections->plan->steps[step].rule, &g_array_index (ops, PraxiOp, k), op)) {
      *variant = (int) k;
      praxi_rows_piece_clear (piece);
      return PRAXI_OK;
    }
  *variant = (int) pieces->variants->len;
  const PraxiStatus status =
      praxi_rows_piece_prepare (sections->program, of->node, op, sections->program->backend, piece);
  g_array_append_val (pieces->variants, *piece);
  g_array_append_val (ops, *op);
  if (status != PRAXI_OK)
    return status;
  const PraxiRowsPiece *one = &g_array_index (pieces->variants, PraxiRowsPiece, 0);
  pieces->scratch_bytes =
      MAX (pieces->scratch_bytes, piece->backend->kernel_scratch_bytes (piece->kernel));
  if (*variant == 0 || !praxi_rows_piece_share (piece, one->backend, one->kernel))
    pieces->packed_bytes += piece->backend->kernel_weight_bytes (piece->kernel);
  return PRAXI_OK;
}

PraxiStatus
praxi_sections_prepare (PraxiSections *sections, int step)
{
  const PraxiSection *section = praxi_section_plan_at (sections->plan, step);
  PraxiStep *of = &sections->program->steps[step];
  StepPieces *pieces = &sections->steps[step];
  g_autoptr (GArray) ops = g_array_new (FALSE, FALSE, sizeof (PraxiOp));
  pieces->variants = g_array_new (FALSE, FALSE, sizeof (PraxiRowsPiece));
  pieces->calls = g_new0 (Call, section->n_pieces);
  PraxiStatus status = PRAXI_OK;
  for (int p = 0; p < section->n_pieces && status == PRAXI_OK; p++) {
    Call *call = &pieces->calls[p];
    call->variant = -1;
    if (section->done[praxi_section_entry (section, p, step)] >=
        section->done[praxi_section_entry (section, p + 1, step)])
      continue;
    PraxiRowsPiece piece = {NULL};
    praxi_rows_piece_init (&piece, of->node);
    cut (sections, section, p, step, &piece);
    call->at_bytes = g_new (gint64, of->node->n_in + 1);
    for (int j = 0; j < of->node->n_in; j++)
      call->at_bytes[j] = piece.in[j].at_bytes;
    call->at_bytes[of->node->n_in] = piece.out[0].at_bytes;
    const PraxiOp op = op_of (sections, section, p, step);
    status = take_variant (sections, step, &piece, ops, &op, &call->variant);
  }
  if (status == PRAXI_OK && pieces->variants->len > 0) {
    const PraxiRowsPiece *one = &g_array_index (pieces->variants, PraxiRowsPiece, 0);
    of->kernel = one->kernel;
    of->backend = one->backend;
  }
  return status;
}

void
praxi_sections_measure (const PraxiSections *sections,
                        int step,
                        gsize *scratch_bytes,
                        gsize *packed_bytes)
{
  *scratch_bytes = sections->steps[step].scratch_bytes;
  *packed_bytes = sections->steps[step].packed_bytes;
}

/* --- running ---------------------------------------------------------------------------------- */

typedef struct {
  guint8 *to;
  const guint8 *from;
  gsize bytes;
} Copy;

static void
copy_part (void *data, int i, int n)
{
  const Copy *copy = data;
  const gsize begin = copy->bytes * (gsize) i / (gsize) n;
  const gsize end = copy->bytes * ((gsize) i + 1) / (gsize) n;
  memcpy (copy->to + begin, copy->from + begin, end - begin);
}

/* Moves bytes down by some, at most so many at once that they do not lie over each other. */
static void
move_down (guint8 *data, gsize by, gsize bytes, PraxiPool *pool)
{
  enum { SPLIT_BYTES = 1 << 18 };
  for (gsize at = 0; at < bytes; at += by) {
    Copy copy = {data + at, data + at + by, MIN (by, bytes - at)};
    praxi_pool_run (copy.bytes < SPLIT_BYTES ? NULL : pool, copy_part, &copy);
  }
}

static PraxiStatus
run_step (PraxiSections *sections, int number, const Call *call)
{
  PraxiProgram *program = sections->program;
  PraxiStep *step = &program->steps[number];
  PraxiRowsPiece *piece =
      &g_array_index (sections->steps[number].variants, PraxiRowsPiece, call->variant);
  for (int j = 0; j < step->node->n_in; j++)
    piece->in[j].at_bytes = call->at_bytes[j];
  piece->out[0].at_bytes = call->at_bytes[step->node->n_in];
  const double begin_s = program->is_timing ? praxi_program_now_s () : 0;
  const PraxiStatus status = praxi_rows_piece_run (program, step->node, piece, program->scratch);
  if (program->is_timing)
    step->seconds += praxi_program_now_s () - begin_s;
  return status;
}

PraxiStatus
praxi_sections_run (PraxiSections *sections, int first, int *end, int *at)
{
  guint number;
  const PraxiSection *section = praxi_section_plan_at (sections->plan, first);
  g_ptr_array_find (sections->plan->sections, section, &number);
  const GArray *moves = sections->moves->pdata[number];
  const PraxiProgram *program = sections->program;
  guint n_moved = 0;
  *end = section->end;
  for (int p = 0; p < section->n_pieces; p++) {
    for (; n_moved < moves->len && g_array_index (moves, Move, n_moved).piece == p; n_moved++) {
      const Move *move = &g_array_index (moves, Move, n_moved);
      move_down (program->tensors[move->value].data, move->by_bytes, move->bytes, program->pool);
    }
    for (*at = first; *at < section->end; ++*at) {
      const Call *call = &sections->steps[*at].calls[p];
      const PraxiStatus status = call->variant < 0 ? PRAXI_OK : run_step (sections, *at, call);
      if (status != PRAXI_OK)
        return status;
    }
  }
  return PRAXI_OK;
}

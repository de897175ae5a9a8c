#include "engine/infer/rows-piece.h"

PraxiOp
praxi_rows_op (const PraxiNode *node,
               const PraxiTimeRowRule *rule,
               gint64 n_in_rows,
               gint64 first,
               gint64 end)
{
  PraxiOp op = node->op;
  if (rule->slice >= 0) {
    op.starts[rule->slice] = 0;
    op.ends[rule->slice] = (end - first - 1) * rule->stride + 1;
  }
  if (rule->window < 0)
    return op;
  PraxiWindow *window = &op.window;
  window->pad_begin[rule->window] = MAX (rule->lead - first * rule->stride, 0);
  window->pad_end[rule->window] =
      MAX ((end - 1) * rule->stride - rule->lead + rule->reach - n_in_rows, 0);
  window->auto_pad = PRAXI_AUTO_PAD_NOTSET;
  return op;
}

PraxiRowsPart
praxi_rows_part (const PraxiProgram *program, int value, int axis, gint64 first, gint64 end)
{
  PraxiRowsPart part = {.tensor = program->tensors[value], .value = value, .is_open = TRUE};
  PraxiTensor *tensor = &part.tensor;
  const gint64 stride = tensor->strides[axis], all = stride * tensor->dims[axis];
  for (int d = 0; d < tensor->rank; d++)
    if (d != axis && tensor->strides[d] == all)
      tensor->strides[d] = stride * (end - first);
  tensor->dims[axis] = end - first;
  tensor->data = NULL;
  part.at_bytes = first * stride * (gint64) praxi_dtype_size (tensor->dtype);
  return part;
}

PraxiRowsPart
praxi_rows_part_whole (const PraxiProgram *program, int value)
{
  PraxiRowsPart part = {.value = value};
  if (value < 0)
    return part;
  part.tensor = program->tensors[value];
  part.tensor.data = praxi_graph_value (program->graph, value)->tensor.data;
  part.is_open = part.tensor.data == NULL;
  return part;
}

void
praxi_rows_piece_init (PraxiRowsPiece *piece, const PraxiNode *node)
{
  piece->in = g_new0 (PraxiRowsPart, node->n_in + 1);
  piece->out = g_new0 (PraxiRowsPart, 1);
  piece->in_at = g_new0 (const PraxiTensor *, node->n_in + 1);
  piece->out_at = g_new0 (const PraxiTensor *, 1);
}

void
praxi_rows_piece_clear (PraxiRowsPiece *piece)
{
  if (piece->kernel != NULL)
    piece->backend->kernel_free (piece->kernel);
  g_free (piece->in);
  g_free (piece->out);
  g_free (piece->in_at);
  g_free (piece->out_at);
}

/* Constants as the program has them: those that it has shed are there while it prepares only. FALSE
 * where the kernel would read one.
 */
static gboolean
leave_constants (const PraxiProgram *program, const PraxiNode *node, PraxiRowsPiece *piece)
{
  const gboolean has_packed =
      praxi_program_has_packed (piece->backend, piece->kernel, node->op.kind);
  for (int j = 0; j < node->n_in; j++) {
    PraxiRowsPart *part = &piece->in[j];
    if (part->value < 0 || part->is_open)
      continue;
    part->tensor.data = program->tensors[part->value].data;
    if (part->tensor.data == NULL && (j != 1 || !has_packed))
      return FALSE;
  }
  return TRUE;
}

PraxiStatus
praxi_rows_piece_prepare (const PraxiProgram *program,
                          const PraxiNode *node,
                          const PraxiOp *op,
                          const PraxiBackend *backend,
                          PraxiRowsPiece *piece)
{
  const PraxiBackend *const choices[] = {backend, praxi_backend_ref ()};
  PraxiStatus status = PRAXI_STATUS_UNSUPPORTED;
  /* What a Slice takes is in the operator, other than in its inputs. */
  for (int j = 0; j < (op->kind == PRAXI_OP_SLICE ? 1 : node->n_in); j++)
    piece->in_at[j] = node->in[j] >= 0 ? &piece->in[j].tensor : NULL;
  piece->out_at[0] = &piece->out[0].tensor;
  for (int k = 0; k < 2 && status == PRAXI_STATUS_UNSUPPORTED; k++) {
    piece->backend = choices[k];
    status = piece->backend->prepare (piece->backend, op, piece->in_at, node->n_in, piece->out_at,
                                      1, program->pool, &piece->kernel);
  }
  if (status != PRAXI_OK) {
    piece->kernel = NULL;
    return status;
  }
  return leave_constants (program, node, piece) ? PRAXI_OK : PRAXI_STATUS_UNSUPPORTED;
}

gboolean
praxi_rows_piece_share (PraxiRowsPiece *piece, const PraxiBackend *backend, const PraxiKernel *with)
{
  return with != NULL && piece->backend == backend && backend->share != NULL &&
         backend->share (piece->kernel, with);
}

static void
point (const PraxiProgram *program, PraxiRowsPart *part)
{
  if (part->is_open && part->value >= 0)
    part->tensor.data = (guint8 *) program->tensors[part->value].data + part->at_bytes;
}

PraxiStatus
praxi_rows_piece_run (const PraxiProgram *program,
                      const PraxiNode *node,
                      PraxiRowsPiece *piece,
                      void *scratch)
{
  for (int j = 0; j < node->n_in; j++)
    point (program, &piece->in[j]);
  point (program, &piece->out[0]);
  return piece->backend->run (piece->kernel, piece->in_at, piece->out_at, scratch, program->pool);
}

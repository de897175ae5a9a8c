#include "engine/infer/fuse-table.h"

#include "engine/model/fold.h"

enum { MAX_NODES = 24, BYTES = 256 };

/* The nodes between, each after those it reads; node 0 is the DequantizeLinear. */
typedef struct {
  const PraxiPattern *pattern;
  const PraxiNode *nodes[MAX_NODES];
  int n_nodes;
  int source; /* the bytes */
} Region;

static gboolean
is_elementwise (PraxiOpKind kind)
{
  switch (kind) {
  case PRAXI_OP_RELU:
  case PRAXI_OP_LEAKY_RELU:
  case PRAXI_OP_CLIP:
  case PRAXI_OP_SIGMOID:
  case PRAXI_OP_HARD_SIGMOID:
  case PRAXI_OP_HARD_SWISH:
  case PRAXI_OP_TANH:
  case PRAXI_OP_GELU:
  case PRAXI_OP_ERF:
  case PRAXI_OP_ABS:
  case PRAXI_OP_SQRT:
  case PRAXI_OP_EXP:
  case PRAXI_OP_LOG:
  case PRAXI_OP_NEG:
  case PRAXI_OP_RECIPROCAL:
  case PRAXI_OP_FLOOR:
  case PRAXI_OP_ADD:
  case PRAXI_OP_SUB:
  case PRAXI_OP_MUL:
  case PRAXI_OP_DIV:
  case PRAXI_OP_POW:
  case PRAXI_OP_MIN:
  case PRAXI_OP_MAX:
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
is_listed (const Region *region, const PraxiNode *node)
{
  for (int i = 0; i < region->n_nodes; i++)
    if (region->nodes[i] == node)
      return TRUE;
  return FALSE;
}

static gboolean
is_source (Region *region, const PraxiNode *node)
{
  if (!praxi_pattern_is_dequantized (region->pattern, node))
    return FALSE;
  if (region->source >= 0 && region->source != node->in[0])
    return FALSE;
  region->source = node->in[0];
  return TRUE;
}

/* Lists what value depends on; FALSE where that is more than one tensor of bytes, or a long chain.
 */
static gboolean
gather (Region *region, int value, int depth)
{
  float scalar;
  const PraxiNode *node = praxi_pattern_maker (region->pattern, value);
  if (node == NULL)
    return praxi_pattern_scalar (region->pattern, value, &scalar);
  if (is_listed (region, node))
    return TRUE;
  if (depth == MAX_NODES)
    return FALSE;
  const gboolean is_first = is_source (region, node);
  if (!is_first) {
    if (!is_elementwise (node->op.kind) || node->n_out != 1)
      return FALSE;
    for (int i = 0; i < node->n_in; i++)
      if (node->in[i] >= 0 && !gather (region, node->in[i], depth + 1))
        return FALSE;
  }
  if (region->n_nodes == MAX_NODES)
    return FALSE;
  region->nodes[region->n_nodes++] = node;
  return TRUE;
}

/* Where a node's input stands in the small computation: one of the results so far, the bytes
 * themselves, or a constant, seen as a scalar.
 */
static void
find_operand (const Region *region,
              const PraxiTensor *results,
              const PraxiTensor *bytes,
              int value,
              PraxiTensor *operand)
{
  for (int i = 0; i < region->n_nodes; i++)
    if (region->nodes[i]->out[0] == value) {
      *operand = results[i];
      return;
    }
  if (value == region->source) {
    *operand = *bytes;
    return;
  }
  *operand = *praxi_pattern_tensor (region->pattern, value);
  operand->rank = 0;
}

/* Runs one node over all 256 bytes through `ref`. */
static gboolean
compute (const Region *region,
         const PraxiNode *node,
         const PraxiTensor *results,
         const PraxiTensor *bytes,
         PraxiTensor *result,
         GBytes **owner)
{
  PraxiTensor operands[4];
  const PraxiTensor *in[4] = {NULL};
  PraxiOp op = node->op;
  char why[PRAXI_OP_WHY_BYTES];
  if (node->n_in > 4)
    return FALSE;
  for (int i = 0; i < node->n_in; i++) {
    if (node->in[i] < 0)
      continue;
    find_operand (region, results, bytes, node->in[i], &operands[i]);
    in[i] = &operands[i];
  }
  op.axis = 0;
  return praxi_op_infer (&op, in, node->n_in, result, 1, why) == PRAXI_OK && result->rank == 1 &&
         result->dims[0] == BYTES &&
         praxi_fold_run (&op, in, node->n_in, result, 1, owner) == PRAXI_OK;
}

static guint8 *
make_table (Region *region, const PraxiNode *quantize)
{
  guint8 all[BYTES];
  PraxiTensor results[MAX_NODES + 1] = {{0}};
  GBytes *owners[MAX_NODES + 1] = {NULL};
  guint8 *table = NULL;
  for (int i = 0; i < BYTES; i++)
    all[i] = (guint8) i;
  const PraxiTensor bytes = {.dtype = praxi_pattern_tensor (region->pattern, region->source)->dtype,
                             .rank = 1,
                             .dims = {BYTES},
                             .strides = {1},
                             .data = all};
  gboolean good = TRUE;
  const int n_nodes = region->n_nodes;
  for (int i = 0; good && i <= n_nodes; i++) {
    region->n_nodes = i; /* only what has been computed can be read */
    good = compute (region, i < n_nodes ? region->nodes[i] : quantize, results, &bytes, &results[i],
                    &owners[i]);
  }
  region->n_nodes = n_nodes;
  if (good)
    table = g_memdup2 (results[n_nodes].data, BYTES);
  for (int i = 0; i <= n_nodes; i++)
    g_clear_pointer (&owners[i], g_bytes_unref);
  return table;
}

gboolean
praxi_fuse_table (PraxiPattern *pattern, PraxiNode *quantize)
{
  float scale;
  Region region = {.pattern = pattern, .source = -1};
  const PraxiTensor *out = praxi_pattern_tensor (pattern, quantize->out[0]);
  if (!praxi_dtype_is_byte (out->dtype) ||
      !praxi_pattern_scalar (pattern, quantize->in[1], &scale) ||
      (quantize->n_in > 2 && quantize->in[2] >= 0 &&
       praxi_pattern_tensor (pattern, quantize->in[2])->data == NULL) ||
      !gather (&region, quantize->in[0], 0) || region.source < 0)
    return FALSE;
  guint8 *table = make_table (&region, quantize);
  if (table == NULL)
    return FALSE;
  const PraxiOp op = {.kind = PRAXI_OP_QTABLE, .to = out->dtype, .table = table};
  praxi_pattern_replace (quantize, &op, &region.source, 1, table, BYTES);
  return TRUE;
}

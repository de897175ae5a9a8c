/* DequantizeLinear … QuantizeLinear around a product, a sum or a move become integer operators. */
#include <math.h>
#include <string.h>

#include "engine/infer/fuse-moves.h"
#include "engine/infer/fuse-pattern.h"
#include "engine/infer/fuse-table.h"
#include "engine/infer/fuse.h"

/* The numbers of a QuantizeLinear or DequantizeLinear. */
typedef struct {
  int value; /* of the quantized side */
  PraxiDType dtype;
  const float *scales;
  gint64 n_scales;
  gint64 axis; /* of the scales, where there are several */
  int zero;
} Quantizer;

/* Reads the scales and zero points of a node; those of weights have to be all zero. */
static gboolean
read_quantizer (const PraxiPattern *pattern, const PraxiNode *node, Quantizer *q)
{
  if (node == NULL || node->n_in < 2 || node->in[1] < 0)
    return FALSE;
  const PraxiTensor *scale = praxi_pattern_tensor (pattern, node->in[1]);
  const PraxiTensor *zero =
      node->n_in > 2 && node->in[2] >= 0 ? praxi_pattern_tensor (pattern, node->in[2]) : NULL;
  int64_t n_zeros = 0;
  if (scale->data == NULL || scale->dtype != PRAXI_F32 ||
      praxi_tensor_count (scale, &q->n_scales) != PRAXI_OK || q->n_scales < 1)
    return FALSE;
  if (zero != NULL && (zero->data == NULL || praxi_tensor_count (zero, &n_zeros) != PRAXI_OK))
    return FALSE;
  q->scales = scale->data;
  q->axis = node->op.axis;
  q->zero = n_zeros > 0 ? (int) praxi_tensor_get_int (zero, 0) : 0;
  for (int64_t i = 1; i < n_zeros; i++)
    if (praxi_tensor_get_int (zero, i) != q->zero)
      return FALSE;
  return TRUE;
}

/* value = DequantizeLinear (something) */
static gboolean
read_dequantized (const PraxiPattern *pattern, int value, Quantizer *q)
{
  const PraxiNode *node = praxi_pattern_maker (pattern, value);
  if (node == NULL || node->op.kind != PRAXI_OP_DEQUANTIZE_LINEAR ||
      !read_quantizer (pattern, node, q))
    return FALSE;
  q->value = node->in[0];
  q->dtype = praxi_pattern_tensor (pattern, q->value)->dtype;
  return TRUE;
}

/* An activation: bytes with one scale, computed at run time. */
static gboolean
read_activation (const PraxiPattern *pattern, int value, Quantizer *q)
{
  return read_dequantized (pattern, value, q) && praxi_dtype_is_byte (q->dtype) &&
         q->n_scales == 1 && praxi_pattern_tensor (pattern, q->value)->data == NULL;
}

typedef struct {
  PraxiPattern *pattern;
  PraxiNode *node; /* the QuantizeLinear */
  Quantizer out;
  double low, high; /* of the activation between, in units of x */
  int value;        /* what the activation reads */
} Site;

/* Steps back over a Relu or a Clip that nothing else reads. */
static void
read_limits (Site *site)
{
  site->low = -INFINITY;
  site->high = INFINITY;
  PraxiNode *node = praxi_pattern_maker (site->pattern, site->value);
  if (node == NULL || !praxi_pattern_is_used_once (site->pattern, site->value))
    return;
  if (node->op.kind == PRAXI_OP_RELU) {
    site->low = 0;
    site->value = node->in[0];
  } else if (node->op.kind == PRAXI_OP_CLIP) {
    float low = -INFINITY, high = INFINITY;
    if ((node->n_in > 1 && node->in[1] >= 0 &&
         !praxi_pattern_scalar (site->pattern, node->in[1], &low)) ||
        (node->n_in > 2 && node->in[2] >= 0 &&
         !praxi_pattern_scalar (site->pattern, node->in[2], &high)))
      return;
    site->low = low;
    site->high = high;
    site->value = node->in[0];
  }
}

static int
quantized_limit (const Site *site, double limit, int by_default)
{
  if (isinf (limit))
    return by_default;
  const double q = rint (limit / (double) site->out.scales[0]) + site->out.zero;
  const int low = site->out.dtype == PRAXI_S8 ? -128 : 0;
  return (int) CLAMP (q, low, low + 255);
}

static PraxiRequantize
requantize_of (const Site *site, const Quantizer *x)
{
  const int low = site->out.dtype == PRAXI_S8 ? -128 : 0;
  return (PraxiRequantize){
      .input_zero = x->zero,
      .output_zero = site->out.zero,
      .low = quantized_limit (site, site->low, low),
      .high = quantized_limit (site, site->high, low + 255),
  };
}

/* The steps that products of x and w count in, in floats as ONNX Runtime's QLinearConv has them. */
static float
product_scale (const Quantizer *x, const Quantizer *w, gint64 o)
{
  return x->scales[0] * w->scales[w->n_scales == 1 ? 0 : o];
}

/* A bias that is whole steps of the products, as quantizers write it, is added to them as such. */
static gboolean
is_in_steps (const Quantizer *bias, const Quantizer *x, const Quantizer *w, gint64 channels)
{
  for (gint64 o = 0; o < channels; o++) {
    const float step = product_scale (x, w, o);
    if (fabsf (bias->scales[bias->n_scales == 1 ? 0 : o] - step) > 1e-6f * step)
      return FALSE;
  }
  return TRUE;
}

/* Fills what a constant bias, or the DequantizeLinear of one, adds to each channel, in steps of the
 * output.
 */
static gboolean
read_bias (const Site *site,
           int value,
           const Quantizer *x,
           const Quantizer *w,
           gint64 channels,
           const float *multiplier,
           float *offset)
{
  const PraxiPattern *pattern = site->pattern;
  const double y_scale = site->out.scales[0];
  Quantizer q = {0};
  int64_t count = 0;
  memset (offset, 0, sizeof *offset * (gsize) channels);
  if (value < 0)
    return TRUE;
  const PraxiTensor *tensor = praxi_pattern_tensor (pattern, value);
  if (tensor->data != NULL) {
    if (tensor->dtype != PRAXI_F32 || praxi_tensor_count (tensor, &count) != PRAXI_OK ||
        count != channels)
      return FALSE;
    for (gint64 o = 0; o < channels; o++)
      offset[o] = (float) (((const float *) tensor->data)[o] / y_scale);
    return TRUE;
  }
  if (!read_dequantized (pattern, value, &q) || q.zero != 0)
    return FALSE;
  tensor = praxi_pattern_tensor (pattern, q.value);
  if (tensor->data == NULL || praxi_tensor_count (tensor, &count) != PRAXI_OK ||
      count != channels || (q.n_scales != 1 && q.n_scales != channels))
    return FALSE;
  const gboolean in_steps = is_in_steps (&q, x, w, channels);
  for (gint64 o = 0; o < channels; o++) {
    const int64_t n = praxi_tensor_get_int (tensor, o);
    const float scale = q.scales[q.n_scales == 1 ? 0 : o];
    offset[o] = in_steps ? (float) ((double) n * multiplier[o])
                         : (float) ((double) ((float) n * scale) / y_scale);
  }
  return TRUE;
}

/* Weights [O, …] as constant bytes, one scale each output channel or one for all. */
static gboolean
read_weights (const PraxiPattern *pattern, int value, gint64 axis, Quantizer *w)
{
  if (!read_dequantized (pattern, value, w) || w->dtype != PRAXI_S8 || w->zero != 0)
    return FALSE;
  const PraxiTensor *tensor = praxi_pattern_tensor (pattern, w->value);
  const gint64 at = w->axis < 0 ? w->axis + tensor->rank : w->axis;
  return tensor->data != NULL &&
         (w->n_scales == 1 || (at == axis && w->n_scales == tensor->dims[axis]));
}

/* Rows times the weights of each output, as they are, and a number more for each output. */
static gboolean
is_plain_product (const PraxiPattern *pattern, const PraxiNode *gemm)
{
  if (gemm->op.kind != PRAXI_OP_GEMM || gemm->op.transpose_a || !gemm->op.transpose_b ||
      gemm->op.alpha != 1)
    return FALSE;
  if (gemm->n_in < 3 || gemm->in[2] < 0)
    return TRUE;
  const PraxiTensor *bias = praxi_pattern_tensor (pattern, gemm->in[2]);
  return gemm->op.beta == 1 && (bias->rank < 2 || bias->dims[0] == 1);
}

/* Of a Conv, or of a Gemm, which is one without an axis to slide along. residual: NULL without one
 */
static gboolean
fuse_conv (Site *site, const PraxiNode *conv, const Quantizer *residual)
{
  const PraxiPattern *pattern = site->pattern;
  Quantizer x, w;
  if (!read_activation (pattern, conv->in[0], &x) || !read_weights (pattern, conv->in[1], 0, &w) ||
      conv->op.has_residual || conv->op.activation != PRAXI_ACTIVATION_NONE)
    return FALSE;
  const gint64 channels = praxi_pattern_tensor (pattern, w.value)->dims[0];
  g_autofree float *factors = g_new (float, 2 * channels); /* multipliers, then offsets */
  for (gint64 o = 0; o < channels; o++)
    factors[o] = product_scale (&x, &w, o) / site->out.scales[0];
  if (!read_bias (site, conv->n_in > 2 ? conv->in[2] : -1, &x, &w, channels, factors,
                  factors + channels))
    return FALSE;
  PraxiOp op = {.kind = PRAXI_OP_QCONV, .window = conv->op.window, .to = site->out.dtype};
  op.requantize = requantize_of (site, &x);
  op.requantize.multiplier = factors;
  op.requantize.offset = factors + channels;
  int in[3] = {x.value, w.value};
  if (residual != NULL) {
    op.has_residual = true;
    op.requantize.residual_zero = residual->zero;
    op.requantize.residual_multiplier = residual->scales[0] / site->out.scales[0];
    in[2] = residual->value;
  }
  praxi_pattern_replace (site->node, &op, in, residual != NULL ? 3 : 2, g_steal_pointer (&factors),
                         sizeof (float) * 2 * (gsize) channels);
  praxi_pattern_rename (site->node, conv);
  return TRUE;
}

/* As ONNX Runtime's QLinearAdd has it: all three zero points in one float, to which b is added and
 * then a, both as they are.
 */
static PraxiRequantize
add_bytes (const Site *site, const Quantizer *a, const Quantizer *b, float *factors)
{
  PraxiRequantize requantize = requantize_of (site, b);
  const float a_ratio = a->scales[0] / site->out.scales[0];
  const float b_ratio = b->scales[0] / site->out.scales[0];
  factors[0] = b_ratio;
  factors[1] = (float) site->out.zero - fmaf (a_ratio, (float) a->zero, b_ratio * (float) b->zero);
  requantize.multiplier = factors;
  requantize.offset = factors + 1;
  requantize.residual_multiplier = a_ratio;
  requantize.input_zero = requantize.residual_zero = requantize.output_zero = 0;
  return requantize;
}

static gboolean
fuse_sum (Site *site, const PraxiNode *add)
{
  const PraxiPattern *pattern = site->pattern;
  Quantizer a, b;
  const gboolean has_a = read_activation (pattern, add->in[0], &a);
  const gboolean has_b = read_activation (pattern, add->in[1], &b);
  const PraxiTensor *out = praxi_pattern_tensor (pattern, add->out[0]);
  for (int side = 0; side < 2; side++) {
    const Quantizer *residual = side == 0 ? &b : &a;
    const PraxiNode *conv = praxi_pattern_maker (pattern, add->in[side]);
    if ((side == 0 ? has_b : has_a) && conv != NULL && conv->op.kind == PRAXI_OP_CONV &&
        praxi_pattern_is_used_once (pattern, add->in[side]) &&
        praxi_tensor_is_same_shape (praxi_pattern_tensor (pattern, residual->value), out))
      return fuse_conv (site, conv, residual);
  }
  if (!has_a || !has_b)
    return FALSE;
  float *factors = g_new (float, 2); /* multiplier and offset */
  PraxiOp op = {.kind = PRAXI_OP_QADD,
                .to = site->out.dtype,
                .requantize = add_bytes (site, &a, &b, factors)};
  praxi_pattern_replace (site->node, &op, (int[2]){b.value, a.value}, 2, factors,
                         sizeof (float) * 2);
  praxi_pattern_rename (site->node, add);
  return TRUE;
}

static gboolean
read_site (PraxiPattern *pattern, PraxiNode *node, Site *site)
{
  *site = (Site){.pattern = pattern, .node = node, .value = node->in[0]};
  if (!read_quantizer (pattern, node, &site->out) || site->out.n_scales != 1)
    return FALSE;
  site->out.value = node->out[0];
  site->out.dtype = praxi_pattern_tensor (pattern, node->out[0])->dtype;
  return praxi_dtype_is_byte (site->out.dtype);
}

static void
fuse_site (PraxiPattern *pattern, PraxiNode *node)
{
  Site site;
  if (!read_site (pattern, node, &site))
    return;
  read_limits (&site);
  const PraxiNode *maker = praxi_pattern_maker (pattern, site.value);
  gboolean is_done = FALSE;
  if (maker != NULL && praxi_pattern_is_used_once (pattern, site.value)) {
    if (maker->op.kind == PRAXI_OP_CONV || is_plain_product (pattern, maker))
      is_done = fuse_conv (&site, maker, NULL);
    else if (maker->op.kind == PRAXI_OP_ADD)
      is_done = fuse_sum (&site, maker);
    else
      is_done = praxi_fuse_moves (pattern, node);
  }
  if (!is_done)
    praxi_fuse_table (pattern, node);
}

void
praxi_fuse_quantized (PraxiGraph *graph)
{
  PraxiPattern pattern = praxi_pattern_begin (graph);
  for (guint i = 0; i < graph->nodes->len; i++) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind == PRAXI_OP_QUANTIZE_LINEAR)
      fuse_site (&pattern, node); /* which may add some at the end */
  }
  praxi_graph_sort (graph, NULL); /* it was a graph before */
  praxi_pattern_end (&pattern);
}

#include "engine/model/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/pages.h"
#include "kernels/backend.h"

static PraxiStatus
allocate (PraxiTensor *out, int n_out, GBytes **bytes)
{
  for (int i = 0; i < n_out; i++) {
    gsize size;
    void *data = praxi_tensor_bytes (&out[i], &size) ? calloc (1, size + 1) : NULL;
    if (data == NULL)
      return PRAXI_STATUS_MEMORY;
    out[i].data = data;
    bytes[i] = g_bytes_new_with_free_func (data, size, free, data);
  }
  return PRAXI_OK;
}

static gboolean
is_empty (const PraxiTensor *out, int n_out)
{
  int64_t count = 0;
  for (int i = 0; i < n_out; i++)
    if (praxi_tensor_count (&out[i], &count) == PRAXI_OK && count > 0)
      return FALSE;
  return TRUE;
}

PraxiStatus
praxi_fold_run (const PraxiOp *op,
                const PraxiTensor *const *in,
                int n_in,
                PraxiTensor *out,
                int n_out,
                GBytes **bytes)
{
  const PraxiBackend *ref = praxi_backend_ref ();
  g_autofree const PraxiTensor **out_pointers = g_new (const PraxiTensor *, (gsize) n_out);
  PraxiKernel *kernel = NULL;
  void *scratch = NULL;
  for (int i = 0; i < n_out; i++)
    out_pointers[i] = &out[i];
  PraxiStatus status = allocate (out, n_out, bytes);
  if (status != PRAXI_OK || is_empty (out, n_out))
    goto out;
  status = ref->prepare (ref, op, in, n_in, out_pointers, n_out, NULL, &kernel);
  if (status != PRAXI_OK)
    goto out;
  const gsize scratch_bytes = ref->kernel_scratch_bytes (kernel);
  if (scratch_bytes > 0 && posix_memalign (&scratch, 64, scratch_bytes) != 0)
    status = PRAXI_STATUS_MEMORY;
  if (status == PRAXI_OK)
    status = ref->run (kernel, in, out_pointers, scratch, NULL);
out:
  free (scratch);
  if (kernel != NULL)
    ref->kernel_free (kernel);
  for (int i = 0; i < n_out && status != PRAXI_OK; i++) {
    g_clear_pointer (&bytes[i], g_bytes_unref);
    out[i].data = NULL;
  }
  return status;
}

/* scale/√(var + ε) and bias − mean·that, per channel. */
static gboolean
batch_norm_factors (const PraxiGraph *graph,
                    const PraxiNode *node,
                    gint64 channels,
                    float *factor,
                    float *shift)
{
  const float *p[4];
  for (int i = 0; i < 4; i++) {
    const PraxiTensor *tensor = &praxi_graph_value (graph, node->in[i + 1])->tensor;
    if (tensor->data == NULL || tensor->dtype != PRAXI_F32 || tensor->rank != 1 ||
        tensor->dims[0] != channels)
      return FALSE;
    p[i] = tensor->data;
  }
  for (gint64 c = 0; c < channels; c++) {
    factor[c] = p[0][c] / sqrtf (p[3][c] + node->op.epsilon);
    shift[c] = p[1][c] - p[2][c] * factor[c];
  }
  return TRUE;
}

/* Whole pages for what is large; small arrays aligned as those are would tear holes. */
static float *
allocate_floats (gint64 n)
{
  const gsize bytes = sizeof (float) * (gsize) n;
  return bytes < PRAXI_LARGE_PAGE_BYTES ? malloc (MAX (bytes, 1)) : praxi_pages_allocate (bytes);
}

/* Two arrays; FALSE without memory, which leaves all as it was. */
static gboolean
allocate_product (gint64 n_weights, gint64 n_bias, float **weights, float **bias)
{
  *weights = allocate_floats (n_weights);
  *bias = allocate_floats (n_bias);
  if (*weights != NULL && *bias != NULL)
    return TRUE;
  free (*weights);
  free (*bias);
  return FALSE;
}

/* Takes the data. */
static int
add_floats (PraxiGraph *graph,
            const char *name,
            const char *suffix,
            PraxiTensor tensor,
            float *data)
{
  gsize size = 0;
  praxi_tensor_bytes (&tensor, &size);
  g_autofree char *full = g_strdup_printf ("%s/%s", name, suffix);
  g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (data, size, free, data);
  return praxi_graph_add_constant (graph, full, &tensor, bytes);
}

/* conv(x, w)·f + s = conv(x, w·f) + b·f + s; in_place: the weights change where they are */
static gboolean
scale_conv (PraxiGraph *graph,
            PraxiNode *conv,
            const float *factor,
            const float *shift,
            gboolean in_place)
{
  const PraxiTensor *w = &praxi_graph_value (graph, conv->in[1])->tensor;
  const PraxiTensor *b =
      conv->n_in > 2 && conv->in[2] >= 0 ? &praxi_graph_value (graph, conv->in[2])->tensor : NULL;
  const gint64 channels = w->dims[0];
  int64_t count = 0;
  praxi_tensor_count (w, &count);
  const int64_t per_channel = count / channels;
  float *product, *bias;
  if (!allocate_product (in_place ? 0 : count, channels, &product, &bias))
    return FALSE;
  float *weights = in_place ? w->data : product;
  for (gint64 c = 0; c < channels; c++) {
    const float *from = (const float *) w->data + c * per_channel;
    for (int64_t i = 0; i < per_channel; i++)
      weights[c * per_channel + i] = from[i] * factor[c];
    bias[c] = (b != NULL ? ((const float *) b->data)[c] : 0) * factor[c] + shift[c];
  }
  const PraxiTensor bias_shape = {.dtype = PRAXI_F32, .rank = 1, .dims = {channels}};
  int in[3] = {conv->in[0], conv->in[1]};
  if (in_place)
    free (product);
  else
    in[1] = add_floats (graph, conv->name, "scaled_weight", *w, product);
  in[2] = add_floats (graph, conv->name, "scaled_bias", bias_shape, bias);
  g_free (conv->in);
  conv->in = g_memdup2 (in, sizeof in);
  conv->n_in = 3;
  return TRUE;
}

static gboolean
is_plain_conv (const PraxiGraph *graph, const PraxiNode *conv)
{
  if (conv->op.kind != PRAXI_OP_CONV || conv->op.has_residual ||
      conv->op.activation != PRAXI_ACTIVATION_NONE || conv->n_in > 3)
    return FALSE;
  const PraxiTensor *w = &praxi_graph_value (graph, conv->in[1])->tensor;
  if (w->data == NULL || w->dtype != PRAXI_F32 || w->dims[0] < 1)
    return FALSE;
  return conv->n_in < 3 || conv->in[2] < 0 ||
         praxi_graph_value (graph, conv->in[2])->tensor.data != NULL;
}

/* uses: of the values that there were before; a convolution folds one normalization alone */
static gboolean
fold_one (PraxiGraph *graph, const int *makers, const int *uses, const PraxiNode *node)
{
  if (node->op.kind != PRAXI_OP_BATCH_NORM || node->n_out != 1 || node->op.training_mode ||
      makers[node->in[0]] < 0 || uses[node->in[0]] != 1)
    return FALSE;
  PraxiNode *conv = praxi_graph_node (graph, makers[node->in[0]]);
  if (!is_plain_conv (graph, conv))
    return FALSE;
  const gint64 channels = praxi_graph_value (graph, conv->in[1])->tensor.dims[0];
  g_autofree float *factor = g_new (float, channels + 1), *shift = g_new (float, channels + 1);
  const int weights = conv->in[1];
  const PraxiValue *value = praxi_graph_value (graph, weights);
  const gboolean is_last = uses[weights] == 1;
  const gboolean in_place =
      is_last && value->bytes != NULL && g_bytes_get_size (value->bytes) >= graph->own_bytes;
  if (!batch_norm_factors (graph, node, channels, factor, shift) ||
      !scale_conv (graph, conv, factor, shift, in_place))
    return FALSE;
  conv->out[0] = node->out[0];
  if (is_last && !in_place) /* nobody reads them any more, and all weights twice are much */
    praxi_value_set_bytes (praxi_graph_value (graph, weights), NULL);
  return TRUE;
}

static const PraxiTensor *
constant_floats (const PraxiGraph *graph, int value)
{
  const PraxiTensor *tensor = value >= 0 ? &praxi_graph_value (graph, value)->tensor : NULL;
  return tensor != NULL && tensor->data != NULL && tensor->dtype == PRAXI_F32 ? tensor : NULL;
}

/* (x·f + s) w α + c β = x (f·w) α + (s w α + c β), of outputs numbers */
static void
scale_gemm (PraxiGraph *graph,
            PraxiNode *gemm,
            int x,
            const PraxiTensor *w,
            const float *factor,
            const float *shift)
{
  const gboolean turned = gemm->op.transpose_b;
  const gint64 depth = w->dims[turned ? 1 : 0], outputs = w->dims[turned ? 0 : 1];
  const PraxiTensor *c = constant_floats (graph, gemm->n_in > 2 ? gemm->in[2] : -1);
  float *weights, *bias;
  if (!allocate_product (depth * outputs, outputs, &weights, &bias))
    return;
  for (gint64 o = 0; o < outputs; o++) {
    double sum = 0;
    for (gint64 k = 0; k < depth; k++) {
      const gint64 at = turned ? o * depth + k : k * outputs + o;
      const float weight = ((const float *) w->data)[at];
      weights[at] = weight * factor[k];
      sum += (double) (weight * shift[k]);
    }
    bias[o] = gemm->op.alpha * (float) sum +
              (c != NULL ? gemm->op.beta * ((const float *) c->data)[o] : 0);
  }
  const PraxiTensor bias_shape = {.dtype = PRAXI_F32, .rank = 1, .dims = {outputs}};
  int in[3] = {x};
  in[1] = add_floats (graph, gemm->name, "scaled_weight", *w, weights);
  in[2] = add_floats (graph, gemm->name, "scaled_bias", bias_shape, bias);
  g_free (gemm->in);
  gemm->in = g_memdup2 (in, sizeof in);
  gemm->n_in = 3;
  gemm->op.beta = 1;
}

/* A BatchNormalization that a Gemm alone reads moves into it. */
static void
fold_into_gemm (PraxiGraph *graph, const int *makers, const int *uses, PraxiNode *gemm)
{
  int64_t n_bias = 0;
  const int maker = makers[gemm->in[0]];
  const PraxiNode *norm = maker >= 0 ? praxi_graph_node (graph, maker) : NULL;
  const PraxiTensor *w = constant_floats (graph, gemm->in[1]);
  if (norm == NULL || norm->op.kind != PRAXI_OP_BATCH_NORM || norm->n_out != 1 ||
      norm->op.training_mode || uses[gemm->in[0]] != 1 || gemm->op.transpose_a || w == NULL)
    return;
  const gint64 depth = w->dims[gemm->op.transpose_b ? 1 : 0];
  const gint64 outputs = w->dims[gemm->op.transpose_b ? 0 : 1];
  if (gemm->n_in > 2 && gemm->in[2] >= 0) {
    const PraxiTensor *c = constant_floats (graph, gemm->in[2]);
    if (c == NULL || praxi_tensor_count (c, &n_bias) != PRAXI_OK || n_bias != outputs)
      return;
  }
  g_autofree float *factor = g_new (float, depth + 1), *shift = g_new (float, depth + 1);
  if (batch_norm_factors (graph, norm, depth, factor, shift))
    scale_gemm (graph, gemm, norm->in[0], w, factor, shift);
}

void
praxi_graph_fold_batch_norm (PraxiGraph *graph)
{
  g_autofree int *makers = praxi_graph_makers (graph);
  g_autofree int *uses = praxi_graph_uses (graph);
  for (guint i = 0; i < graph->nodes->len; i++) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (fold_one (graph, makers, uses, node))
      node->out[0] = -1; /* nobody makes what nobody reads: pruned below */
    else if (node->op.kind == PRAXI_OP_GEMM)
      fold_into_gemm (graph, makers, uses, node);
  }
  praxi_graph_prune (graph);
}

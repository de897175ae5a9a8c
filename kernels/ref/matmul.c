/* Matrix products.
 *
 *   Gemm           Y = α A' B' + β C      A' [M,K] and B' [K,N] are A and B or their transposes
 *   MatMul         Y[…] = A[…] B[…]       A [..,M,K], B [..,K,N]; batches broadcast; a vector
 *                                         is one row (A) or column (B)
 *   QLinearMatMul  y = clamp (rint ((float) Σ (a − a_zero)(b − b_zero) · m) + y_zero)
 *                  m = (a_scale · b_scale) / y_scale, a's a row's, b's a column's where they differ
 *
 * Float sums are kept in double, whole ones modulo 2^64 (32 in QLinearMatMul).
 */
#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/ref/requantize.h"

/* One product [m,k] × [k,n]: offsets of the first elements, strides of a step along m, n, k. */
typedef struct {
  const PraxiTensor *a, *b;
  int64_t m, n, k, a_at, b_at, a_m, a_k, b_k, b_n;
} Product;

static double
float_sum (const Product *p, int64_t a_at, int64_t b_at)
{
  double sum = 0;
  if (p->a->dtype == PRAXI_F32) {
    const float *a = (const float *) p->a->data + a_at, *b = (const float *) p->b->data + b_at;
    for (int64_t k = 0; k < p->k; k++)
      sum += (double) a[k * p->a_k] * (double) b[k * p->b_k];
    return sum;
  }
  for (int64_t k = 0; k < p->k; k++)
    sum += praxi_load (p->a->data, p->a->dtype, a_at + k * p->a_k) *
           praxi_load (p->b->data, p->b->dtype, b_at + k * p->b_k);
  return sum;
}

static int64_t
int_sum (const Product *p, int64_t a_at, int64_t b_at, int64_t a_zero, int64_t b_zero)
{
  uint64_t sum = 0;
  for (int64_t k = 0; k < p->k; k++)
    sum += (uint64_t) (praxi_load_int (p->a->data, p->a->dtype, a_at + k * p->a_k) - a_zero) *
           (uint64_t) (praxi_load_int (p->b->data, p->b->dtype, b_at + k * p->b_k) - b_zero);
  return (int64_t) sum;
}

/* Broadcasts c, of rank 0 to 2, to row i and column j. */
static int64_t
bias_at (const PraxiTensor *c, int64_t i, int64_t j)
{
  int64_t at = 0;
  if (c->rank > 0 && c->dims[c->rank - 1] != 1)
    at += j * c->strides[c->rank - 1];
  if (c->rank > 1 && c->dims[0] != 1)
    at += i * c->strides[0];
  return at;
}

PraxiStatus
praxi_ref_gemm (const PraxiRefCall *call)
{
  const PraxiOp *op = call->op;
  const PraxiTensor *a = call->in[0], *b = call->in[1], *c = praxi_ref_input (call, 2),
                    *y = call->out[0];
  const bool ta = op->transpose_a, tb = op->transpose_b;
  const Product p = {.a = a,
                     .b = b,
                     .m = y->dims[0],
                     .n = y->dims[1],
                     .k = a->dims[!ta],
                     .a_m = a->strides[ta],
                     .a_k = a->strides[!ta],
                     .b_k = b->strides[tb],
                     .b_n = b->strides[!tb]};
  const bool is_float = praxi_dtype_is_float (a->dtype);
  for (int64_t i = 0; i < p.m; i++)
    for (int64_t j = 0; j < p.n; j++) {
      const int64_t a_at = i * p.a_m, b_at = j * p.b_n, to = i * y->strides[0] + j * y->strides[1];
      double v = (double) op->alpha *
                 (is_float ? float_sum (&p, a_at, b_at) : (double) int_sum (&p, a_at, b_at, 0, 0));
      if (c != NULL)
        v += (double) op->beta * praxi_load (c->data, c->dtype, bias_at (c, i, j));
      praxi_store (y->data, y->dtype, to, v);
    }
  return PRAXI_OK;
}

/* The product of a batch; y's last dims are [m,n], [m], [n] or none. */
static Product
product_of (const PraxiTensor *a, const PraxiTensor *b)
{
  return (Product){
      .a = a,
      .b = b,
      .m = a->rank > 1 ? a->dims[a->rank - 2] : 1,
      .n = b->rank > 1 ? b->dims[b->rank - 1] : 1,
      .k = a->dims[a->rank - 1],
      .a_m = a->rank > 1 ? a->strides[a->rank - 2] : 0,
      .a_k = a->strides[a->rank - 1],
      .b_k = b->strides[b->rank > 1 ? b->rank - 2 : 0],
      .b_n = b->rank > 1 ? b->strides[b->rank - 1] : 0,
  };
}

/* Offset of a batch in a tensor whose last n_own dims are the matrix; dims of length 1 broadcast.
 */
static int64_t
batch_at (const PraxiTensor *t, int n_own, const int64_t *index, int n_batch)
{
  int64_t at = 0;
  const int n = t->rank - n_own;
  for (int d = 0; d < n; d++)
    if (t->dims[d] != 1)
      at += index[n_batch - n + d] * t->strides[d];
  return at;
}

typedef void (
    *StoreProduct) (const PraxiRefCall *call, const Product *p, int64_t i, int64_t j, int64_t to);

static void
for_each_batch (const PraxiRefCall *call,
                const PraxiTensor *a,
                const PraxiTensor *b,
                StoreProduct store)
{
  const PraxiTensor *y = call->out[0];
  const int y_own = (a->rank > 1) + (b->rank > 1), n_batch = y->rank - y_own;
  const int64_t y_m = a->rank > 1 ? y->strides[n_batch] : 0;
  const int64_t y_n = b->rank > 1 ? y->strides[y->rank - 1] : 0;
  int64_t index[PRAXI_MAX_RANK] = {0}, count = 0;
  Product p = product_of (a, b);
  praxi_tensor_count (y, &count);
  while (count > 0) {
    const int64_t y_at = batch_at (y, y_own, index, n_batch);
    p.a_at = batch_at (a, a->rank > 1 ? 2 : 1, index, n_batch);
    p.b_at = batch_at (b, b->rank > 1 ? 2 : 1, index, n_batch);
    for (int64_t i = 0; i < p.m; i++)
      for (int64_t j = 0; j < p.n; j++)
        store (call, &p, i, j, y_at + i * y_m + j * y_n);
    int d = n_batch - 1;
    while (d >= 0 && ++index[d] == y->dims[d])
      index[d--] = 0;
    if (d < 0)
      return;
  }
}

static void
store_matmul (const PraxiRefCall *call, const Product *p, int64_t i, int64_t j, int64_t to)
{
  const PraxiTensor *y = call->out[0];
  const int64_t a_at = p->a_at + i * p->a_m, b_at = p->b_at + j * p->b_n;
  if (praxi_dtype_is_float (y->dtype))
    praxi_store (y->data, y->dtype, to, float_sum (p, a_at, b_at));
  else
    praxi_store_int (y->data, y->dtype, to, int_sum (p, a_at, b_at, 0, 0));
}

PraxiStatus
praxi_ref_matmul (const PraxiRefCall *call)
{
  for_each_batch (call, call->in[0], call->in[1], store_matmul);
  return PRAXI_OK;
}

/* Element i of a quantizer of any rank, or its only one. */
static int64_t
pick (const PraxiTensor *t, int64_t i)
{
  for (int d = 0; d < t->rank; d++)
    if (t->dims[d] != 1)
      return i * t->strides[d];
  return 0;
}

static void
store_qlinear_matmul (const PraxiRefCall *call, const Product *p, int64_t i, int64_t j, int64_t to)
{
  const PraxiTensor *const *in = call->in, *y = call->out[0];
  const float a_scale = ((const float *) in[1]->data)[pick (in[1], i)];
  const float b_scale = ((const float *) in[4]->data)[pick (in[4], j)];
  const float m = a_scale * b_scale / *(const float *) in[6]->data;
  const int64_t a_zero = praxi_load_int (in[2]->data, in[2]->dtype, pick (in[2], i));
  const int64_t b_zero = praxi_load_int (in[5]->data, in[5]->dtype, pick (in[5], j));
  const PraxiRequantize r = {
      .multiplier = &m,
      .output_zero = (int32_t) praxi_load_int (in[7]->data, in[7]->dtype, 0),
      .low = (int32_t) praxi_dtype_low (y->dtype),
      .high = (int32_t) praxi_dtype_high (y->dtype),
  };
  const int32_t sum =
      (int32_t) int_sum (p, p->a_at + i * p->a_m, p->b_at + j * p->b_n, a_zero, b_zero);
  praxi_store_int (y->data, y->dtype, to,
                   praxi_requantize_round (&r, praxi_requantize_scale (&r, 0, sum)));
}

PraxiStatus
praxi_ref_qlinear_matmul (const PraxiRefCall *call)
{
  for_each_batch (call, call->in[0], call->in[3], store_qlinear_matmul);
  return PRAXI_OK;
}

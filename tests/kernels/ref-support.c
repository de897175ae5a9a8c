#include "tests/kernels/ref-support.h"

#include <math.h>
#include <stdlib.h>

Case *
case_new (PraxiOpKind kind, guint32 seed, Lie lie)
{
  Case *c = g_new0 (Case, 1);
  c->op.kind = kind;
  c->rand = g_rand_new_with_seed (seed);
  c->lie = lie;
  return c;
}

void
case_free (Case *c)
{
  for (int i = 0; i < c->n_memory; i++)
    free (c->memory[i]);
  g_rand_free (c->rand);
  g_free (c);
}

int64_t
case_count (const PraxiTensor *tensor)
{
  int64_t count = -1;
  g_assert_cmpint (praxi_tensor_count (tensor, &count), ==, PRAXI_OK);
  return count;
}

/* Shuffled dimensions, some reversed, some with a gap; the memory ends where the last element does.
 */
static void
lie_anyhow (GRand *rand, PraxiTensor *t, int64_t *first, int64_t *length)
{
  int order[PRAXI_MAX_RANK];
  for (int d = 0; d < t->rank; d++) {
    const int other = g_rand_int_range (rand, 0, d + 1);
    order[d] = order[other];
    order[other] = d;
  }
  *first = 0;
  *length = 1;
  for (int i = 0; i < t->rank; i++) {
    const int d = order[i];
    const int64_t span = MAX (t->dims[d] - 1, 0);
    const int64_t step = *length + (g_rand_boolean (rand) ? g_rand_int_range (rand, 0, 3) : 0);
    t->strides[d] = g_rand_boolean (rand) ? -step : step;
    *first += t->strides[d] < 0 ? span * step : 0;
    *length += span * step;
  }
}

static void
give_memory (Case *c, PraxiTensor *t)
{
  int64_t first = 0, length = case_count (t);
  praxi_tensor_set_row_major (t);
  if (c->lie == LIE_CHANNELS_LAST)
    praxi_tensor_set_channels_last (t);
  else if (c->lie == LIE_ANYHOW && length > 0)
    lie_anyhow (c->rand, t, &first, &length);
  const size_t size = praxi_dtype_size (t->dtype);
  char *memory = calloc ((size_t) MAX (length, 1), size);
  g_assert_nonnull (memory);
  c->memory[c->n_memory++] = memory;
  t->data = memory + first * (int64_t) size;
}

static PraxiTensor *
add_input (Case *c, PraxiDType dtype, int rank, const int64_t *dims)
{
  PraxiTensor *t = &c->in[c->n_in++];
  *t = (PraxiTensor){.dtype = dtype, .rank = rank};
  for (int d = 0; d < rank; d++)
    t->dims[d] = dims[d];
  give_memory (c, t);
  return t;
}

PraxiTensor *
case_add (Case *c, PraxiDType dtype, int rank, const int64_t *dims, double scale)
{
  PraxiTensor *t = add_input (c, dtype, rank, dims);
  const int64_t count = case_count (t);
  const gboolean is_float = dtype <= PRAXI_BF16;
  for (int64_t i = 0; i < count; i++)
    praxi_tensor_set (t, i,
                      is_float ? g_rand_double_range (c->rand, -scale, scale)
                               : (double) g_rand_int_range (c->rand, dtype == PRAXI_S8 ? -128 : 0,
                                                            dtype == PRAXI_S8     ? 128
                                                            : dtype == PRAXI_BOOL ? 2
                                                                                  : 256));
  return t;
}

PraxiTensor *
case_add_values (Case *c, PraxiDType dtype, int rank, const int64_t *dims, const double *values)
{
  PraxiTensor *t = add_input (c, dtype, rank, dims);
  const int64_t count = case_count (t);
  for (int64_t i = 0; i < count; i++)
    praxi_tensor_set (t, i, values[i]);
  return t;
}

PraxiTensor *
case_add_ints (Case *c, int n, const int64_t *values)
{
  const int64_t dims[] = {n};
  PraxiTensor *t = add_input (c, PRAXI_S64, 1, dims);
  for (int i = 0; i < n; i++)
    ((int64_t *) t->data)[i * t->strides[0]] = values[i];
  return t;
}

void
case_add_nothing (Case *c)
{
  c->in[c->n_in++] = (PraxiTensor){0};
}

PraxiStatus
case_run (Case *c)
{
  const PraxiBackend *ref = praxi_backend_ref ();
  const PraxiTensor *in[CASE_MAX], *out[CASE_OUT_MAX];
  PraxiKernel *kernel = NULL;
  c->n_out = MAX (c->n_out, 1);
  for (int i = 0; i < c->n_in; i++)
    in[i] = c->in[i].dtype == 0 ? NULL : &c->in[i];
  PraxiStatus status = praxi_op_infer (&c->op, in, c->n_in, c->out, c->n_out, c->why);
  if (status != PRAXI_OK)
    return status;
  for (int i = 0; i < c->n_out; i++) {
    give_memory (c, &c->out[i]);
    out[i] = &c->out[i];
  }
  status = ref->prepare (ref, &c->op, in, c->n_in, out, c->n_out, NULL, &kernel);
  if (status != PRAXI_OK)
    return status;
  void *scratch = malloc (MAX (ref->kernel_scratch_bytes (kernel), 1));
  status = ref->run (kernel, in, out, scratch, NULL);
  free (scratch);
  ref->kernel_free (kernel);
  return status;
}

void
case_expect (const Case *c, int i, const double *expected, double tolerance)
{
  const int64_t count = case_count (&c->out[i]);
  for (int64_t k = 0; k < count; k++) {
    const double got = praxi_tensor_get (&c->out[i], k);
    if (isnan (expected[k]) ? !isnan (got)
                            : got != expected[k] && !(fabs (got - expected[k]) <=
                                                      tolerance * (1 + fabs (expected[k]))))
      g_error ("%s: element %" G_GINT64_FORMAT " of output %d is %.9g, expected %.9g",
               praxi_op_name (c->op.kind), k, i, got, expected[k]);
  }
}

gboolean
case_step (const PraxiTensor *tensor, int64_t *index)
{
  for (int d = tensor->rank - 1; d >= 0; d--) {
    if (++index[d] < tensor->dims[d])
      return TRUE;
    index[d] = 0;
  }
  return FALSE;
}

double
case_at (const PraxiTensor *tensor, const int64_t *index)
{
  int64_t flat = 0;
  for (int d = 0; d < tensor->rank; d++) {
    if (index[d] < 0 || index[d] >= tensor->dims[d])
      return 0;
    flat = flat * tensor->dims[d] + index[d];
  }
  return praxi_tensor_get (tensor, flat);
}

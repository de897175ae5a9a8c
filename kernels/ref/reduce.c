/* y[kept] = mean, max, min or sum of x over op->axes, in double; also the global pools, which
 * reduce all spatial axes. Of nothing: mean NaN, sum 0, max −∞ or the least integer, min the
 * opposite. The global mean of bytes in floats: (float) Σ (x − zero) · (scale / count).
 */
#include "kernels/element.h"
#include "kernels/reduction.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

typedef struct {
  PraxiOpKind kind;
  int64_t count;
  double value;
  int64_t whole; /* of integers */
} Running;

static Running
start (PraxiOpKind kind, PraxiDType dtype)
{
  Running run = {.kind = kind};
  if (kind == PRAXI_OP_REDUCE_MAX) {
    run.value = -INFINITY;
    run.whole = praxi_dtype_low (dtype);
  } else if (kind == PRAXI_OP_REDUCE_MIN) {
    run.value = INFINITY;
    run.whole = dtype == PRAXI_U64 ? -1 : praxi_dtype_high (dtype);
  }
  return run;
}

static void
take_floats (Running *run, int64_t n, const float *x, int64_t step)
{
  double value = run->value;
  if (run->kind == PRAXI_OP_REDUCE_MAX) {
    for (int64_t i = 0; i < n; i++)
      value = (double) x[i * step] > value || isnan (x[i * step]) ? (double) x[i * step] : value;
  } else if (run->kind == PRAXI_OP_REDUCE_MIN) {
    for (int64_t i = 0; i < n; i++)
      value = (double) x[i * step] < value || isnan (x[i * step]) ? (double) x[i * step] : value;
  } else {
    for (int64_t i = 0; i < n; i++)
      value += (double) x[i * step];
  }
  run->value = value;
}

static void
take_float (Running *run, double x)
{
  const bool replaces = isnan (x) || (run->kind == PRAXI_OP_REDUCE_MAX   ? x > run->value
                                      : run->kind == PRAXI_OP_REDUCE_MIN ? x < run->value
                                                                         : false);
  if (replaces)
    run->value = x;
  else if (run->kind != PRAXI_OP_REDUCE_MAX && run->kind != PRAXI_OP_REDUCE_MIN)
    run->value += x;
}

static void
take_int (Running *run, int64_t x, bool is_unsigned)
{
  const bool is_less = is_unsigned ? (uint64_t) x < (uint64_t) run->whole : x < run->whole;
  if (run->kind == PRAXI_OP_REDUCE_MAX)
    run->whole = is_less ? run->whole : x;
  else if (run->kind == PRAXI_OP_REDUCE_MIN)
    run->whole = is_less ? x : run->whole;
  else
    run->whole = (int64_t) ((uint64_t) run->whole + (uint64_t) x);
}

static void
take_row (Running *run,
          const PraxiTensor *x,
          const float *table,
          int64_t at,
          int64_t n,
          int64_t step)
{
  run->count += n;
  for (int64_t i = 0; table && i < n; i++)
    take_float (run, (double) table[((const uint8_t *) x->data)[at + i * step]]);
  if (table)
    return;
  if (x->dtype == PRAXI_F32) {
    take_floats (run, n, (const float *) x->data + at, step);
    return;
  }
  for (int64_t i = 0; i < n; i++)
    if (praxi_dtype_is_float (x->dtype))
      take_float (run, praxi_load (x->data, x->dtype, at + i * step));
    else
      take_int (run, praxi_load_int (x->data, x->dtype, at + i * step), x->dtype == PRAXI_U64);
}

/* What a chain makes of each byte. */
static PraxiStatus
fill_table (const PraxiRefCall *call, float *table)
{
  uint8_t bytes[256];
  for (int i = 0; i < 256; i++)
    bytes[i] = (uint8_t) i;
  const PraxiTensor x = {call->in[0]->dtype, 1, {256}, {1}, bytes},
                    y = {PRAXI_F32, 1, {256}, {1}, table};
  const PraxiTensor *in[] = {&x}, *out[] = {&y};
  const PraxiRefCall chain = {.op = call->op, .in = in, .n_in = 1, .out = out, .n_out = 1};
  return praxi_ref_chain (&chain);
}

static void
finish (const PraxiOp *op, const Running *run, const PraxiTensor *y, int64_t to)
{
  if (op->kind == PRAXI_OP_GLOBAL_AVERAGE_POOL && op->to == PRAXI_F32 && op->n_chain == 0) {
    const int64_t sum = run->whole - run->count * (int64_t) op->value;
    ((float *) y->data)[to] = (float) sum * (op->alpha / (float) run->count);
    return;
  }
  const bool is_mean = run->kind == PRAXI_OP_REDUCE_MEAN;
  if (praxi_dtype_is_float (y->dtype))
    praxi_store (y->data, y->dtype, to, is_mean ? run->value / (double) run->count : run->value);
  else
    praxi_store_int (y->data, y->dtype, to,
                     is_mean && run->count > 0 ? run->whole / run->count : run->whole);
}

PraxiStatus
praxi_ref_reduce (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0];
  const bool has_chain = call->op->kind == PRAXI_OP_GLOBAL_AVERAGE_POOL && call->op->n_chain > 0;
  float table[256];
  PraxiTensor kept, reduced, y;
  const PraxiStatus status = has_chain ? fill_table (call, table) : PRAXI_OK;
  if (status != PRAXI_OK)
    return status;
  praxi_reduction_split (call->op, x, call->out[0], &kept, &reduced, &y);
  PraxiRows outer = praxi_rows_over (&y), inner = praxi_rows_over (&reduced);
  praxi_rows_add (&outer, &kept);
  while (praxi_rows_next (&outer))
    for (int64_t i = 0; i < outer.length; i++) {
      const int64_t from = outer.at[1] + i * outer.step[1];
      Running run = start (praxi_reduction_kind (call->op->kind), x->dtype);
      praxi_rows_restart (&inner);
      while (praxi_rows_next (&inner))
        take_row (&run, x, has_chain ? table : NULL, from + inner.at[0], inner.length,
                  inner.step[0]);
      finish (call->op, &run, &y, outer.at[0] + i * outer.step[0]);
    }
  return PRAXI_OK;
}

/* Chain: operators that work element by element, one after the other on a run of elements. Each
 * step is the operator of its own name in kernels/ref, so that a chain is what its steps are.
 */
#include "kernels/chain.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

enum { BLOCK = 256 };

typedef struct {
  const PraxiRefCall *call;
  const PraxiRows *rows;
  int64_t begin, n; /* elements of the row */
  float results[PRAXI_CHAIN_STEPS][BLOCK];
} Run;

static PraxiTensor
run_of (void *data, PraxiDType dtype, int64_t n, int64_t step)
{
  return (PraxiTensor){.dtype = dtype, .rank = 1, .dims = {n}, .strides = {step}, .data = data};
}

/* The elements of one operand: of an input, of an earlier step, or a constant. */
static PraxiTensor
operand (Run *run, int from, float *constant)
{
  if (from == PRAXI_CHAIN_CONSTANT)
    return run_of (constant, PRAXI_F32, run->n, 0);
  if (from < 0)
    return run_of (run->results[-1 - from], PRAXI_F32, run->n, 1);
  const PraxiTensor *in = run->call->in[from];
  const int64_t step = run->rows->step[1 + from];
  return run_of (praxi_ref_at (in, run->rows->at[1 + from] + run->begin * step), in->dtype, run->n,
                 step);
}

static PraxiStatus
run_step (Run *run, int k)
{
  const PraxiChainStep *step = &run->call->op->chain[k];
  const bool is_last = k == run->call->op->n_chain - 1;
  const PraxiTensor *out = run->call->out[0];
  PraxiChainStep own = *step;
  PraxiOp op = {.kind = step->kind, .alpha = step->alpha, .beta = step->beta};
  op.has_min = op.has_max = step->kind == PRAXI_OP_CLIP;
  PraxiTensor a = operand (run, step->a, &own.constant), b = {0}, zero = {0};
  PraxiTensor y = run_of (run->results[k], PRAXI_F32, run->n, 1);
  if (is_last)
    y = run_of (praxi_ref_at (out, run->rows->at[0] + run->begin * run->rows->step[0]), out->dtype,
                run->n, run->rows->step[0]);
  const PraxiTensor *in[3] = {&a, &b, &zero}, *outs[1] = {&y};
  PraxiRefCall call = {.op = &op, .in = in, .n_in = 1, .out = outs, .n_out = 1};
  if (step->kind == PRAXI_OP_QUANTIZE_LINEAR || step->kind == PRAXI_OP_DEQUANTIZE_LINEAR) {
    const bool is_signed = (is_last && out->dtype == PRAXI_S8) || a.dtype == PRAXI_S8;
    int8_t point = (int8_t) step->zero;
    call.n_in = 3;
    b = (PraxiTensor){.dtype = PRAXI_F32, .data = &own.alpha};
    zero = (PraxiTensor){.dtype = is_signed ? PRAXI_S8 : PRAXI_U8, .data = &point};
    return step->kind == PRAXI_OP_QUANTIZE_LINEAR ? praxi_ref_quantize (&call)
                                                  : praxi_ref_dequantize (&call);
  }
  if (step->kind == PRAXI_OP_CLIP)
    return praxi_ref_clip (&call);
  if (!praxi_chain_is_binary (step->kind))
    return praxi_ref_unary (&call);
  call.n_in = 2;
  b = operand (run, step->b, &own.constant);
  return praxi_ref_binary (&call);
}

PraxiStatus
praxi_ref_chain (const PraxiRefCall *call)
{
  PraxiRows rows = praxi_rows_over (call->out[0]);
  for (int i = 0; i < call->n_in; i++)
    praxi_rows_add (&rows, call->in[i]);
  Run run = {.call = call, .rows = &rows};
  while (praxi_rows_next (&rows)) {
    for (run.begin = 0; run.begin < rows.length; run.begin += BLOCK) {
      run.n = rows.length - run.begin < BLOCK ? rows.length - run.begin : BLOCK;
      for (int k = 0; k < call->op->n_chain; k++) {
        const PraxiStatus status = run_step (&run, k);
        if (status != PRAXI_OK)
          return status;
      }
    }
  }
  return PRAXI_OK;
}

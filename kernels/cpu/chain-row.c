#include "kernels/cpu/chain-row.h"

#include <string.h>

enum { BLOCK = 256 };

/* One block: where its operands lie, and the results so far. */
typedef struct {
  const void *const *x;
  const int *step;
  int64_t begin;
  float results[PRAXI_CHAIN_STEPS][BLOCK];
} Block;

static const float *
operand (const Block *block, const float *constant, int from, int *step)
{
  *step = from < 0 || (from != PRAXI_CHAIN_CONSTANT && block->step[from]);
  if (from == PRAXI_CHAIN_CONSTANT)
    return constant;
  return from < 0 ? block->results[-1 - from]
                  : (const float *) block->x[from] + block->begin * *step;
}

/* The same, spread where it is one number for all. */
static const float *
spread_operand (const Block *block, const float *constant, int from, float *room, int64_t n)
{
  int step;
  const float *x = operand (block, constant, from, &step);
  for (int64_t i = 0; !step && i < n; i++)
    room[i] = x[0];
  return step ? x : room;
}

static void
run_step (const CpuChain *chain, Block *block, int k, void *y, int64_t n)
{
  const PraxiChainStep *s = &chain->steps[k];
  float room[BLOCK];
  if (s->kind == PRAXI_OP_DEQUANTIZE_LINEAR) {
    chain->loops->dequantize ((const uint8_t *) block->x[s->a] + block->begin,
                              chain->in_signed[s->a], s->alpha, s->zero, y, n);
  } else if (s->kind == PRAXI_OP_QUANTIZE_LINEAR) {
    const float *x = spread_operand (block, &s->constant, s->a, room, n);
    chain->loops->quantize (x, s->alpha, s->zero, chain->low, chain->high, y, n);
  } else if (praxi_chain_is_binary (s->kind)) {
    int a_step, b_step;
    const float *a = operand (block, &s->constant, s->a, &a_step);
    const float *b = operand (block, &s->constant, s->b, &b_step);
    chain->loops->binary (s->kind, a, a_step, b, b_step, y, n);
  } else {
    const UnaryOp op = {s->kind, s->alpha, s->beta};
    chain->loops->unary (&op, spread_operand (block, &s->constant, s->a, room, n), y, n);
  }
}

void
praxi_cpu_chain_init (CpuChain *chain, const CpuPlace *place)
{
  const PraxiOp *op = place->op;
  chain->loops = place->loops;
  memcpy (chain->steps, op->chain, sizeof *op->chain * (size_t) op->n_chain);
  chain->n_steps = op->n_chain;
  for (int i = 0; i < place->n_in; i++)
    chain->in_signed[i] = place->in[i]->dtype == PRAXI_S8;
  chain->low = place->out[0]->dtype == PRAXI_S8 ? -128 : 0;
  chain->high = chain->low + 255;
}

void
praxi_cpu_chain_row (const CpuChain *chain,
                     void *y,
                     const void *const *x,
                     const int *step,
                     int64_t n)
{
  Block block;
  block.x = x;
  block.step = step;
  const int last = chain->n_steps - 1;
  const bool to_bytes = chain->steps[last].kind == PRAXI_OP_QUANTIZE_LINEAR;
  for (block.begin = 0; block.begin < n; block.begin += BLOCK) {
    const int64_t length = n - block.begin < BLOCK ? n - block.begin : BLOCK;
    for (int k = 0; k < last; k++)
      run_step (chain, &block, k, block.results[k], length);
    run_step (chain, &block, last, (char *) y + block.begin * (to_bytes ? 1 : 4), length);
  }
}

/* The steps of a Chain over runs of memory, block by block so that what stands between them stays
 * in the cache.
 */
#pragma once

#include "kernels/chain.h"
#include "kernels/cpu/cpu.h"

typedef struct {
  const CpuLoops *loops;
  PraxiChainStep steps[PRAXI_CHAIN_STEPS];
  int n_steps;
  bool in_signed[PRAXI_CHAIN_INPUTS];
  int low, high; /* of the output, where it is bytes */
} CpuChain;

/* place: of an operator of kind PRAXI_OP_CHAIN, all of whose inputs are there */
void praxi_cpu_chain_init (CpuChain *chain, const CpuPlace *place);

/* n elements: input k at x[k], the next step[k] elements further, which is 0 or 1 for floats and 1
 * for bytes
 */
void praxi_cpu_chain_row (const CpuChain *chain,
                          void *y,
                          const void *const *x,
                          const int *step,
                          int64_t n);

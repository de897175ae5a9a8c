/* PRAXI_OP_CHAIN: several operators that work element by element as one, so that what stands
 * between them is never stored.
 *
 * in:   up to PRAXI_CHAIN_INPUTS tensors, broadcast to the output's shape: f32, or u8/s8 where a
 *       DequantizeLinear reads them
 * out:  f32, or u8/s8 (op->to) where the last step is a QuantizeLinear
 */
#pragma once

#include "kernels/op.h"

enum { PRAXI_CHAIN_INPUTS = 3, PRAXI_CHAIN_STEPS = 12, PRAXI_CHAIN_CONSTANT = 1000 };

/* An operand ≥ 0 is an input, −1 − k the result of step k before, PRAXI_CHAIN_CONSTANT the step's
 * constant.
 */
struct PraxiChainStep {
  PraxiOpKind kind;
  int a, b;          /* b: of the second operand of binary ones */
  float alpha, beta; /* as in PraxiOp; Clip: limits; QuantizeLinear, DequantizeLinear: the scale */
  float constant;
  int zero; /* QuantizeLinear, DequantizeLinear */
};

static inline bool
praxi_chain_is_binary (PraxiOpKind kind)
{
  return kind == PRAXI_OP_ADD || kind == PRAXI_OP_SUB || kind == PRAXI_OP_MUL ||
         kind == PRAXI_OP_DIV || kind == PRAXI_OP_MIN || kind == PRAXI_OP_MAX;
}

static inline bool
praxi_chain_is_unary (PraxiOpKind kind)
{
  switch (kind) {
  case PRAXI_OP_RELU:
  case PRAXI_OP_LEAKY_RELU:
  case PRAXI_OP_CLIP:
  case PRAXI_OP_SIGMOID:
  case PRAXI_OP_HARD_SIGMOID:
  case PRAXI_OP_HARD_SWISH:
  case PRAXI_OP_ABS:
  case PRAXI_OP_SQRT:
  case PRAXI_OP_EXP:
  case PRAXI_OP_LOG:
  case PRAXI_OP_NEG:
  case PRAXI_OP_RECIPROCAL:
    return true;
  default:
    return false;
  }
}

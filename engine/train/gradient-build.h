/* What the rules of the gradient pass are written in: operators appended to the graph. */
#pragma once

#include "engine/train/gradient-rules.h"

G_BEGIN_DECLS

const PraxiTensor *praxi_backward_tensor (const PraxiBackward *b, int value);
int praxi_backward_op (PraxiBackward *b, const PraxiOp *op, const int *in, int n_in);
int praxi_backward_unary (PraxiBackward *b, PraxiOpKind kind, int x);
int praxi_backward_binary (PraxiBackward *b, PraxiOpKind kind, int x, int y);
int praxi_backward_multiply (PraxiBackward *b, int x, int y);
/* A constant of the type that learns. */
int praxi_backward_number (PraxiBackward *b, float value);
int praxi_backward_integers (PraxiBackward *b, const int64_t *values, int n);
int praxi_backward_scaled (PraxiBackward *b, int x, float by);
int praxi_backward_reshaped (PraxiBackward *b, int x, const PraxiTensor *like);
/* 1 where the condition holds, else 0. */
int praxi_backward_mask (PraxiBackward *b, PraxiOpKind condition, int x, int y);
/* 1 where x > 0, else 0, by operators that chains are made of: x so large that it is cut to 1. */
int praxi_backward_above_0 (PraxiBackward *b, int x);
int praxi_backward_summed (PraxiBackward *b, int x, const int64_t *axes, int n_axes, bool keepdims);
/* The sum of dy, of the shape of y, over what x was repeated along. */
int praxi_backward_sum_to (PraxiBackward *b, int dy, const PraxiTensor *y, const PraxiTensor *x);
/* Several uses of a value: their derivatives add up. */
void praxi_backward_give (PraxiBackward *b, int value, int gradient);
gboolean praxi_backward_wants (const PraxiBackward *b, const PraxiNode *node, int i);

/* Rules of gradient-more.c. */
void praxi_back_pad (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_split (PraxiBackward *b, const PraxiNode *node);
void praxi_back_matmul (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_layer_norm (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_leaky_relu (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_gelu (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_erf (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_pow (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_reciprocal (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_least (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_where (PraxiBackward *b, const PraxiNode *node, int dy);

/* Rules of gradient-move.c. */
void praxi_back_prelu (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_gather (PraxiBackward *b, const PraxiNode *node, int dy);
void praxi_back_topk (PraxiBackward *b, const PraxiNode *node, int dy);
gboolean praxi_back_resize (PraxiBackward *b, const PraxiNode *node, int dy);

G_END_DECLS

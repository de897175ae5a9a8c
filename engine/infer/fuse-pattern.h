/* What the fuse-*.c files share: looking around in a graph while it changes. */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef struct {
  PraxiGraph *graph;
  int *makers; /* of the values there were at first: node number, −1 */
  int *uses;
  int n_values;
} PraxiPattern;

PraxiPattern praxi_pattern_begin (PraxiGraph *graph);
/* Drops what nobody reads any more. */
void praxi_pattern_end (PraxiPattern *pattern);

const PraxiTensor *praxi_pattern_tensor (const PraxiPattern *pattern, int value);
/* The node that makes a value; NULL for inputs and constants. */
PraxiNode *praxi_pattern_maker (const PraxiPattern *pattern, int value);
gboolean praxi_pattern_is_used_once (const PraxiPattern *pattern, int value);

/* The value of a constant f32 with one element. */
gboolean praxi_pattern_scalar (const PraxiPattern *pattern, int value, float *scalar);

/* Whether a node dequantizes bytes that are computed at run time, by one known scale and zero. */
gboolean praxi_pattern_is_dequantized (const PraxiPattern *pattern, const PraxiNode *node);

/* Adds a row-major constant that takes data over (g_malloc). */
int praxi_pattern_add (PraxiPattern *pattern,
                       const char *name,
                       const char *suffix,
                       const PraxiTensor *shape,
                       gpointer data);

/* Puts another operator in a node's place; its outputs stay. owned: what op's pointers lead into,
 * bytes from g_malloc, or NULL
 */
void praxi_pattern_replace (PraxiNode *node,
                            const PraxiOp *op,
                            const int *in,
                            int n_in,
                            gpointer owned,
                            gsize owned_bytes);

/* Gives a node the name of the one it took the work of. */
void praxi_pattern_rename (PraxiNode *node, const PraxiNode *after);

G_END_DECLS

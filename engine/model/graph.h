/* A graph: operators in topological order over named values. What a reader or a builder makes may
 * leave input dimensions open; praxi_graph_resolve gives every value its static shape and folds
 * what does not depend on the inputs.
 */
#pragma once

#include <glib.h>

#include "kernels/op.h"

G_BEGIN_DECLS

enum { PRAXI_NODE_MAX_INPUTS = 1024, PRAXI_DIM_OPEN = -1 };

typedef struct {
  char *name;         /* unique within its graph */
  PraxiTensor tensor; /* dtype 0: not known yet; rank −1: not known yet; a dimension may be
                         PRAXI_DIM_OPEN; data: of constants only, row-major */
  GBytes *bytes;      /* owns the data of a constant; NULL for what is computed */
} PraxiValue;

typedef struct {
  char *name; /* of the ONNX node, or of its first output */
  PraxiOp op;
  int n_in, n_out;
  int *in;          /* value numbers; −1 where an optional input is absent */
  int *out;         /* value numbers; −1 where nobody wants the output */
  GPtrArray *owned; /* GBytes that op's pointers lead into; NULL without any */
} PraxiNode;

typedef struct {
  int ref_count;
  int opset;
  gsize own_bytes;   /* constants of as many bytes or more are held by nothing else, and may be
                        changed where they are; G_MAXSIZE: none may */
  GPtrArray *values; /* PraxiValue */
  GPtrArray *nodes;  /* PraxiNode, each after those whose outputs it reads */
  GArray *inputs;    /* int: value numbers */
  GArray *outputs;
} PraxiGraph;

/* dims × size of an element without overflow; FALSE when it does not fit. */
gboolean praxi_tensor_bytes (const PraxiTensor *tensor, gsize *bytes);
/* Makes it row-major and gives it memory of its own, all zero; free data with g_free.
 * Errors: MEMORY
 */
gboolean praxi_tensor_allocate (PraxiTensor *tensor, GError **error);

PraxiGraph *praxi_graph_new (void);
PraxiGraph *praxi_graph_ref (PraxiGraph *graph);
void praxi_graph_unref (PraxiGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiGraph, praxi_graph_unref)

/* A deep copy that shares only the bytes of constants. */
PraxiGraph *praxi_graph_copy (const PraxiGraph *graph);

PraxiValue *praxi_graph_value (const PraxiGraph *graph, int value);
PraxiNode *praxi_graph_node (const PraxiGraph *graph, int node);
int praxi_graph_find (const PraxiGraph *graph, const char *name); /* −1: no such value */

/* Adds a value and returns its number. tensor: copied without data. */
int praxi_graph_add_value (PraxiGraph *graph, const char *name, const PraxiTensor *tensor);

/* Adds a constant and returns its number. tensor: row-major; bytes: as many as it needs; the graph
 * takes its own reference.
 */
int praxi_graph_add_constant (PraxiGraph *graph,
                              const char *name,
                              const PraxiTensor *tensor,
                              GBytes *bytes);

/* Gives a constant other bytes, of the same type and shape, or with NULL takes away those it has.
 * The value takes its own reference.
 */
void praxi_value_set_bytes (PraxiValue *value, GBytes *bytes);

/* Appends a node; in and out are copied. The node belongs to the graph. */
PraxiNode *praxi_graph_add_node (PraxiGraph *graph,
                                 const char *name,
                                 const PraxiOp *op,
                                 const int *in,
                                 int n_in,
                                 const int *out,
                                 int n_out);
PraxiNode *praxi_node_new (const char *name,
                           const PraxiOp *op,
                           const int *in,
                           int n_in,
                           const int *out,
                           int n_out);
void praxi_node_free (PraxiNode *node);

/* Puts the nodes in topological order.
 * Errors: FORMAT: a cycle, a value that nobody makes, a value made twice; names it
 */
gboolean praxi_graph_sort (PraxiGraph *graph, GError **error);

/* Drops nodes and values that no output needs; value numbers change, inputs all stay. */
void praxi_graph_prune (PraxiGraph *graph);

/* For each value the node that makes it, −1 for inputs and constants; free with g_free. */
int *praxi_graph_makers (const PraxiGraph *graph);
/* For each value the number of the value of that name in another graph, −1 where there is none;
 * free with g_free.
 */
int *praxi_graph_matches (const PraxiGraph *graph, const PraxiGraph *other);
/* For each value how many node inputs and graph outputs read it; free with g_free. */
int *praxi_graph_uses (const PraxiGraph *graph);

/* What an input is bound to before shapes are computed. */
typedef struct {
  const char *name;
  PraxiTensor tensor; /* its shape; with data: the input becomes this constant, copied */
} PraxiBinding;

/* Makes a copy with static shapes: binds inputs, infers every shape, computes constants through the
 * `ref` backend, drops Identity and Dropout.
 * bindings: by name; inputs without one keep their own dims, an open first dimension becomes batch
 * batch:    ≥ 1
 * Errors:   FORMAT (shapes do not fit; names the operator), UNSUPPORTED, MEMORY
 */
PraxiGraph *praxi_graph_resolve (const PraxiGraph *graph,
                                 const PraxiBinding *bindings,
                                 int n_bindings,
                                 int batch,
                                 GError **error);

/* Multiply-adds of one run of a resolved graph; numbers in its constants. */
gint64 praxi_graph_macs (const PraxiGraph *graph);
gint64 praxi_graph_params (const PraxiGraph *graph);
gint64 praxi_graph_constant_bytes (const PraxiGraph *graph);

G_END_DECLS

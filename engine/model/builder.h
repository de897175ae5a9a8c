/* Building graphs in C, value by value: nets of the zoo, and tests. Names of values are made up
 * where none is given. Mistakes show when the graph is resolved.
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef struct PraxiBuilder PraxiBuilder;

PraxiBuilder *praxi_builder_new (void);
void praxi_builder_free (PraxiBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiBuilder, praxi_builder_free)

/* dims: PRAXI_DIM_OPEN is allowed. Returns the value's number, as all below. */
int praxi_builder_input (PraxiBuilder *builder,
                         const char *name,
                         PraxiDType dtype,
                         int rank,
                         const int64_t *dims);

/* A constant; data is copied. */
int praxi_builder_constant (PraxiBuilder *builder,
                            PraxiDType dtype,
                            int rank,
                            const int64_t *dims,
                            const void *data);
int praxi_builder_f32 (PraxiBuilder *builder, float value);
/* The same under a name of its own; bytes: as many as tensor needs, taken. */
int praxi_builder_named_constant (PraxiBuilder *builder,
                                  const char *name,
                                  const PraxiTensor *tensor,
                                  GBytes *bytes);
int praxi_builder_ints (PraxiBuilder *builder, const int64_t *values, int n);

/* An operator with one output, named after itself where name is NULL. An input of −1 is absent. */
int praxi_builder_op (PraxiBuilder *builder,
                      const PraxiOp *op,
                      const char *name,
                      const int *in,
                      int n_in);
/* An operator with several outputs. out: [n_out], filled */
void praxi_builder_outputs (PraxiBuilder *builder,
                            const PraxiOp *op,
                            const int *in,
                            int n_in,
                            int *out,
                            int n_out);
int praxi_builder_unary (PraxiBuilder *builder, PraxiOpKind kind, int x);
int praxi_builder_binary (PraxiBuilder *builder, PraxiOpKind kind, int a, int b);

/* QuantizeLinear to bytes with one scale, and back. */
int praxi_builder_quantize (PraxiBuilder *builder, int x, float scale, int zero);
int praxi_builder_dequantize (PraxiBuilder *builder, int q, float scale, int zero);

void praxi_builder_output (PraxiBuilder *builder, int value, const char *name);

/* The graph so far; the builder is of no use afterwards but to be freed. */
PraxiGraph *praxi_builder_finish (PraxiBuilder *builder);

G_END_DECLS

/* Computing at load what does not depend on the inputs. Used by resolve.c and the executor. */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

/* Runs one operator through `ref`.
 * in:      with data; NULL where absent
 * out:     shapes as praxi_op_infer made them; data and strides are set, bytes owns them
 * Errors:  UNSUPPORTED, MEMORY
 */
PraxiStatus praxi_fold_run (const PraxiOp *op,
                            const PraxiTensor *const *in,
                            int n_in,
                            PraxiTensor *out,
                            int n_out,
                            GBytes **bytes);

/* Computes every node of a resolved graph whose inputs are all constant, the DequantizeLinear of
 * weights included, and prunes.
 * Errors: as praxi_graph_resolve
 */
gboolean praxi_graph_fold (PraxiGraph *graph, GError **error);

/* BatchNormalization that alone reads a Conv, or that a Gemm alone reads, moves into its weights;
 * shapes may be open.
 */
void praxi_graph_fold_batch_norm (PraxiGraph *graph);

G_END_DECLS

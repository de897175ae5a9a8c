/* ModelProto → graph. */
#pragma once

#include "engine/model/graph.h"
#include "engine/model/onnx-large.h"

G_BEGIN_DECLS

/* Reads the graph; data of constants is moved out of model.
 * file, spans: where the model was unpacked without its large tensors, else NULL
 * Errors: FORMAT, UNSUPPORTED ("unsupported: NAME" for an operator); without the file's name
 */
PraxiGraph *
praxi_onnx_read_graph (Onnx__ModelProto *model, GBytes *file, const GArray *spans, GError **error);

G_END_DECLS

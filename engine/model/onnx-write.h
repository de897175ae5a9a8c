/* Graph → ModelProto → bytes. */
#pragma once

#include "engine/model/graph.h"
#include "engine/model/onnx-wire.h"

G_BEGIN_DECLS

/* Free with onnx__model_proto__free_unpacked (model, NULL).
 * Errors: UNSUPPORTED: an operator that only exists fused
 */
Onnx__ModelProto *praxi_onnx_write_graph (const PraxiGraph *graph, GError **error);

/* Puts spec and checksum into the metadata, in place of those there are, and serialises. With
 * spec_json NULL both are left out.
 */
GBytes *praxi_onnx_pack (Onnx__ModelProto *model, const char *spec_json);

G_END_DECLS

/* TensorProto ↔ tensor with its bytes. */
#pragma once

#include "engine/model/graph.h"
#include "engine/model/onnx-large.h"

G_BEGIN_DECLS

/* ONNX's number of a type ↔ ours; 0 for what we do not have (strings, complex numbers). */
PraxiDType praxi_onnx_dtype (int32_t onnx);
int32_t praxi_onnx_dtype_number (PraxiDType dtype);

/* Moves the data out of a TensorProto where it can, else converts it.
 * tensor: filled, row-major, data points into *bytes
 * Errors: FORMAT (dims and data disagree, external data, not a number), UNSUPPORTED (type); names
 *         the tensor
 */
gboolean praxi_onnx_tensor_read (Onnx__TensorProto *proto,
                                 PraxiTensor *tensor,
                                 GBytes **bytes,
                                 GError **error);

/* The same of one whose data stayed behind in the file. */
gboolean praxi_onnx_tensor_read_span (const Onnx__TensorProto *proto,
                                      GBytes *file,
                                      const PraxiOnnxSpan *span,
                                      PraxiTensor *tensor,
                                      GBytes **bytes,
                                      GError **error);

/* Also takes infinities and NaN: test data, not weights. */
gboolean praxi_onnx_tensor_read_any (Onnx__TensorProto *proto,
                                     PraxiTensor *tensor,
                                     GBytes **bytes,
                                     GError **error);

/* A TensorProto that owns copies of name and data; free with
 * onnx__tensor_proto__free_unpacked (proto, NULL). tensor: row-major, with data
 */
Onnx__TensorProto *praxi_onnx_tensor_write (const char *name, const PraxiTensor *tensor);

G_END_DECLS

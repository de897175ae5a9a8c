/* TensorFlow Lite files → graphs. Pictures come as [N,H,W,3] and are turned to channels first
 * inside. Quantized tensors become QDQ: activations bytes from 0 (what TFLite stores from −128 is
 * shifted), weights as they are stored, a step a channel or one for all; biases s32 in steps of
 * input × weight. Source: tensorflow/lite/schema/schema.fbs (version 3), and "TensorFlow Lite 8-bit
 * quantization specification"
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

/* Whether these first bytes are a TensorFlow Lite file's. */
gboolean praxi_tflite_is (const guint8 *data, gsize size);

/* Errors: FORMAT (damaged), UNSUPPORTED (an operator, an option of one, a type); without the file's
 * name
 */
PraxiGraph *praxi_tflite_read (const guint8 *data, gsize size, GError **error);

/* Whether a regular file begins so. */
gboolean praxi_tflite_is_file (const char *path);

/* Reads it whole.
 * Errors: as above and NOT_FOUND, with the file's name
 */
PraxiGraph *praxi_tflite_load (const char *path, GError **error);

G_END_DECLS

/* A single tensor in a file: the .pb of ONNX's operator tests. */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

/* name: of the tensor, "" where it has none; free with g_free
 * tensor: row-major; its data lives as long as *bytes
 * Errors: NOT_FOUND, FORMAT, UNSUPPORTED (strings, sequences); names the file
 */
gboolean praxi_tensor_file_read (const char *path,
                                 char **name,
                                 PraxiTensor *tensor,
                                 GBytes **bytes,
                                 GError **error);

G_END_DECLS

/* Large tensors of a model's file stay where they were read to: unpacking would copy them, and a
 * copy of 30 MB takes as long as all else in it.
 */
#pragma once

#include "engine/model/onnx-wire.h"

G_BEGIN_DECLS

/* Data from here on is large: it stays in the file's memory, and a model that sheds its weights
 * sheds it. Smaller data is not worth either.
 */
enum { PRAXI_ONNX_LARGE_BYTES = 1 << 15 };

/* Of an initializer: where its raw_data lies in the file. size 0: unpacked with all the rest. */
typedef struct {
  gsize at, size;
} PraxiOnnxSpan;

/* The bytes of the file without the large raw_data of initializers.
 * spans:   one an initializer, in the file's order; free with g_array_unref
 * Returns: NULL, and no spans, where none is large, or the bytes are no model's
 */
GByteArray *praxi_onnx_leave_large (const guint8 *data, gsize size, GArray **spans);

/* A piece of a file that was read to memory of its own, by praxi_onnx_read_file. It is moved up to
 * seven bytes towards the begin, over the lengths of its own fields, where it has to lie on a
 * multiple of alignment (up to 8). Once the last reference to a piece is gone its pages are the
 * system's again: nothing else may read the file by then.
 */
GBytes *praxi_onnx_take_span (GBytes *file, const PraxiOnnxSpan *span, gsize alignment);

G_END_DECLS

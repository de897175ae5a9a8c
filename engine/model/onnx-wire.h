/* From the bytes of an ONNX file to protobuf-c's structs, with the distrust a stranger's file
 * deserves: nesting is bounded before anything is unpacked, memory while it is.
 */
#pragma once

#include <glib.h>
#include <nettle/sha2.h>

#include "onnx.pb-c.h"

G_BEGIN_DECLS

/* Memory that unpacking may take beyond the file's own size. */
enum { PRAXI_ONNX_SLACK_BYTES = 16 << 20 };

/* Reads a whole regular file; never maps it, so that a file cut short meanwhile is an error and not
 * a signal.
 * Errors: NOT_FOUND, FORMAT (no regular file, too large for ONNX), MEMORY; names the file
 */
GBytes *praxi_onnx_read_file (const char *path, GError **error);

/* The same in steps, so that more can be done beside reading, and the file be read again whatever
 * became of its name. open_file: −1 on error; close when done
 */
int praxi_onnx_open_file (const char *path, gsize *size, GError **error);
GBytes *praxi_onnx_allocate_file (gsize size, const char *path, GError **error);
/* Fills a part of what the file was allocated. Errors: DISK, FORMAT (it became shorter) */
gboolean praxi_onnx_read_part (guint8 *file,
                               gsize begin,
                               gsize end,
                               int fd,
                               const char *path,
                               GError **error);

/* Free with onnx__model_proto__free_unpacked (model, NULL).
 * Errors: FORMAT (without the file's name)
 */
Onnx__ModelProto *praxi_onnx_unpack (const guint8 *data, gsize size, GError **error);
Onnx__TensorProto *praxi_onnx_unpack_tensor (const guint8 *data, gsize size, GError **error);

/* The digest of the first bytes of a file. */
typedef struct {
  struct sha256_ctx sum;
  gsize n_bytes;
} PraxiOnnxPrefix;

/* Whether a file has a spec and a checksum, or neither.
 * at:     offset of the checksum's 64 digits; −1 where it has neither
 * Errors: FORMAT: one of the two without the other, or twice
 */
gboolean praxi_onnx_find_marks (const guint8 *data, gsize size, gint64 *at, GError **error);

/* The SHA-256 of a file as it is, as lower-case hex, if its digits at `at` fit.
 * prefix: what is known already; NULL: nothing
 * Errors: FORMAT: they do not
 */
char *praxi_onnx_check_sum (const guint8 *data,
                            gsize size,
                            const PraxiOnnxPrefix *prefix,
                            gint64 at,
                            GError **error);

/* Where the digits lie, as a packer needs to know; −1 where there are none. */
gint64 praxi_onnx_find_sum (const guint8 *data, gsize size);

/* The checksum of a file whose digits lie at `at`, as lower-case hex; free with g_free. */
char *praxi_onnx_sum (const guint8 *data, gsize size, gint64 at);

G_END_DECLS

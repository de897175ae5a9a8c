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
/* Fills new bytes from the file's begin; tells how many are there after every MiB, unless NULL. */
typedef void PraxiOnnxReadFunc (gsize n_read, gpointer user_data);
gboolean praxi_onnx_read_to (GBytes *bytes,
                             int fd,
                             const char *path,
                             PraxiOnnxReadFunc *tell,
                             gpointer user_data,
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

/* The SHA-256 of a file as it is, as lower-case hex, and whether its praxi.sha256 fits it.
 * prefix: what is known already; NULL: nothing
 * at:     offset of the 64 digits; −1 in a file that has neither spec nor checksum
 * Errors: FORMAT: one of the two without the other, twice, or digits that do not fit
 */
char *praxi_onnx_check_sum (const guint8 *data,
                            gsize size,
                            const PraxiOnnxPrefix *prefix,
                            gint64 *at,
                            GError **error);

/* Where the digits lie, as a packer needs to know; −1 where there are none. */
gint64 praxi_onnx_find_sum (const guint8 *data, gsize size);

/* The checksum of a file whose digits lie at `at`, as lower-case hex; free with g_free. */
char *praxi_onnx_sum (const guint8 *data, gsize size, gint64 at);

G_END_DECLS

/* The checksum of a model's file, made on a thread of its own while the file is read and unpacked.
 * The module's inside.
 */
#pragma once

#include "engine/model/onnx-wire.h"

G_BEGIN_DECLS

typedef struct PraxiDigest PraxiDigest;

/* data: borrowed until the digest is finished or freed, and not to be written to */
PraxiDigest *praxi_digest_new (const guint8 *data, gsize size);
/* The same of a file that has to be read yet; data holds it afterwards. The thread helps to read
 * while it has nothing to sum: of memory that the system has to find first, reading takes longer.
 */
PraxiDigest *praxi_digest_read (guint8 *data, gsize size, int fd, const char *path, GError **error);
/* Waits, and gives what praxi_onnx_find_marks and praxi_onnx_check_sum do. */
char *praxi_digest_finish (PraxiDigest *digest, gint64 *at, GError **error);
/* Stops it where it is. */
void praxi_digest_free (PraxiDigest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiDigest, praxi_digest_free)

G_END_DECLS

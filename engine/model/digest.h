/* The checksum of a model's file, made on a thread of its own while the file is read and unpacked.
 * The module's inside.
 */
#pragma once

#include "engine/model/onnx-wire.h"

G_BEGIN_DECLS

typedef struct PraxiDigest PraxiDigest;

/* data: borrowed until the digest is finished or freed; the first n_read bytes are there */
PraxiDigest *praxi_digest_new (const guint8 *data, gsize size, gsize n_read);
/* More bytes are there. A PraxiOnnxReadFunc. */
void praxi_digest_go_on (gsize n_read, gpointer digest);
/* Waits, once all is there, and gives what praxi_onnx_check_sum does. */
char *praxi_digest_finish (PraxiDigest *digest, gint64 *at, GError **error);
/* Stops it where it is. */
void praxi_digest_free (PraxiDigest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiDigest, praxi_digest_free)

G_END_DECLS

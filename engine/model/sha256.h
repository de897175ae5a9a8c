/* SHA-256 with the processor's own instructions where it has them: a model's digest is on the way
 * to its first result, and GChecksum takes a tenth of a second for 30 MB.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { PRAXI_SHA256_HEX = 64 };

/* The digest so far. A plain value: a copy of it goes its own way. */
typedef struct {
  guint32 state[8];
  guint64 n_bytes;
  guint8 rest[64]; /* what does not fill a block yet */
  gboolean is_plain;
} PraxiSha256;

/* is_plain: without the processor's instructions, as elsewhere */
void praxi_sha256_init (PraxiSha256 *sum, gboolean is_plain);
void praxi_sha256_update (PraxiSha256 *sum, const void *data, gsize size);
/* The digest as lower-case hex; free with g_free. The sum is used up. */
char *praxi_sha256_finish (PraxiSha256 *sum);

G_END_DECLS

/* The other end of decode-client.h: runs inside `praxi decode`. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Serves requests until the socket closes.
 * in:     media_fd: the file, open for reading; socket_fd: SOCK_SEQPACKET; name: for messages
 * Returns FALSE when the parent broke the protocol; a file that cannot be opened is told over the
 *         socket and is no failure of the helper.
 */
gboolean praxi_decode_helper_run (int media_fd, int socket_fd, const char *name, GError **error);

G_END_DECLS

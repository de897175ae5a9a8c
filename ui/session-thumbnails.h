/* Small pictures of footage for the list: from the disk where one is kept, else from the decode
 * helper, one footage after the other.
 */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

/* Makes those that are missing in the list. Never blocks. */
void praxi_session_make_thumbnails (PraxiSession *session);

/* Called at the end of the session's life. */
void praxi_session_thumbnails_close (PraxiSession *session);

G_END_DECLS

/* What the scores say at a time, in words: one place for the screen reader and the hover card. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

/* "fight 93 %" or "not analysed"; free with g_free.
 * class_index: of the track; -1: the likeliest
 */
char *praxi_score_text (PraxiSession *session, gint64 time_ns, int class_index, int decimals);

G_END_DECLS

/* The model that analyses use: the bundled light one, or one a person chose. */
#pragma once

#include <json-glib/json-glib.h>

#include "ui/session.h"

G_BEGIN_DECLS

/* "light", "original", or the path of a file. Free with g_free. */
char *praxi_session_model (PraxiSession *session);

/* Analyses after this one use it; its description comes as PRAXI_CHANGE_REPORT. A file that is no
 * model is told as an error, and the one before stays.
 */
void praxi_session_set_model (PraxiSession *session, const char *model);

/* The document of `praxi info --json`, asked for on first use: NULL until it came. Borrowed until
 * PRAXI_CHANGE_REPORT.
 */
JsonObject *praxi_session_model_info (PraxiSession *session);

G_END_DECLS

/* A report of the open footage, written to a file. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

/* path: .pdf for the whole report (pictures of events come from a decode helper of its own), .png
 * or .svg for the timeline alone Says at the end as a message what became of it. Nothing happens
 * while no footage is open or another report is being made.
 */
void praxi_session_write_report (PraxiSession *session, const char *path);

G_END_DECLS

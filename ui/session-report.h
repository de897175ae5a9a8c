/* A report of the open footage, written to a file. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

/* error: NULL when the file was written; borrowed */
typedef void (*PraxiReportDone) (const GError *error, gpointer user_data);

/* path: .pdf for the whole report (pictures of events come from a decode helper of its own), .png
 *       or .svg for the timeline alone
 * done: called once, never before this returns unless it takes no pictures; NULL: a message says
 *       what became of it
 * Nothing happens while no footage is open or another report is being made.
 */
void praxi_session_write_report (PraxiSession *session,
                                 const char *path,
                                 PraxiReportDone done,
                                 gpointer user_data);

/* How many events and labels a report would have now. */
void praxi_session_count_report (PraxiSession *session, guint *n_events, guint *n_labels);

G_END_DECLS

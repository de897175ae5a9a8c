/* A report of the open footage, written to a file. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

/* The project is only read: nothing is made, added or kept. To be called before the first media is
 * opened.
 */
void praxi_session_only_read (PraxiSession *session);
gboolean praxi_session_only_reads (PraxiSession *session);

/* Whether the open media is there with all that the project holds of it, and nothing is on its way.
 */
gboolean praxi_session_is_loaded (PraxiSession *session);

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

/* What a person does with labels: each call is one step of undo. Those that need a label take the
 * selected one, else the shortest under the playhead, and say so when there is none.
 */
#pragma once

#include "ui/session-labels.h"

G_BEGIN_DECLS

/* The id of that label, 0 for none. */
gint64 praxi_session_label_in_hand (PraxiSession *session);

/* The place of the first label that could reach into time from on: labels stand by start, so none
 * longer than the longest begins before.
 */
guint praxi_session_first_label (PraxiSession *session, gint64 from_ns);

/* Makes a label of the marks and the current class, or gives the label whose edges are edited the
 * marks as ends. Says why not when there is nothing marked.
 */
void praxi_session_label_marks (PraxiSession *session);

/* The key of a class goes down and up. While something is marked it labels at once; while it plays
 * the label begins and ends with the key; else it only chooses the class.
 */
void praxi_session_press_class_key (PraxiSession *session, char key);
void praxi_session_release_class_key (PraxiSession *session, char key);

/* Escape: drops what was begun (a held key, a duplicate, marks), else the selection. */
void praxi_session_drop (PraxiSession *session);

/* The marks become the ends of the label or, where none is, of the event, to be moved and kept with
 * praxi_session_label_marks.
 */
void praxi_session_edit_edges (PraxiSession *session);

/* Moves a label's ends to frames; clamped so that at least one frame stays. */
void
praxi_session_trim_label (PraxiSession *session, gint64 label_id, int start_frame, int end_frame);
void praxi_session_nudge_label (PraxiSession *session, gboolean is_end, int frames);
void praxi_session_remove_label (PraxiSession *session);
void praxi_session_set_note (PraxiSession *session, gint64 label_id, const char *note);

void praxi_session_split_label (PraxiSession *session); /* at the playhead */
void praxi_session_merge_label (PraxiSession *session); /* with the next one of its class */

/* The next class chosen gets a copy of the label. */
void praxi_session_duplicate_label (PraxiSession *session);

G_END_DECLS

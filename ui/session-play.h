/* Playing the open media: speed, loop, and jumps of the playhead to where something begins or ends.
 */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

/* The speed that Play plays at, never 0; 1 at first. Choosing one while playing applies at once. */
double praxi_session_chosen_speed (PraxiSession *session);
void praxi_session_choose_speed (PraxiSession *session, double speed);

void praxi_session_play_or_pause (PraxiSession *session);
void praxi_session_turn_around (PraxiSession *session); /* plays the other way */

/* While on, playing stays within the marks, else the selected label or event, else the footage, and
 * begins there again.
 */
gboolean praxi_session_loops (PraxiSession *session);
void praxi_session_set_loops (PraxiSession *session, gboolean loops);
void praxi_session_toggle_loop (PraxiSession *session);

/* What playing made of the frames since it began: how many were due and how many came. */
typedef struct {
  int n_due;
  int n_shown;
} PraxiPlayFigures;
PraxiPlayFigures praxi_session_play_figures (PraxiSession *session);

/* To the nearest first or last frame of a label or an event before or after the playhead. */
void praxi_session_previous_edge (PraxiSession *session);
void praxi_session_next_edge (PraxiSession *session);

/* What is selected: the marks, else the label, else the event. FALSE when nothing is. */
gboolean praxi_session_selected_span (PraxiSession *session, PraxiTimeSpan *span);

G_END_DECLS

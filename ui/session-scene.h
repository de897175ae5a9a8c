/* Several videos of one scene: up to three beside the open one follow its playhead, each at a
 * distance that the project keeps.
 */
#pragma once

#include "ui/companion.h"

G_BEGIN_DECLS

enum { PRAXI_MAX_COMPANIONS = 3 };

guint praxi_session_n_companions (PraxiSession *session);
PraxiCompanion *praxi_session_companion (PraxiSession *session, guint index); /* borrowed */

/* The one that keys speak of, NULL while there is none; borrowed. */
PraxiCompanion *praxi_session_chosen_companion (PraxiSession *session);
void praxi_session_choose_companion (PraxiSession *session, PraxiCompanion *companion);

/* Shows it beside the open footage, both from their first frames; kept in the project. */
void praxi_session_add_companion (PraxiSession *session, PraxiMediaItem *item);
void praxi_session_remove_companion (PraxiSession *session, PraxiCompanion *companion);

/* The time it shows minus the time the open footage shows, both since their first frames. */
gint64 praxi_session_companion_offset (PraxiSession *session, PraxiCompanion *companion);
void praxi_session_set_companion_offset (PraxiSession *session,
                                         PraxiCompanion *companion,
                                         gint64 offset_ns);

/* The chosen one shows a frame that lies so many frames on, at the same time of the open one. */
void praxi_session_shift_companion (PraxiSession *session, int frames);

/* The chosen one becomes the open footage, at the moment both show. */
void praxi_session_open_companion (PraxiSession *session);

/* The label in hand is made in the other videos too, as one step of undo. */
void praxi_session_label_scene (PraxiSession *session);

G_END_DECLS

/* The footage a project knows: the list at the start, footage that was moved or is not wanted. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

/* Fills the list with what the project knows; footage of the project before leaves it, the open one
 * excepted. Comes a moment later as PRAXI_CHANGE_MEDIA. Nothing happens when there is no project.
 */
void praxi_session_load_project (PraxiSession *session);

/* Whether that is under way: an empty list says nothing yet. */
gboolean praxi_session_is_listing (PraxiSession *session);

/* Tells the list anew what the project knows of its footage, a moment later. */
void praxi_session_refresh_list (PraxiSession *session);

/* Adds a file to the list and opens nothing. path: absolute */
void praxi_session_list_media (PraxiSession *session, const char *path);

/* Adds the videos of a folder and of those below it, a moment later.
 * path:  absolute
 * opens: whether the first of them is opened
 */
void praxi_session_list_folder (PraxiSession *session, const char *path, gboolean opens);

/* Takes footage out of the list and the project. The project refuses when it has labels. */
void praxi_session_remove_media (PraxiSession *session, PraxiMediaItem *item);

/* The file is there now: labels and scores follow it. */
void praxi_session_find_media (PraxiSession *session, PraxiMediaItem *item, const char *path);

G_END_DECLS

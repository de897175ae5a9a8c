/* The footage of the project: picture, name, length, how much is analysed, how many labels. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_MEDIA_LIST (praxi_media_list_get_type ())
G_DECLARE_FINAL_TYPE (PraxiMediaList, praxi_media_list, PRAXI, MEDIA_LIST, GtkBox)

/* session: ref'd; set once */
void praxi_media_list_set_session (PraxiMediaList *list, PraxiSession *session);

/* The rows a person selected, in the order shown: PraxiMediaItem. Free with g_ptr_array_unref. */
GPtrArray *praxi_media_list_selected (PraxiMediaList *list);

/* Opens the row `by` rows below (above where negative) the one of the open footage; nothing happens
 * past either end.
 */
void praxi_media_list_step (PraxiMediaList *list, int by);

/* All rows shown, in that order. Free with g_ptr_array_unref. */
GPtrArray *praxi_media_list_shown (PraxiMediaList *list);

G_END_DECLS

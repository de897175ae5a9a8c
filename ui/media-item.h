/* One row of the media list. */
#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

#define PRAXI_TYPE_MEDIA_ITEM (praxi_media_item_get_type ())
G_DECLARE_FINAL_TYPE (PraxiMediaItem, praxi_media_item, PRAXI, MEDIA_ITEM, GObject)

/* Views watch "notify" for any change; the session writes the fields through _set_… below. */
PraxiMediaItem *praxi_media_item_new (const char *path);

const char *praxi_media_item_path (PraxiMediaItem *item);
const char *praxi_media_item_name (PraxiMediaItem *item);  /* fit for display */
const char *praxi_media_item_state (PraxiMediaItem *item); /* one line: length, analysed, labels */
GdkTexture *praxi_media_item_thumbnail (PraxiMediaItem *item);

gboolean praxi_media_item_is_missing (PraxiMediaItem *item);
gboolean praxi_media_item_is_analysed (PraxiMediaItem *item); /* to its end */
gboolean praxi_media_item_is_reviewed (PraxiMediaItem *item);

/* The file is elsewhere now. */
void praxi_media_item_set_path (PraxiMediaItem *item, const char *path);
void praxi_media_item_set_missing (PraxiMediaItem *item, gboolean is_missing);
void praxi_media_item_set_reviewed (PraxiMediaItem *item, gboolean is_reviewed);
void praxi_media_item_set_name (PraxiMediaItem *item, const char *name);

/* A camera: what it does now, instead of the state of a file. */
void praxi_media_item_set_live (PraxiMediaItem *item, const char *text);
gboolean praxi_media_item_is_camera (PraxiMediaItem *item);
void praxi_media_item_set_length (PraxiMediaItem *item, gint64 length_ns, int width, int height);
void praxi_media_item_set_analysed (PraxiMediaItem *item, double share); /* 0 to 1 */
void praxi_media_item_set_labels (PraxiMediaItem *item, int n_labels);
void praxi_media_item_set_error (PraxiMediaItem *item, const char *error_text);
void praxi_media_item_set_thumbnail (PraxiMediaItem *item, GdkTexture *thumbnail);

G_END_DECLS

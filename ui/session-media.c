/* Footage, playhead and pictures. */
#include "ui/session-private.h"

#include <string.h>

#include "engine/core/text.h"
#include "ui/session-thumbnails.h"
#include "ui/session-play.h"

enum {
  PREVIEW_WIDTH_PX = 384,
  PREVIEW_HEIGHT_PX = 216,
  THUMBNAIL_WIDTH_PX = 96,
  THUMBNAIL_HEIGHT_PX = 54
};

/* --- the open media ------------------------------------------------------------------------ */

GListModel *
praxi_session_media_list (PraxiSession *self)
{
  return G_LIST_MODEL (self->media_list);
}

PraxiMediaItem *
praxi_session_media (PraxiSession *self)
{
  return self->media;
}

int
praxi_session_n_frames (PraxiSession *self)
{
  return self->index != NULL ? praxi_frame_index_length (self->index) : 0;
}

PraxiTimeSpan
praxi_session_frame_span (PraxiSession *self, int ordinal)
{
  if (self->index == NULL)
    return (PraxiTimeSpan){0, 1};
  return (PraxiTimeSpan){praxi_frame_index_pts_ns (self->index, ordinal),
                         praxi_frame_index_end_ns (self->index, ordinal)};
}

int
praxi_session_frame_at (PraxiSession *self, gint64 time_ns)
{
  return self->index != NULL ? praxi_frame_index_ordinal_at (self->index, time_ns) : 0;
}

PraxiTimeSpan
praxi_session_footage (PraxiSession *self)
{
  if (self->index == NULL)
    return (PraxiTimeSpan){0, G_GINT64_CONSTANT (60000000000)};
  return praxi_session_frames_span (self, 0, praxi_session_n_frames (self));
}

void
praxi_session_frame_size (PraxiSession *self, int *width_px, int *height_px)
{
  *width_px = self->index != NULL ? MAX (1, self->info.display_width) : 0;
  *height_px = self->index != NULL ? MAX (1, self->info.display_height) : 0;
}

char *
praxi_session_time_text (PraxiSession *self, gint64 time_ns, int decimals)
{
  const gint64 first_ns = self->index != NULL ? praxi_session_footage (self).start_ns : 0;
  return praxi_text_time (time_ns - first_ns, decimals);
}

static void
request_picture (PraxiSession *self, gboolean exact)
{
  praxi_session_live_look_back (self);
  if (self->client == NULL)
    return;
  self->waiting_for = self->playhead;
  praxi_decode_client_request (self->client, self->playhead, MAX (self->picture_width_px, 64),
                               MAX (self->picture_height_px, 64), exact);
}

static void
ready_cb (PraxiDecodeClient *client,
          const PraxiDecodeInfo *info,
          PraxiFrameIndex *index,
          gpointer user_data)
{
  PraxiSession *self = user_data;
  if (praxi_session_live_ready (self, praxi_frame_index_length (index)))
    return;
  self->index = praxi_frame_index_ref (index);
  self->info = *info;
  self->visible = praxi_session_footage (self);
  praxi_media_item_set_length (self->media, praxi_time_span_length (self->visible),
                               info->display_width, info->display_height);
  if (self->arrives)
    self->playhead = praxi_session_frame_at (self, self->arrive_ns);
  self->arrives = FALSE;
  request_picture (self, TRUE);
  praxi_session_labels_open_media (self);
  praxi_session_changed (self, PRAXI_CHANGE_ALL);
}

/* Nearest neighbour: a few thousand pixels, once per media. */
static GdkTexture *
make_thumbnail (const PraxiDecodePicture *picture)
{
  const double scale = MAX ((double) picture->width / THUMBNAIL_WIDTH_PX,
                            (double) picture->height / THUMBNAIL_HEIGHT_PX);
  const int width = MAX (1, (int) (picture->width / scale));
  const int height = MAX (1, (int) (picture->height / scale));
  const guint8 *source = g_bytes_get_data (picture->pixels, NULL);
  guint32 *pixels = g_new (guint32, (gsize) width * height);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      const int from_y = MIN ((int) ((y + 0.5) * scale), picture->height - 1);
      const int from_x = MIN ((int) ((x + 0.5) * scale), picture->width - 1);
      memcpy (pixels + (gsize) y * width + x,
              source + (gsize) from_y * picture->stride_bytes + (gsize) from_x * 4, 4);
    }
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, (gsize) width * height * 4);
  return gdk_memory_texture_new (width, height, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes,
                                 (gsize) width * 4);
}

static void
picture_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  PraxiSession *self = user_data;
  g_clear_object (&self->picture.texture);
  self->picture = (PraxiPicture){
      .texture = gdk_memory_texture_new (picture->width, picture->height,
                                         GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, picture->pixels,
                                         (gsize) picture->stride_bytes),
      .ordinal = picture->ordinal,
      .pts_ns = picture->pts_ns,
      .is_current = picture->is_exact && picture->requested == self->playhead,
  };
  if (picture->is_exact && picture->requested == self->waiting_for)
    self->waiting_for = -1;
  self->play.n_shown += picture->is_exact && self->speed != 0;
  if (praxi_media_item_thumbnail (self->media) == NULL) {
    g_autoptr (GdkTexture) thumbnail = make_thumbnail (picture);
    praxi_media_item_set_thumbnail (self->media, thumbnail);
    praxi_session_make_thumbnails (self); /* keeps it */
  }
  praxi_session_changed (self, PRAXI_CHANGE_PICTURE);
}

static void
preview_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  PraxiSession *self = user_data;
  g_clear_object (&self->preview.texture);
  self->preview = (PraxiPicture){
      .texture = gdk_memory_texture_new (picture->width, picture->height,
                                         GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, picture->pixels,
                                         (gsize) picture->stride_bytes),
      .ordinal = picture->ordinal,
      .pts_ns = picture->pts_ns,
  };
  praxi_session_changed (self, PRAXI_CHANGE_HOVER);
}

/* All times of a group of pictures show its first one: it is asked for once. */
void
praxi_session_ask_preview (PraxiSession *self, gint64 time_ns)
{
  if (self->client == NULL || self->index == NULL)
    return;
  const int ordinal = praxi_frame_index_keyframe_before (
      self->index, praxi_frame_index_ordinal_at (self->index, time_ns));
  if (self->preview_asked == ordinal + 1)
    return;
  self->preview_asked = ordinal + 1;
  praxi_decode_client_preview (self->client, ordinal, PREVIEW_WIDTH_PX, PREVIEW_HEIGHT_PX);
}

PraxiPicture
praxi_session_preview (PraxiSession *self)
{
  return self->preview;
}

static void
failed_cb (PraxiDecodeClient *client, const GError *error, gpointer user_data)
{
  PraxiSession *self = user_data;
  praxi_session_stop_playing (self);
  self->waiting_for = -1;
  g_autofree char *text = g_strdup (error->message);
  praxi_media_item_set_error (self->media, text);
  g_clear_pointer (&self->client, praxi_decode_client_free);
  praxi_session_say (self, TRUE, text);
  praxi_session_changed (self, PRAXI_CHANGE_MEDIA | PRAXI_CHANGE_PICTURE);
}

void
praxi_session_media_close (PraxiSession *self)
{
  praxi_session_stop_playing (self);
  praxi_session_live_leave (self);
  praxi_session_scene_close (self);
  g_clear_pointer (&self->client, praxi_decode_client_free);
  g_clear_pointer (&self->index, praxi_frame_index_unref);
  g_clear_object (&self->picture.texture);
  g_clear_object (&self->media);
  g_clear_object (&self->preview.texture);
  self->picture = self->preview = (PraxiPicture){0};
  self->preview_asked = 0;
  self->playhead = 0;
  self->waiting_for = -1;
  self->mark_in = self->mark_out = -1;
  self->edited_label = self->duplicated_label = 0;
  self->edits_event = FALSE;
  self->held_key = 0;
  self->selected_label = 0;
  self->selected_event = -1;
  self->hover = (PraxiHover){0};
}

void
praxi_session_start_client (PraxiSession *self)
{
  static const PraxiDecodeCallbacks callbacks = {
      .ready = ready_cb, .picture = picture_cb, .preview = preview_cb, .failed = failed_cb};
  g_autoptr (GError) error = NULL;
  self->client = praxi_decode_client_new (self->praxi_path, praxi_media_item_path (self->media),
                                          &callbacks, self, &error);
  if (self->client == NULL) {
    praxi_media_item_set_error (self->media, error->message);
    praxi_session_say (self, TRUE, error->message);
  }
}

void
praxi_session_open_media (PraxiSession *self, PraxiMediaItem *item)
{
  if (item == self->media || self->is_closed)
    return;
  praxi_session_media_close (self);
  self->media = g_object_ref (item);
  praxi_media_item_set_error (item, NULL);
  praxi_session_analysis_open_media (self);
  praxi_session_review_open_media (self);
  if (!praxi_session_live_open (self))
    praxi_session_start_client (self);
  praxi_session_changed (self, PRAXI_CHANGE_ALL);
}

PraxiMediaItem *
praxi_session_find_item (PraxiSession *self, const char *path)
{
  const guint n_items = g_list_model_get_n_items (G_LIST_MODEL (self->media_list));
  for (guint i = 0; i < n_items; i++) {
    g_autoptr (PraxiMediaItem) item = g_list_model_get_item (G_LIST_MODEL (self->media_list), i);
    if (g_str_equal (praxi_media_item_path (item), path))
      return g_steal_pointer (&item);
  }
  return NULL;
}

void
praxi_session_add_media (PraxiSession *self, const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autoptr (PraxiMediaItem) item = praxi_session_find_item (self, absolute);
  if (item == NULL) {
    item = praxi_media_item_new (absolute);
    g_list_store_append (self->media_list, item);
  }
  praxi_session_open_media (self, item);
}

/* --- playhead ------------------------------------------------------------------------------ */

int
praxi_session_playhead (PraxiSession *self)
{
  return self->playhead;
}

PraxiPicture
praxi_session_picture (PraxiSession *self)
{
  return self->picture;
}

void
praxi_session_move_playhead (PraxiSession *self, int ordinal, gboolean exact)
{
  const int n_frames = praxi_session_n_frames (self);
  if (n_frames == 0)
    return;
  ordinal = CLAMP (ordinal, 0, n_frames - 1);
  if (ordinal == self->playhead && (self->picture.is_current || self->waiting_for == ordinal))
    return;
  self->playhead = ordinal;
  self->picture.is_current = FALSE;
  request_picture (self, exact);
  praxi_session_scene_follow (self, exact);
  const guint marks = self->mark_in >= 0 || self->mark_out >= 0 ? PRAXI_CHANGE_MARKS : 0;
  praxi_session_changed (self, PRAXI_CHANGE_PLAYHEAD | PRAXI_CHANGE_PICTURE | marks);
}

void
praxi_session_seek (PraxiSession *self, int ordinal)
{
  praxi_session_stop_playing (self);
  praxi_session_move_playhead (self, ordinal, TRUE);
  praxi_session_show (self, praxi_session_frame_span (self, self->playhead));
}

void
praxi_session_scrub (PraxiSession *self, int ordinal)
{
  praxi_session_stop_playing (self);
  praxi_session_move_playhead (self, ordinal, FALSE);
}

void
praxi_session_step (PraxiSession *self, int frames)
{
  praxi_session_seek (self, self->playhead + frames);
}

void
praxi_session_step_time (PraxiSession *self, gint64 by_ns)
{
  const gint64 now_ns = praxi_session_frame_span (self, self->playhead).start_ns;
  praxi_session_seek (self, praxi_session_frame_at (self, now_ns + by_ns));
}

void
praxi_session_set_picture_size (PraxiSession *self, int width_px, int height_px)
{
  if (width_px == self->picture_width_px && height_px == self->picture_height_px)
    return;
  const gboolean grows = width_px > self->picture_width_px || height_px > self->picture_height_px;
  self->picture_width_px = width_px;
  self->picture_height_px = height_px;
  if (grows && self->speed == 0 && self->index != NULL)
    request_picture (self, TRUE);
}

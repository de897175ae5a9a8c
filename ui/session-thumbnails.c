#include "ui/session-thumbnails.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#include "ui/session-private.h"
#include "ui/session-report.h"
#include "ui/session-settings.h"

enum { WIDTH_PX = 160, HEIGHT_PX = 90 };

#define TRIED "praxi-thumbnail-tried"

static void next (PraxiSession *self);

/* --- on the disk --------------------------------------------------------------------------- */

/* Another file of the same name has another picture. NULL when the file cannot be seen. */
static char *
kept_path (PraxiMediaItem *item)
{
  struct stat info;
  const char *path = praxi_media_item_path (item);
  if (stat (path, &info) != 0)
    return NULL;
  g_autofree char *key = g_strdup_printf ("%s\n%" G_GINT64_FORMAT ".%09ld\n%" G_GINT64_FORMAT, path,
                                          (gint64) info.st_mtim.tv_sec, (long) info.st_mtim.tv_nsec,
                                          (gint64) info.st_size);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  g_autofree char *name = g_strconcat (digest, ".png", NULL);
  return g_build_filename (g_get_user_cache_dir (), "praxiscope", "thumbnails", name, NULL);
}

static gboolean
show_kept (PraxiMediaItem *item)
{
  g_autofree char *path = kept_path (item);
  g_autoptr (GdkTexture) texture = path != NULL && g_file_test (path, G_FILE_TEST_EXISTS)
                                       ? gdk_texture_new_from_filename (path, NULL)
                                       : NULL;
  if (texture == NULL)
    return FALSE;
  praxi_media_item_set_thumbnail (item, texture);
  return TRUE;
}

static void
keep (PraxiSession *self, PraxiMediaItem *item)
{
  g_autofree char *path = kept_path (item);
  if (path == NULL ||
      !praxi_settings_boolean (praxi_session_settings (self), PRAXI_SETTING_THUMBNAILS))
    return;
  g_autofree char *folder = g_path_get_dirname (path);
  g_mkdir_with_parents (folder, 0700);
  gdk_texture_save_to_png (praxi_media_item_thumbnail (item), path);
}

/* --- from the decode helper ---------------------------------------------------------------- */

static gboolean
next_cb (gpointer user_data)
{
  PraxiSession *self = user_data;
  self->thumbnail_source = 0;
  next (self);
  return G_SOURCE_REMOVE;
}

static void
go_on (PraxiSession *self)
{
  g_clear_pointer (&self->thumbnail_client, praxi_decode_client_free);
  g_clear_object (&self->thumbnail_item);
  if (self->thumbnail_source == 0)
    self->thumbnail_source = g_idle_add (next_cb, self);
}

static void
ready_cb (PraxiDecodeClient *client,
          const PraxiDecodeInfo *info,
          PraxiFrameIndex *index,
          gpointer user_data)
{
  PraxiSession *self = user_data;
  const int n_frames = praxi_frame_index_length (index);
  if (n_frames > 0)
    praxi_media_item_set_length (self->thumbnail_item,
                                 praxi_frame_index_end_ns (index, n_frames - 1) -
                                     praxi_frame_index_pts_ns (index, 0),
                                 info->display_width, info->display_height);
  praxi_decode_client_request (client, n_frames / 10, WIDTH_PX, HEIGHT_PX, FALSE);
}

static void
picture_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  PraxiSession *self = user_data;
  g_autoptr (GdkTexture) texture =
      gdk_memory_texture_new (picture->width, picture->height, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED,
                              picture->pixels, (gsize) picture->stride_bytes);
  praxi_media_item_set_thumbnail (self->thumbnail_item, texture);
  keep (self, self->thumbnail_item);
  go_on (self);
}

static void
failed_cb (PraxiDecodeClient *client, const GError *error, gpointer user_data)
{
  go_on (user_data);
}

static void
start (PraxiSession *self, PraxiMediaItem *item)
{
  static const PraxiDecodeCallbacks callbacks = {
      .ready = ready_cb, .picture = picture_cb, .failed = failed_cb};
  self->thumbnail_item = g_object_ref (item);
  self->thumbnail_client = praxi_decode_client_new (self->praxi_path, praxi_media_item_path (item),
                                                    &callbacks, self, NULL);
  if (self->thumbnail_client == NULL)
    go_on (self);
}

/* The open one gets its picture from the player; it is only kept here. */
static gboolean
is_served (PraxiSession *self, PraxiMediaItem *item)
{
  if (g_object_get_data (G_OBJECT (item), TRIED) != NULL || praxi_media_item_is_missing (item) ||
      praxi_media_item_is_camera (item))
    return TRUE;
  if (item == self->media && praxi_media_item_thumbnail (item) == NULL)
    return TRUE;
  g_object_set_data (G_OBJECT (item), TRIED, GINT_TO_POINTER (1));
  if (praxi_media_item_thumbnail (item) != NULL) {
    keep (self, item);
    return TRUE;
  }
  return FALSE;
}

static void
next (PraxiSession *self)
{
  GListModel *list = G_LIST_MODEL (self->media_list);
  if (self->is_closed || self->thumbnail_client != NULL)
    return;
  for (guint i = 0; i < g_list_model_get_n_items (list); i++) {
    g_autoptr (PraxiMediaItem) item = g_list_model_get_item (list, i);
    if (is_served (self, item))
      continue;
    if (show_kept (item))
      go_on (self);
    else
      start (self, item);
    return;
  }
}

void
praxi_session_make_thumbnails (PraxiSession *self)
{
  if (!praxi_session_only_reads (self) && self->thumbnail_client == NULL &&
      self->thumbnail_source == 0)
    self->thumbnail_source = g_idle_add (next_cb, self);
}

void
praxi_session_thumbnails_close (PraxiSession *self)
{
  g_clear_handle_id (&self->thumbnail_source, g_source_remove);
  g_clear_pointer (&self->thumbnail_client, praxi_decode_client_free);
  g_clear_object (&self->thumbnail_item);
}

#include "ui/companion.h"

#include "engine/media/decode-client.h"

struct _PraxiCompanion {
  GObject parent_instance;
  PraxiMediaItem *item;
  gint64 media_id;
  PraxiDecodeClient *client;
  PraxiFrameIndex *index; /* NULL until it is known */
  int width_px, height_px;
  char *error;
  gboolean has_delta;
  gint64 delta_ns;
  gint64 time_ns; /* of the open footage */
  gboolean follows;
  int frame;     /* that the time asks for, -1 for none */
  int asked_for; /* of the client last, -1 for none */
  PraxiPicture picture;
  int picture_width_px, picture_height_px;
};

enum { SIGNAL_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PraxiCompanion, praxi_companion, G_TYPE_OBJECT)

static void
changed (PraxiCompanion *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* --- its footage --------------------------------------------------------------------------- */

PraxiMediaItem *
praxi_companion_item (PraxiCompanion *self)
{
  return self->item;
}

const char *
praxi_companion_error (PraxiCompanion *self)
{
  return self->error;
}

gint64
praxi_companion_media_id (PraxiCompanion *self)
{
  return self->media_id;
}

void
praxi_companion_set_media_id (PraxiCompanion *self, gint64 media_id)
{
  self->media_id = media_id;
}

int
praxi_companion_n_frames (PraxiCompanion *self)
{
  return self->index != NULL ? praxi_frame_index_length (self->index) : 0;
}

PraxiTimeSpan
praxi_companion_frame_span (PraxiCompanion *self, int ordinal)
{
  if (self->index == NULL)
    return (PraxiTimeSpan){0, 1};
  return (PraxiTimeSpan){praxi_frame_index_pts_ns (self->index, ordinal),
                         praxi_frame_index_end_ns (self->index, ordinal)};
}

PraxiTimeSpan
praxi_companion_footage (PraxiCompanion *self)
{
  const int n_frames = praxi_companion_n_frames (self);
  return (PraxiTimeSpan){praxi_companion_frame_span (self, 0).start_ns,
                         praxi_companion_frame_span (self, MAX (n_frames - 1, 0)).end_ns};
}

int
praxi_companion_frame_at (PraxiCompanion *self, gint64 time_ns)
{
  return self->index != NULL ? praxi_frame_index_ordinal_at (self->index, time_ns) : 0;
}

void
praxi_companion_frame_size (PraxiCompanion *self, int *width_px, int *height_px)
{
  *width_px = self->width_px;
  *height_px = self->height_px;
}

/* --- pictures ------------------------------------------------------------------------------ */

static int
wanted_frame (PraxiCompanion *self)
{
  const gint64 at_ns = self->time_ns + self->delta_ns;
  if (!self->follows || !self->has_delta || praxi_companion_n_frames (self) == 0 ||
      !praxi_time_span_contains (praxi_companion_footage (self), at_ns))
    return -1;
  return praxi_companion_frame_at (self, at_ns);
}

static void
request (PraxiCompanion *self, gboolean exact)
{
  if (self->frame < 0 || self->client == NULL)
    return;
  self->asked_for = self->frame;
  praxi_decode_client_request (self->client, self->frame, MAX (self->picture_width_px, 64),
                               MAX (self->picture_height_px, 64), exact);
}

static void
update_frame (PraxiCompanion *self, gboolean exact)
{
  const int frame = wanted_frame (self);
  if (frame == self->frame && (frame < 0 || self->picture.is_current || self->asked_for == frame))
    return;
  self->frame = frame;
  self->picture.is_current = FALSE;
  request (self, exact);
  changed (self);
}

void
praxi_companion_follow (PraxiCompanion *self, gint64 time_ns, gboolean exact)
{
  self->time_ns = time_ns;
  self->follows = TRUE;
  update_frame (self, exact);
}

gboolean
praxi_companion_has_delta (PraxiCompanion *self)
{
  return self->has_delta;
}

gint64
praxi_companion_delta_ns (PraxiCompanion *self)
{
  return self->delta_ns;
}

void
praxi_companion_set_delta_ns (PraxiCompanion *self, gint64 delta_ns)
{
  if (self->has_delta && self->delta_ns == delta_ns)
    return;
  self->has_delta = TRUE;
  self->delta_ns = delta_ns;
  update_frame (self, TRUE);
  changed (self);
}

int
praxi_companion_frame (PraxiCompanion *self)
{
  return self->frame;
}

PraxiPicture
praxi_companion_picture (PraxiCompanion *self)
{
  return self->picture;
}

void
praxi_companion_set_picture_size (PraxiCompanion *self, int width_px, int height_px)
{
  const gboolean grows = width_px > self->picture_width_px || height_px > self->picture_height_px;
  self->picture_width_px = width_px;
  self->picture_height_px = height_px;
  if (grows)
    request (self, TRUE);
}

static void
ready_cb (PraxiDecodeClient *client,
          const PraxiDecodeInfo *info,
          PraxiFrameIndex *index,
          gpointer user_data)
{
  PraxiCompanion *self = user_data;
  self->index = praxi_frame_index_ref (index);
  self->width_px = MAX (1, info->display_width);
  self->height_px = MAX (1, info->display_height);
  update_frame (self, TRUE);
  changed (self);
}

static void
picture_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  PraxiCompanion *self = user_data;
  g_clear_object (&self->picture.texture);
  self->picture = (PraxiPicture){
      .texture = gdk_memory_texture_new (picture->width, picture->height,
                                         GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, picture->pixels,
                                         (gsize) picture->stride_bytes),
      .ordinal = picture->ordinal,
      .pts_ns = picture->pts_ns,
      .is_current = picture->is_exact && picture->requested == self->frame,
  };
  if (picture->is_exact && picture->requested == self->asked_for)
    self->asked_for = -1;
  changed (self);
}

static void
failed_cb (PraxiDecodeClient *client, const GError *error, gpointer user_data)
{
  PraxiCompanion *self = user_data;
  self->error = g_strdup (error->message);
  g_clear_pointer (&self->client, praxi_decode_client_free);
  changed (self);
}

/* --- life ---------------------------------------------------------------------------------- */

PraxiCompanion *
praxi_companion_new (const char *praxi_path, PraxiMediaItem *item)
{
  static const PraxiDecodeCallbacks callbacks = {
      .ready = ready_cb, .picture = picture_cb, .failed = failed_cb};
  PraxiCompanion *self = g_object_new (PRAXI_TYPE_COMPANION, NULL);
  g_autoptr (GError) error = NULL;
  self->item = g_object_ref (item);
  self->client =
      praxi_decode_client_new (praxi_path, praxi_media_item_path (item), &callbacks, self, &error);
  if (self->client == NULL)
    self->error = g_strdup (error->message);
  return self;
}

void
praxi_companion_close (PraxiCompanion *self)
{
  g_clear_pointer (&self->client, praxi_decode_client_free);
}

static void
praxi_companion_finalize (GObject *object)
{
  PraxiCompanion *self = PRAXI_COMPANION (object);
  praxi_companion_close (self);
  g_clear_pointer (&self->index, praxi_frame_index_unref);
  g_clear_object (&self->picture.texture);
  g_clear_object (&self->item);
  g_free (self->error);
  G_OBJECT_CLASS (praxi_companion_parent_class)->finalize (object);
}

static void
praxi_companion_class_init (PraxiCompanionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = praxi_companion_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", PRAXI_TYPE_COMPANION, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
praxi_companion_init (PraxiCompanion *self)
{
  self->frame = self->asked_for = -1;
}

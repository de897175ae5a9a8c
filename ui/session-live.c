/* The open camera: its newest pictures, a timeline that grows, looking back and coming live again.
 */
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "ui/session-cameras-private.h"
#include "ui/session-review-private.h"

/* A tick shows a picture; every TICKS_TRACK one, scores are read; every TICKS_STALL one, a stall
 * grows.
 */
enum { TICK_MS = 33, TICKS_TRACK = 8, TICKS_STALL = 15, TICKS_THUMBNAIL = 90 };
enum { THUMBNAIL_WIDTH_PX = 96, THUMBNAIL_HEIGHT_PX = 54 };
#define SECOND_NS G_GINT64_CONSTANT (1000000000)
#define FIRST_VIEW_NS (120 * SECOND_NS)
#define MIN_GAP_NS (5 * SECOND_NS / 2)

/* Playing that comes this near to the end is live again. */
#define CATCH_UP_NS (3 * SECOND_NS / 2)

/* --- the frame index ----------------------------------------------------------------------- */

/* The end of what can be seen: while nothing comes, the time that passes is part of it. */
static gint64
end_ns (const PraxiUiCamera *camera)
{
  const PraxiLiveRecording *recording = &camera->recording;
  const gint64 last_ns = praxi_live_last_ns (recording);
  const gint64 silent_ns = (g_get_monotonic_time () - recording->heard_us) * 1000;
  const gboolean is_waiting = camera->job != NULL && !recording->has_ended;
  return last_ns + (is_waiting && silent_ns >= MIN_GAP_NS ? silent_ns : recording->frame_ns);
}

static void
show_index (PraxiUiCamera *camera)
{
  PraxiSession *self = camera->session;
  const PraxiLiveRecording *recording = &camera->recording;
  const int n_frames = praxi_frame_index_length (recording->index);
  const gint64 end = end_ns (camera);
  if (end <= praxi_live_last_ns (recording))
    return;
  praxi_frame_index_set_end (recording->index, end);
  if (self->index != recording->index) {
    g_clear_pointer (&self->index, praxi_frame_index_unref);
    self->index = praxi_frame_index_ref (recording->index);
  }
  self->cameras->n_shown_frames = (guint) n_frames;
  self->cameras->shown_end_ns = end;
  self->info.frames = n_frames;
  self->info.keyframes = praxi_frame_index_n_keyframes (self->index);
  self->info.first_pts_ns = praxi_frame_index_pts_ns (self->index, 0);
  self->info.duration_ns = praxi_frame_index_duration_ns (self->index);
  praxi_media_item_set_length (camera->item, self->info.duration_ns, recording->width,
                               recording->height);
}

static void
first_info (PraxiUiCamera *camera)
{
  const PraxiLiveRecording *recording = &camera->recording;
  camera->session->info = (PraxiDecodeInfo){
      .width = recording->width,
      .height = recording->height,
      .display_width = recording->width,
      .display_height = recording->height,
      .is_vfr = TRUE,
      .avg_rate = 1e9 / (double) recording->frame_ns,
  };
  g_strlcpy (camera->session->info.container, "matroska", sizeof camera->session->info.container);
}

/* --- following ----------------------------------------------------------------------------- */

static void
follow_view (PraxiSession *self)
{
  PraxiCameras *live = self->cameras;
  const PraxiTimeSpan footage = praxi_session_footage (self);
  if (!live->follows_view)
    return;
  live->is_moving = TRUE;
  praxi_session_set_visible (self, (PraxiTimeSpan){footage.end_ns - live->view_ns, footage.end_ns});
  live->is_moving = FALSE;
}

static void
follow_playhead (PraxiSession *self)
{
  PraxiCameras *live = self->cameras;
  const int last = praxi_session_n_frames (self) - 1;
  if (!live->is_live || last < 0 || last == self->playhead)
    return;
  live->is_moving = TRUE;
  self->playhead = last;
  praxi_session_changed (self, PRAXI_CHANGE_PLAYHEAD);
  live->is_moving = FALSE;
}

/* The person moved the timeline: away from its end it stays where it is, back at the end it
 * follows again.
 */
static void
judge_view (PraxiSession *self)
{
  PraxiCameras *live = self->cameras;
  const PraxiTimeSpan visible = praxi_session_visible (self);
  const PraxiTimeSpan footage = praxi_session_footage (self);
  const gint64 length_ns = praxi_time_span_length (visible);
  const gboolean is_at_end = visible.end_ns >= footage.end_ns - length_ns / 50;
  if (is_at_end && length_ns < praxi_time_span_length (footage))
    live->view_ns = length_ns;
  if (is_at_end == live->follows_view)
    return;
  live->follows_view = is_at_end;
  praxi_session_changed (self, PRAXI_CHANGE_LIVE);
}

static void
changed_cb (PraxiSession *self, guint changes, gpointer user_data)
{
  PraxiCameras *live = self->cameras;
  if (live->open == NULL || live->is_moving || self->index == NULL)
    return;
  if (changes == PRAXI_CHANGE_SPAN)
    judge_view (self);
  const gint64 rest_ns =
      praxi_session_footage (self).end_ns - praxi_session_frame_span (self, self->playhead).end_ns;
  if ((changes & PRAXI_CHANGE_PLAYHEAD) && !live->is_live && self->speed >= 1 &&
      rest_ns < CATCH_UP_NS && live->open->state == PRAXI_LIVE_ON)
    praxi_session_go_live (self);
}

/* --- pictures ------------------------------------------------------------------------------ */

/* Nearest neighbour: a few thousand pixels. */
static GdkTexture *
make_thumbnail (const PraxiLivePicture *picture)
{
  const double scale = MAX ((double) picture->width / THUMBNAIL_WIDTH_PX,
                            (double) picture->height / THUMBNAIL_HEIGHT_PX);
  const int width = CLAMP ((int) (picture->width / scale), 1, THUMBNAIL_WIDTH_PX);
  const int height = CLAMP ((int) (picture->height / scale), 1, THUMBNAIL_HEIGHT_PX);
  const guint32 *source = g_bytes_get_data (picture->pixels, NULL);
  guint32 *pixels = g_new (guint32, (gsize) width * height);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      pixels[y * width + x] =
          source[MIN ((int) ((y + 0.5) * scale), picture->height - 1) * picture->width +
                 MIN ((int) ((x + 0.5) * scale), picture->width - 1)];
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, (gsize) width * height * 4);
  return gdk_memory_texture_new (width, height, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes,
                                 (gsize) width * 4);
}

static void
show_picture (PraxiUiCamera *camera, const PraxiLivePicture *picture)
{
  PraxiSession *self = camera->session;
  const PraxiLiveRecording *recording = &camera->recording;
  const gint64 pts_ms = (picture->clock_us - recording->begin_clock_us + 500) / 1000;
  const int last = MAX (0, praxi_session_n_frames (self) - 1);
  g_clear_object (&self->picture.texture);
  self->picture = (PraxiPicture){
      .texture = gdk_memory_texture_new (picture->width, picture->height,
                                         GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, picture->pixels,
                                         (gsize) picture->width * 4),
      .ordinal = picture->frame >= 0 ? (int) MIN (picture->frame, G_MAXINT) : last,
      .pts_ns = MAX (0, pts_ms) * 1000000,
      .is_current = TRUE,
  };
  praxi_session_changed (self, PRAXI_CHANGE_PICTURE);
}

static void
take_picture (PraxiUiCamera *camera)
{
  PraxiCameras *live = camera->session->cameras;
  PraxiLivePicture picture;
  if (camera->ring == NULL || !praxi_live_ring_take (camera->ring, &picture))
    return;
  if (live->open == camera && live->is_live)
    show_picture (camera, &picture);
  if (live->n_ticks % TICKS_THUMBNAIL == 0 || praxi_media_item_thumbnail (camera->item) == NULL) {
    g_autoptr (GdkTexture) thumbnail = make_thumbnail (&picture);
    praxi_media_item_set_thumbnail (camera->item, thumbnail);
  }
  g_bytes_unref (picture.pixels);
}

static gboolean
tick_cb (gpointer user_data)
{
  PraxiSession *self = user_data;
  PraxiCameras *live = self->cameras;
  PraxiUiCamera *camera = live->open;
  live->n_ticks++;
  for (guint i = 0; i < live->list->len; i++)
    if (live->list->pdata[i] == camera || live->n_ticks % TICKS_THUMBNAIL == 0)
      take_picture (live->list->pdata[i]);
  if (camera == NULL)
    return G_SOURCE_CONTINUE;
  if (live->n_ticks % TICKS_TRACK == 0)
    praxi_session_refresh_track (self);
  if (live->n_ticks % TICKS_STALL == 0 && self->index != NULL &&
      end_ns (camera) != live->shown_end_ns)
    praxi_live_grew (camera);
  return G_SOURCE_CONTINUE;
}

/* --- what its job told --------------------------------------------------------------------- */

static void
show_recording (PraxiUiCamera *camera)
{
  PraxiSession *self = camera->session;
  PraxiCameras *live = self->cameras;
  g_clear_pointer (&self->client, praxi_decode_client_free);
  live->client_frames = 0;
  first_info (camera);
  show_index (camera);
  if (self->index == NULL)
    return;
  self->playhead = praxi_session_n_frames (self) - 1;
  live->is_moving = TRUE;
  self->visible = praxi_session_footage (self);
  praxi_session_labels_open_media (self);
  praxi_session_changed (self, PRAXI_CHANGE_ALL);
  live->is_moving = FALSE;
}

/* What came while the live picture was on the screen was looked at; a gap was not. */
static void
note_seen (PraxiSession *self, gint64 from_ns, guint n_before)
{
  const PraxiTimeSpan came = {from_ns, praxi_session_footage (self).end_ns};
  const gint64 length_ns = praxi_time_span_length (came);
  const gboolean has_come = self->cameras->n_shown_frames > n_before;
  if (has_come && self->cameras->is_live && length_ns > 0 && length_ns < SECOND_NS)
    praxi_session_add_seen (self, came);
}

void
praxi_live_grew (PraxiUiCamera *camera)
{
  PraxiSession *self = camera->session;
  PraxiCameras *live = self->cameras;
  if (live->open != camera || praxi_live_last_ns (&camera->recording) < 0)
    return;
  if (self->index == NULL) {
    show_recording (camera);
    return;
  }
  const PraxiTimeSpan before = praxi_session_footage (self);
  const guint n_before = live->n_shown_frames;
  show_index (camera);
  note_seen (self, before.end_ns, n_before);
  follow_playhead (self);
  follow_view (self);
  live->is_moving = TRUE;
  praxi_session_changed (self, PRAXI_CHANGE_SPAN | PRAXI_CHANGE_LIVE);
  live->is_moving = FALSE;
}

/* Whoever looks back goes on with what they look at, which is footage like any other now. */
static void
stay_with (PraxiSession *self, PraxiMediaItem *before)
{
  const gint64 at_ns = praxi_session_frame_span (self, self->playhead).start_ns;
  const int mark_in = self->mark_in, mark_out = self->mark_out;
  praxi_session_open_media (self, before);
  self->arrive_ns = at_ns;
  self->arrives = TRUE;
  self->mark_in = mark_in;
  self->mark_out = mark_out;
}

/* The camera goes on in another file. A label lies in one of them: one that is being marked live
 * begins with the new one. */
static void
go_on_with (PraxiSession *self, PraxiMediaItem *item)
{
  const gboolean is_live = self->cameras->is_live, is_marked = self->mark_in >= 0;
  praxi_session_media_close (self);
  praxi_session_open_media (self, item);
  self->cameras->is_live = is_live;
  if (!is_marked)
    return;
  self->mark_in = 0;
  praxi_session_say (self, FALSE,
                     _ ("The recording goes on in another file: the label begins with it"));
}

void
praxi_live_begun (PraxiUiCamera *camera, PraxiMediaItem *before)
{
  PraxiSession *self = camera->session;
  if (self->cameras->open != camera)
    return;
  if (before != NULL && !self->cameras->is_live) {
    stay_with (self, before);
    return;
  }
  g_autoptr (PraxiMediaItem) item = g_object_ref (camera->item);
  go_on_with (self, item);
}

void
praxi_live_state_changed (PraxiUiCamera *camera)
{
  if (camera->session->cameras->open == camera)
    praxi_session_changed (camera->session, PRAXI_CHANGE_LIVE);
}

/* --- opening and closing ------------------------------------------------------------------- */

static PraxiUiCamera *
find_by_item (PraxiSession *self, const PraxiMediaItem *item)
{
  for (guint i = 0; i < self->cameras->list->len; i++) {
    PraxiUiCamera *camera = self->cameras->list->pdata[i];
    if (camera->item == item)
      return camera;
  }
  return NULL;
}

/* Those of the media before are not this one's; its own come with the first recording. */
static void
forget_labels (PraxiSession *self)
{
  self->media_id = 0;
  GPtrArray *const lists[] = {self->kept_labels, self->labels, self->kept_verdicts, self->verdicts};
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    g_ptr_array_set_size (lists[i], 0);
}

gboolean
praxi_session_live_open (PraxiSession *self)
{
  PraxiCameras *live = self->cameras;
  PraxiUiCamera *camera = find_by_item (self, self->media);
  if (camera == NULL)
    return FALSE;
  live->open = camera;
  live->is_live = live->follows_view = TRUE;
  live->view_ns = FIRST_VIEW_NS;
  live->client_frames = 0;
  g_signal_handlers_disconnect_by_func (self, changed_cb, NULL);
  g_signal_connect (self, "changed", G_CALLBACK (changed_cb), NULL);
  if (camera->job == NULL && camera->restart_source == 0 && camera->recording.path == NULL)
    praxi_ui_camera_start (camera);
  if (camera->ring != NULL)
    praxi_live_ring_set_watched (camera->ring, TRUE);
  if (live->tick_source == 0)
    live->tick_source = g_timeout_add (TICK_MS, tick_cb, self);
  if (praxi_live_last_ns (&camera->recording) >= 0)
    show_recording (camera);
  else
    forget_labels (self);
  return TRUE;
}

void
praxi_session_live_leave (PraxiSession *self)
{
  PraxiCameras *live = self->cameras;
  if (live->open != NULL && live->open->ring != NULL)
    praxi_live_ring_set_watched (live->open->ring, FALSE);
  live->open = NULL;
  live->is_live = FALSE;
}

void
praxi_live_close (PraxiSession *self)
{
  praxi_session_live_leave (self);
  g_clear_handle_id (&self->cameras->tick_source, g_source_remove);
}

/* --- looking back -------------------------------------------------------------------------- */

void
praxi_session_live_look_back (PraxiSession *self)
{
  PraxiCameras *live = self->cameras;
  const int last = praxi_session_n_frames (self) - 1;
  if (live->open == NULL || last < 0 || (live->is_live && self->playhead == last))
    return;
  if (live->is_live) {
    live->is_live = FALSE;
    praxi_session_changed (self, PRAXI_CHANGE_LIVE);
  }
  if (self->client != NULL && (live->client_frames == 0 || self->playhead < live->client_frames))
    return;
  live->client_frames = 0;
  g_clear_pointer (&self->client, praxi_decode_client_free);
  praxi_session_start_client (self);
}

gboolean
praxi_session_live_ready (PraxiSession *self, int n_frames)
{
  if (self->cameras->open == NULL)
    return FALSE;
  self->cameras->client_frames = n_frames;
  return TRUE;
}

gboolean
praxi_session_live_pause (PraxiSession *self)
{
  PraxiCameras *live = self->cameras;
  if (live->open == NULL || !live->is_live)
    return FALSE;
  live->is_live = FALSE;
  self->picture.is_current = FALSE;
  praxi_session_changed (self, PRAXI_CHANGE_LIVE);
  praxi_session_move_playhead (self, self->playhead, TRUE);
  return TRUE;
}

void
praxi_session_go_live (PraxiSession *self)
{
  PraxiCameras *live = self->cameras;
  if (live->open == NULL)
    return;
  praxi_session_stop_playing (self);
  if (live->open->job == NULL)
    praxi_ui_camera_start (live->open);
  g_clear_pointer (&self->client, praxi_decode_client_free);
  self->waiting_for = -1;
  live->is_live = live->follows_view = TRUE;
  live->view_ns = MAX (praxi_time_span_length (self->visible), FIRST_VIEW_NS / 12);
  follow_playhead (self);
  if (self->index != NULL)
    follow_view (self);
  praxi_session_changed (self, PRAXI_CHANGE_LIVE | PRAXI_CHANGE_PICTURE);
}

/* --- reading ------------------------------------------------------------------------------- */

PraxiLiveView
praxi_session_live (PraxiSession *self)
{
  const PraxiCameras *live = self->cameras;
  const PraxiUiCamera *camera = live->open;
  if (camera == NULL)
    return (PraxiLiveView){.name = "", .text = ""};
  return (PraxiLiveView){
      .is_camera = TRUE,
      .is_running = camera->job != NULL,
      .is_live = live->is_live,
      .follows_view = live->follows_view,
      .state = camera->state,
      .name = camera->spec->name,
      .text = camera->text,
      .begin_at_us = camera->recording.begin_at_us,
      .n_dropped = camera->n_dropped,
  };
}

/* A picture that stands much longer than the others means that none came. */
const GArray *
praxi_session_gaps (PraxiSession *self)
{
  PraxiCameras *live = self->cameras;
  const gint64 end = self->index != NULL ? praxi_session_footage (self).end_ns : 0;
  if (live->gaps_of == self->index && live->gaps_end_ns == end)
    return live->gaps;
  live->gaps_of = self->index;
  live->gaps_end_ns = end;
  g_array_set_size (live->gaps, 0);
  const int n_frames = praxi_session_n_frames (self);
  for (int i = 0; i < n_frames; i++) {
    const PraxiTimeSpan frame = praxi_session_frame_span (self, i);
    if (praxi_time_span_length (frame) < MIN_GAP_NS)
      continue;
    const PraxiTimeSpan gap = {frame.start_ns + SECOND_NS / 25, frame.end_ns};
    g_array_append_val (live->gaps, gap);
  }
  return live->gaps;
}

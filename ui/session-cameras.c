/* Cameras and their jobs: starting, stopping, what they tell. */
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "engine/core/text.h"
#include "ui/session-cameras-private.h"
#include "ui/said.h"
#include "ui/session-settings.h"

/* A recording of an hour bounds what the timeline of a camera holds. */
#define SEGMENT_S "3600"
enum { RESTART_MS = 2000, KILL_AFTER_MS = 3000, USUAL_FRAME_NS = 40000000 };

/* --- what is said -------------------------------------------------------------------------- */

/* Shape and words, for colour alone says nothing. */
static const char *
state_sign (PraxiLiveState state)
{
  static const char *const signs[] = {[PRAXI_LIVE_OFF] = "○",
                                      [PRAXI_LIVE_CONNECTING] = "◌",
                                      [PRAXI_LIVE_ON] = "●",
                                      [PRAXI_LIVE_STALLED] = "▲",
                                      [PRAXI_LIVE_FAULT] = "▲"};
  return signs[state];
}

static void
show_state (PraxiUiCamera *camera)
{
  const char *what = camera->state == PRAXI_LIVE_ON ? _ ("Live") : camera->text;
  g_autofree char *text = g_strdup_printf ("%s %s", state_sign (camera->state), what);
  praxi_media_item_set_live (camera->item, text);
  praxi_live_state_changed (camera);
}

/* text: taken over */
static void
set_state (PraxiUiCamera *camera, PraxiLiveState state, char *text)
{
  g_free (camera->text);
  camera->text = text;
  camera->state = state;
  camera->state_at_us = g_get_monotonic_time ();
  show_state (camera);
}

static char *
local_time (const char *utc)
{
  g_autoptr (GDateTime) at = g_date_time_new_from_iso8601 (utc, NULL);
  g_autoptr (GDateTime) local = at != NULL ? g_date_time_to_local (at) : NULL;
  return local != NULL ? g_date_time_format (local, "%X") : g_strdup ("");
}

/* --- recordings ---------------------------------------------------------------------------- */

gint64
praxi_live_last_ns (const PraxiLiveRecording *recording)
{
  const int n = recording->index != NULL ? praxi_frame_index_length (recording->index) : 0;
  return n > 0 ? praxi_frame_index_pts_ns (recording->index, n - 1) : -1;
}

static void
recording_clear (PraxiLiveRecording *recording)
{
  g_clear_pointer (&recording->path, g_free);
  g_clear_pointer (&recording->index, praxi_frame_index_unref);
  *recording = (PraxiLiveRecording){0};
}

/* "Yard 14:03:05": what the camera recorded before becomes footage like any other. NULL: nothing.
 * The list owns it. */
static PraxiMediaItem *
list_recording (PraxiUiCamera *camera)
{
  const PraxiLiveRecording *recording = &camera->recording;
  const gint64 last_ns = praxi_live_last_ns (recording);
  if (recording->path == NULL || last_ns < 0)
    return NULL;
  g_autoptr (PraxiMediaItem) item = praxi_media_item_new (recording->path);
  g_autoptr (GDateTime) at =
      g_date_time_new_from_unix_local (recording->begin_at_us / G_USEC_PER_SEC);
  g_autofree char *time = g_date_time_format (at, "%x %X");
  g_autofree char *name = g_strdup_printf ("%s %s", camera->spec->name, time);
  praxi_media_item_set_name (item, name);
  praxi_media_item_set_length (item, last_ns + recording->frame_ns, recording->width,
                               recording->height);
  praxi_media_item_set_thumbnail (item, praxi_media_item_thumbnail (camera->item));
  g_list_store_append (camera->session->media_list, item);
  return item;
}

static void
take_recording (PraxiUiCamera *camera, JsonObject *line)
{
  PraxiLiveRecording *recording = &camera->recording;
  const char *uri = json_object_get_string_member_with_default (line, "file", "");
  char *path = g_filename_from_uri (uri, NULL, NULL);
  if (path == NULL)
    return;
  PraxiMediaItem *before = list_recording (camera);
  recording_clear (recording);
  recording->path = path;
  recording->begin_clock_us = json_object_get_int_member_with_default (line, "begin_clock_us", 0);
  recording->begin_at_us = json_object_get_int_member_with_default (line, "begin_at_us", 0);
  recording->width = (int) json_object_get_int_member_with_default (line, "width", 0);
  recording->height = (int) json_object_get_int_member_with_default (line, "height", 0);
  recording->index = praxi_frame_index_new_growing ();
  recording->frame_ns = USUAL_FRAME_NS;
  recording->heard_us = g_get_monotonic_time ();
  praxi_media_item_set_path (camera->item, path);
  praxi_media_item_set_name (camera->item, camera->spec->name);
  praxi_live_begun (camera, before);
}

/* Key frames are never moved: what follows them is shown after them. */
static void
mark_keys (PraxiLiveRecording *recording, JsonArray *pts_ms, JsonArray *keys)
{
  for (guint i = 0; i < json_array_get_length (keys); i++) {
    const gint64 number = json_array_get_int_element (keys, i);
    if (number < 0 || number >= json_array_get_length (pts_ms))
      continue;
    praxi_frame_index_add_keyframe (recording->index,
                                    json_array_get_int_element (pts_ms, (guint) number) * 1000000);
  }
}

static void
take_frames (PraxiUiCamera *camera, JsonObject *line)
{
  PraxiLiveRecording *recording = &camera->recording;
  JsonNode *pts = json_object_get_member (line, "pts_ms");
  JsonNode *keys = json_object_get_member (line, "keys");
  if (recording->path == NULL || pts == NULL || !JSON_NODE_HOLDS_ARRAY (pts) || keys == NULL ||
      !JSON_NODE_HOLDS_ARRAY (keys))
    return;
  JsonArray *pts_ms = json_node_get_array (pts);
  for (guint i = 0; i < json_array_get_length (pts_ms); i++)
    praxi_frame_index_add (recording->index, json_array_get_int_element (pts_ms, i) * 1000000);
  mark_keys (recording, pts_ms, json_node_get_array (keys));
  const int n = praxi_frame_index_length (recording->index);
  if (n >= 2)
    recording->frame_ns =
        CLAMP (praxi_live_last_ns (recording) - praxi_frame_index_pts_ns (recording->index, n - 2),
               1000000, 1000000000);
  recording->heard_us = g_get_monotonic_time ();
  praxi_live_grew (camera);
}

/* The ring made room: what is gone leaves the list, unless somebody looks at it. */
static void
forget_recording (PraxiUiCamera *camera, JsonObject *line)
{
  PraxiSession *session = camera->session;
  g_autofree char *path = g_filename_from_uri (
      json_object_get_string_member_with_default (line, "file", ""), NULL, NULL);
  GListModel *items = G_LIST_MODEL (session->media_list);
  for (guint i = 0; path != NULL && i < g_list_model_get_n_items (items); i++) {
    g_autoptr (PraxiMediaItem) item = g_list_model_get_item (items, i);
    if (item != session->media && g_str_equal (praxi_media_item_path (item), path)) {
      g_list_store_remove (session->media_list, i);
      return;
    }
  }
}

/* --- what a job tells ---------------------------------------------------------------------- */

/* A desktop notification, for who looks elsewhere, and a line in the window. */
static void
alert (PraxiUiCamera *camera, JsonObject *line)
{
  const char *class_name = json_object_get_string_member_with_default (line, "class", "");
  if (camera->spec->alerts == NULL ||
      !g_strv_contains ((const char *const *) camera->spec->alerts, class_name))
    return;
  g_autofree char *time = local_time (json_object_get_string_member_with_default (line, "at", ""));
  g_autofree char *title = g_strdup_printf (_ ("%s: %s"), camera->spec->name, class_name);
  g_autofree char *body = g_strdup_printf (
      _ ("It began at %s, with a score of %d %%."), time,
      (int) lround (json_object_get_double_member_with_default (line, "peak", 0) * 100));
  g_autofree char *both = g_strdup_printf ("%s. %s", title, body);
  praxi_session_say (camera->session, FALSE, both);
  GApplication *app = g_application_get_default ();
  if (app == NULL || !g_application_get_is_registered (app))
    return;
  g_autoptr (GNotification) notification = g_notification_new (title);
  g_notification_set_body (notification, body);
  g_notification_set_priority (notification, G_NOTIFICATION_PRIORITY_HIGH);
  g_application_send_notification (app, camera->spec->name, notification);
}

char *
praxi_camera_words (JsonObject *line)
{
  return praxi_said_text (json_object_get_string_member_with_default (line, "text", ""));
}

/* When the last picture came; a stall is noticed later. */
static char *
last_picture_time (PraxiUiCamera *camera, JsonObject *line)
{
  const PraxiLiveRecording *recording = &camera->recording;
  const gint64 last_ns = praxi_live_last_ns (recording);
  if (last_ns < 0)
    return local_time (json_object_get_string_member_with_default (line, "at", ""));
  g_autoptr (GDateTime) at =
      g_date_time_new_from_unix_local ((recording->begin_at_us + last_ns / 1000) / G_USEC_PER_SEC);
  return g_date_time_format (at, "%X");
}

static void
take_state (PraxiUiCamera *camera, const char *what, JsonObject *line)
{
  g_autofree char *text = praxi_camera_words (line);
  g_autofree char *time = last_picture_time (camera, line);
  if (g_str_equal (what, "picture") || g_str_equal (what, "back"))
    set_state (camera, PRAXI_LIVE_ON, g_strdup_printf (_ ("Live · %s"), text));
  else if (g_str_equal (what, "stall"))
    set_state (camera, PRAXI_LIVE_STALLED,
               g_strdup_printf (_ ("No picture since %s: %s"), time, text));
  else if (g_str_equal (what, "error"))
    set_state (camera, PRAXI_LIVE_FAULT, g_strdup (text));
  else if (g_str_equal (what, "note")) {
    g_autofree char *said = g_strdup_printf ("%s: %s", camera->spec->name, text);
    praxi_session_say (camera->session, FALSE, said);
  }
}

static void
line_cb (PraxiJob *job, JsonObject *line, gpointer user_data)
{
  PraxiUiCamera *camera = user_data;
  const char *what = json_object_get_string_member_with_default (line, "what", "");
  if (g_str_equal (what, "frames"))
    take_frames (camera, line);
  else if (g_str_equal (what, "recording-begin"))
    take_recording (camera, line);
  else if (g_str_equal (what, "recording-end"))
    camera->recording.has_ended = TRUE;
  else if (g_str_equal (what, "removed"))
    forget_recording (camera, line);
  else if (g_str_equal (what, "event-begin"))
    alert (camera, line);
  else if (g_str_equal (what, "drop"))
    camera->n_dropped = json_object_get_int_member_with_default (line, "total", 0);
  else
    take_state (camera, what, line);
  if (g_str_equal (what, "drop"))
    praxi_live_state_changed (camera);
}

static gboolean
restart_cb (gpointer user_data)
{
  PraxiUiCamera *camera = user_data;
  camera->restart_source = 0;
  praxi_ui_camera_start (camera);
  return G_SOURCE_REMOVE;
}

/* With what is known now. */
static void
restart (PraxiUiCamera *camera)
{
  if (camera->job == NULL)
    return;
  camera->starts_again = TRUE;
  praxi_job_cancel (camera->job);
}

/* A job that was killed is begun again; one that says why it cannot go on is not. */
static void
finished_cb (PraxiJob *job, gpointer user_data)
{
  PraxiUiCamera *camera = user_data;
  const gboolean has_failed = praxi_job_state (job) == PRAXI_JOB_FAILED;
  g_autofree char *text = has_failed ? g_strdup (praxi_job_error_text (job)) : g_strdup (_ ("Off"));
  const gboolean was_killed = has_failed && strstr (text, "signal") != NULL;
  g_clear_pointer (&camera->job, praxi_job_free);
  set_state (camera, has_failed ? PRAXI_LIVE_FAULT : PRAXI_LIVE_OFF, g_steal_pointer (&text));
  if (camera->starts_again)
    praxi_ui_camera_start (camera);
  else if (was_killed && camera->restart_source == 0)
    camera->restart_source = g_timeout_add (RESTART_MS, restart_cb, camera);
}

/* --- starting and stopping ----------------------------------------------------------------- */

static GStrv
make_arguments (const PraxiUiCamera *camera)
{
  const PraxiCameraSpec *spec = camera->spec;
  PraxiSession *session = camera->session;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_strv_builder_add_many (builder, session->praxi_path, "watch", "--progress", "json", "--project",
                           session->project_path, "--name", spec->name, "--segment", SEGMENT_S,
                           "--threads", "2", NULL);
  if (spec->keep_days > 0) {
    g_autofree char *days = g_strdup_printf ("%d", spec->keep_days);
    g_strv_builder_add_many (builder, "--keep-days", days, NULL);
  }
  if (spec->keep_gb > 0) {
    g_autofree char *size = g_strdup_printf ("%dG", spec->keep_gb);
    g_strv_builder_add_many (builder, "--keep-size", size, NULL);
  }
  if (camera->ring != NULL)
    g_strv_builder_add_many (builder, "--preview-fd", "3", NULL);
  if (spec->udp)
    g_strv_builder_add (builder, "--udp");
  if (*spec->user != '\0')
    g_strv_builder_add (builder, "--password-stdin");
  g_strv_builder_add_many (builder, "--", spec->url, NULL);
  return g_strv_builder_end (builder);
}

void
praxi_ui_camera_start (PraxiUiCamera *camera)
{
  static const PraxiJobEvents events = {.line = line_cb, .finished = finished_cb};
  if (camera->job != NULL || camera->session->is_closed)
    return;
  g_clear_handle_id (&camera->restart_source, g_source_remove);
  if (camera->ring == NULL)
    camera->ring = praxi_live_ring_new (NULL);
  g_auto (GStrv) argv = make_arguments (camera);
  g_autofree char *secret =
      g_strdup_printf ("%s\n%s\n", camera->spec->user, camera->spec->password);
  const PraxiJobExtras extras = {
      .fd = camera->ring != NULL ? praxi_live_ring_fd (camera->ring) : 0,
      .input = *camera->spec->user != '\0' ? secret : NULL,
      .kill_after_ms = KILL_AFTER_MS,
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_path_get_dirname (camera->session->project_path);
  g_mkdir_with_parents (folder, 0700); /* the first camera may come before the first video */
  camera->n_dropped = 0;
  camera->starts_again = FALSE;
  camera->job = praxi_job_start_with ((const char *const *) argv, &extras, &events, camera, &error);
  explicit_bzero (secret, strlen (secret));
  if (camera->job != NULL)
    set_state (camera, PRAXI_LIVE_CONNECTING, g_strdup (_ ("Connecting…")));
  else
    set_state (camera, PRAXI_LIVE_FAULT, g_strdup (error->message));
}

void
praxi_ui_camera_stop (PraxiUiCamera *camera)
{
  g_clear_handle_id (&camera->restart_source, g_source_remove);
  if (camera->job == NULL)
    return;
  praxi_job_cancel (camera->job);
  set_state (camera, PRAXI_LIVE_OFF, g_strdup (_ ("Ending the recording…")));
}

/* --- the list ------------------------------------------------------------------------------ */

static void
camera_free (gpointer data)
{
  PraxiUiCamera *camera = data;
  g_clear_handle_id (&camera->restart_source, g_source_remove);
  g_clear_pointer (&camera->job, praxi_job_free);
  praxi_live_ring_free (camera->ring);
  recording_clear (&camera->recording);
  g_clear_object (&camera->item);
  praxi_camera_spec_free (camera->spec);
  g_free (camera->text);
  g_free (camera);
}

void
praxi_session_cameras_init (PraxiSession *self)
{
  self->cameras = g_new0 (PraxiCameras, 1);
  self->cameras->list = g_ptr_array_new_with_free_func (camera_free);
  self->cameras->gaps = g_array_new (FALSE, FALSE, sizeof (PraxiTimeSpan));
}

void
praxi_session_cameras_close (PraxiSession *self)
{
  praxi_live_close (self);
  g_ptr_array_set_size (self->cameras->list, 0);
}

void
praxi_session_cameras_clear (PraxiSession *self)
{
  g_ptr_array_unref (self->cameras->list);
  g_array_unref (self->cameras->gaps);
  g_clear_pointer (&self->cameras, g_free);
}

static PraxiUiCamera *
find_camera (PraxiSession *self, const char *name)
{
  for (guint i = 0; i < self->cameras->list->len; i++) {
    PraxiUiCamera *camera = self->cameras->list->pdata[i];
    if (g_str_equal (camera->spec->name, name))
      return camera;
  }
  return NULL;
}

const char *
praxi_session_program (PraxiSession *self)
{
  return self->praxi_path;
}

int
praxi_session_n_cameras (PraxiSession *self)
{
  return (int) self->cameras->list->len;
}

gboolean
praxi_session_has_camera (PraxiSession *self, const char *name)
{
  return find_camera (self, name) != NULL;
}

static PraxiUiCamera *
add_row (PraxiSession *self, const PraxiCameraSpec *spec)
{
  PraxiUiCamera *camera = g_new0 (PraxiUiCamera, 1);
  camera->session = self;
  camera->spec = praxi_camera_spec_copy (spec);
  camera->item = praxi_media_item_new (spec->name);
  praxi_media_item_set_name (camera->item, spec->name);
  g_list_store_insert (self->media_list, self->cameras->list->len, camera->item);
  g_ptr_array_add (self->cameras->list, camera);
  set_state (camera, PRAXI_LIVE_OFF, g_strdup (_ ("Off")));
  return camera;
}

/* Who asked the keyring may be gone when it answers. */
typedef struct {
  GWeakRef session;
  char *name;
} Asked;

static void
found_secret_cb (gboolean ok, const char *user, const char *password, gpointer user_data)
{
  g_autofree Asked *asked = user_data;
  g_autofree char *name = asked->name;
  g_autoptr (PraxiSession) self = g_weak_ref_get (&asked->session);
  g_weak_ref_clear (&asked->session);
  PraxiUiCamera *camera = self != NULL && !self->is_closed ? find_camera (self, name) : NULL;
  if (!ok || camera == NULL || *camera->spec->user != '\0')
    return;
  g_free (camera->spec->user);
  g_free (camera->spec->password);
  camera->spec->user = g_strdup (user);
  camera->spec->password = g_strdup (password);
  restart (camera);
}

static void
ask_secret (PraxiUiCamera *camera)
{
  Asked *asked = g_new0 (Asked, 1);
  g_weak_ref_init (&asked->session, camera->session);
  asked->name = g_strdup (camera->spec->name);
  praxi_secrets_find (camera->spec, found_secret_cb, asked);
}

void
praxi_session_load_cameras (PraxiSession *self)
{
  g_autoptr (GPtrArray) specs = praxi_camera_specs_load (praxi_session_settings (self));
  for (guint i = 0; i < specs->len; i++) {
    const PraxiCameraSpec *spec = specs->pdata[i];
    if (praxi_session_has_camera (self, spec->name))
      continue;
    PraxiUiCamera *camera = add_row (self, spec);
    if (spec->remembers)
      ask_secret (camera);
  }
}

static void
kept_secret_cb (gboolean ok, const char *user, const char *password, gpointer user_data)
{
  g_autoptr (PraxiSession) self = user_data;
  if (!ok)
    praxi_session_say (
        self, FALSE,
        _ ("The keyring does not take the password: it is known until the window closes"));
}

void
praxi_session_add_camera (PraxiSession *self, const PraxiCameraSpec *spec)
{
  PraxiUiCamera *camera = find_camera (self, spec->name);
  if (camera == NULL) {
    camera = add_row (self, spec);
  } else {
    g_autoptr (PraxiCameraSpec) before = camera->spec;
    camera->spec = praxi_camera_spec_copy (spec);
    if (before->remembers && !spec->remembers)
      praxi_secrets_forget (before->url);
    restart (camera);
  }
  praxi_camera_spec_save (spec, praxi_session_settings (self));
  if (spec->remembers && *spec->user != '\0')
    praxi_secrets_keep (spec, kept_secret_cb, g_object_ref (self));
  praxi_ui_camera_start (camera);
  praxi_session_open_media (self, camera->item);
}

const PraxiCameraSpec *
praxi_session_camera_spec (PraxiSession *self)
{
  return self->cameras->open != NULL ? self->cameras->open->spec : NULL;
}

void
praxi_session_toggle_camera (PraxiSession *self)
{
  PraxiUiCamera *camera = self->cameras->open;
  if (camera == NULL)
    return;
  if (camera->job != NULL)
    praxi_ui_camera_stop (camera);
  else
    praxi_ui_camera_start (camera);
}

void
praxi_session_cameras_follow_project (PraxiSession *self)
{
  for (guint i = 0; i < self->cameras->list->len; i++)
    restart (self->cameras->list->pdata[i]);
}

void
praxi_session_remove_camera (PraxiSession *self)
{
  if (self->cameras->open != NULL)
    praxi_session_remove_camera_item (self, self->cameras->open->item);
}

void
praxi_session_remove_camera_item (PraxiSession *self, PraxiMediaItem *item)
{
  PraxiUiCamera *camera = NULL;
  guint position;
  for (guint i = 0; i < self->cameras->list->len; i++)
    if (((PraxiUiCamera *) self->cameras->list->pdata[i])->item == item)
      camera = self->cameras->list->pdata[i];
  if (camera == NULL)
    return;
  praxi_camera_spec_forget (camera->spec->name, praxi_session_settings (self));
  if (camera->spec->remembers)
    praxi_secrets_forget (camera->spec->url);
  list_recording (camera);
  if (self->cameras->open == camera)
    praxi_session_media_close (self);
  if (g_list_store_find (self->media_list, camera->item, &position))
    g_list_store_remove (self->media_list, position);
  g_ptr_array_remove (self->cameras->list, camera);
  praxi_session_changed (self, PRAXI_CHANGE_ALL);
}

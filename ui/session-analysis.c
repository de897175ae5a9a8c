/* The analysis of the open media: a job that fills a track, the track while it grows, its events.
 */
#include <glib/gi18n.h>
#include <math.h>

#include "engine/core/text.h"
#include "ui/session-cameras.h"
#include "ui/session-jobs.h"
#include "ui/session-model.h"
#include "ui/session-settings.h"

enum { FOLLOW_MS = 100 };

static gboolean is_analysing (PraxiSession *self);

static int
compare_events (gconstpointer a, gconstpointer b)
{
  const PraxiEvent *first = a, *second = b;
  if (first->start_ns != second->start_ns)
    return first->start_ns < second->start_ns ? -1 : 1;
  return first->class_index - second->class_index;
}

/* Zero in a run means "none", in the options it means "by default". */
static gint64
length_ns (JsonObject *given, const char *name)
{
  const double length_s = json_object_get_double_member_with_default (given, name, NAN);
  if (isnan (length_s))
    return 0;
  return length_s > 0 ? (gint64) (MIN (length_s, 1e6) * 1e9) : PRAXI_EVENTS_NONE;
}

static gint64
own_length_ns (PraxiSession *self, const char *setting)
{
  const double length_s = praxi_settings_number (praxi_session_settings (self), setting);
  return length_s > 0 ? (gint64) (length_s * 1e9) : PRAXI_EVENTS_NONE;
}

/* What the run says of the class; what it leaves out stays by default. */
static PraxiEventOptions
run_options (JsonObject *thresholds, const char *class_name)
{
  JsonNode *node = thresholds != NULL ? json_object_get_member (thresholds, class_name) : NULL;
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return (PraxiEventOptions){0};
  JsonObject *given = json_node_get_object (node);
  return (PraxiEventOptions){
      .enter = json_object_get_double_member_with_default (given, "enter", 0),
      .exit = json_object_get_double_member_with_default (given, "exit", 0),
      .min_length_ns = length_ns (given, "min_length_s"),
      .merge_gap_ns = length_ns (given, "merge_gap_s"),
      .smooth_ns = length_ns (given, "smooth_s"),
  };
}

static PraxiEventOptions
event_options (PraxiSession *self, JsonObject *thresholds, const char *class_name)
{
  PraxiEventOptions options = run_options (thresholds, class_name);
  praxi_session_apply_own_enter (self, class_name, &options);
  if (!praxi_settings_boolean (praxi_session_settings (self), PRAXI_SETTING_OWN_EVENTS))
    return options;
  options.smooth_ns = own_length_ns (self, PRAXI_SETTING_SMOOTH);
  options.min_length_ns = own_length_ns (self, PRAXI_SETTING_MIN_LENGTH);
  options.merge_gap_ns = own_length_ns (self, PRAXI_SETTING_MERGE_GAP);
  return options;
}

static void
take_thresholds (PraxiSession *self, JsonObject *run)
{
  JsonNode *node = run != NULL ? json_object_get_member (run, "thresholds") : NULL;
  g_clear_pointer (&self->thresholds, json_object_unref);
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    self->thresholds = json_object_ref (json_node_get_object (node));
}

double
praxi_session_enter_threshold (PraxiSession *self, const char *class_name)
{
  const PraxiEventOptions options = event_options (self, self->thresholds, class_name);
  return praxi_events_resolve (&options).enter;
}

/* The last window may reach beyond the last frame; its event does not. */
static void
clip_events (PraxiSession *self, GArray *events)
{
  const gint64 end_ns = praxi_session_footage (self).end_ns;
  for (guint i = 0; self->index != NULL && i < events->len; i++) {
    PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    event->end_ns = MAX (MIN (event->end_ns, end_ns), event->start_ns + 1);
  }
}

/* Appends the events of one class. */
static void
find_class_events (PraxiSession *self,
                   const PraxiScoreTrack *track,
                   JsonObject *thresholds,
                   int class_index,
                   GArray *events)
{
  const char *name = praxi_score_track_class_name (track, class_index);
  const PraxiEventOptions options = event_options (self, thresholds, name);
  if (!praxi_events_is_background (name))
    praxi_events_find (track, class_index, &options, events);
}

void
praxi_session_find_events (PraxiSession *self,
                           const PraxiScoreTrack *track,
                           JsonObject *thresholds,
                           GArray *events)
{
  for (int c = 0; c < praxi_score_track_n_classes (track); c++)
    find_class_events (self, track, thresholds, c, events);
  clip_events (self, events);
  g_array_sort (events, compare_events);
}

/* The event of the same class that stands where the selected one stood stays selected. */
static void
keep_selection (PraxiSession *self, const PraxiEvent *was)
{
  int index = -1;
  for (guint i = 0; was != NULL && i < self->events->len && index < 0; i++) {
    const PraxiEvent *event = &g_array_index (self->events, PraxiEvent, i);
    if (event->class_index == was->class_index && event->start_ns < was->end_ns &&
        was->start_ns < event->end_ns)
      index = (int) i;
  }
  if (index != self->selected_event && self->selected_event >= 0)
    praxi_session_select_event (self, index);
}

static void
drop_events (PraxiSession *self, int class_index)
{
  guint kept = 0;
  for (guint i = 0; i < self->events->len; i++) {
    const PraxiEvent event = g_array_index (self->events, PraxiEvent, i);
    if (event.class_index != class_index)
      g_array_index (self->events, PraxiEvent, kept++) = event;
  }
  g_array_set_size (self->events, kept);
}

/* class_index: -1 for all */
static void
find_events (PraxiSession *self, int class_index)
{
  const PraxiEvent *selected = praxi_session_event (self, self->selected_event);
  const PraxiEvent was = selected != NULL ? *selected : (PraxiEvent){0};
  if (class_index < 0 || self->track == NULL)
    g_array_set_size (self->events, 0);
  if (self->track != NULL && class_index < 0) {
    praxi_session_find_events (self, self->track, self->thresholds, self->events);
  } else if (self->track != NULL) {
    drop_events (self, class_index);
    find_class_events (self, self->track, self->thresholds, class_index, self->events);
    clip_events (self, self->events);
    g_array_sort (self->events, compare_events);
  }
  keep_selection (self, selected != NULL ? &was : NULL);
}

PraxiEventOptions
praxi_session_event_options (PraxiSession *self, const char *class_name)
{
  return event_options (self, self->thresholds, class_name);
}

void
praxi_session_form_class_events (PraxiSession *self, int class_index)
{
  find_events (self, class_index);
  praxi_session_changed (self, PRAXI_CHANGE_TRACK);
}

static double
track_share (const PraxiScoreTrack *track)
{
  const int n_windows = praxi_score_track_n_windows (track);
  if (praxi_score_track_state (track) == PRAXI_SCORE_TRACK_FINISHED || n_windows == 0)
    return 1;
  return (double) praxi_score_track_filled (track) / n_windows;
}

static void
track_changed (PraxiSession *self)
{
  self->track_revision++;
  find_events (self, -1);
  if (self->track != NULL && self->media != NULL)
    praxi_media_item_set_analysed (self->media, track_share (self->track));
  praxi_session_changed (self, PRAXI_CHANGE_TRACK);
}

void
praxi_session_form_events (PraxiSession *self)
{
  if (self->track != NULL)
    track_changed (self);
}

static void
forget_track (PraxiSession *self)
{
  g_clear_pointer (&self->track, praxi_score_track_free);
  g_clear_pointer (&self->track_path, g_free);
  g_clear_pointer (&self->estimate, praxi_score_track_free);
}

/* A track that cannot be read yet is tried again at the next tick while its job runs. */
static void
open_track (PraxiSession *self, gboolean may_fail)
{
  g_autoptr (GError) error = NULL;
  self->track = praxi_score_track_open (self->track_path, &error);
  if (self->track == NULL && !may_fail)
    praxi_session_say (self, TRUE, error->message);
  if (self->track != NULL)
    track_changed (self);
}

void
praxi_session_show_run (PraxiSession *self, const char *track_path, const char *params)
{
  if (is_analysing (self))
    return;
  g_autoptr (JsonNode) root = params != NULL ? json_from_string (params, NULL) : NULL;
  take_thresholds (self, root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root)
                                                                       : NULL);
  forget_track (self);
  self->track_path = g_strdup (track_path);
  open_track (self, FALSE);
}

/* The job removes its estimates when it ends: a file that is gone is no error, and what was read of
 * a job that was cancelled goes too.
 */
static void
refresh_estimate (PraxiSession *self)
{
  const char *path =
      is_analysing (self) && self->analysis_run != NULL
          ? json_object_get_string_member_with_default (self->analysis_run, "estimate", NULL)
          : NULL;
  gboolean changed = path == NULL && self->estimate != NULL;
  if (path == NULL)
    g_clear_pointer (&self->estimate, praxi_score_track_free);
  else if (self->estimate == NULL)
    changed = (self->estimate = praxi_score_track_open (path, NULL)) != NULL;
  else
    praxi_score_track_refresh (self->estimate, &changed, NULL);
  if (!changed)
    return;
  self->track_revision++;
  praxi_session_changed (self, PRAXI_CHANGE_TRACK);
}

static void
refresh_track (PraxiSession *self)
{
  if (self->track_path == NULL || self->media != self->analysed_media)
    return;
  refresh_estimate (self);
  if (self->track == NULL) {
    open_track (self, is_analysing (self));
    return;
  }
  praxi_session_refresh_track (self);
}

void
praxi_session_refresh_track (PraxiSession *self)
{
  if (self->track == NULL)
    return;
  gboolean changed = FALSE;
  g_autoptr (GError) error = NULL;
  if (!praxi_score_track_refresh (self->track, &changed, &error))
    praxi_session_say (self, TRUE, error->message);
  if (changed)
    track_changed (self);
}

/* The open media is the one being analysed: its track is the one the job fills. */
static void
follow_analysis (PraxiSession *self)
{
  forget_track (self);
  take_thresholds (self, self->analysis_run);
  self->track_path =
      g_strdup (json_object_get_string_member_with_default (self->analysis_run, "track", ""));
  open_track (self, TRUE);
}

static gboolean
follow_cb (gpointer user_data)
{
  refresh_track (user_data);
  return G_SOURCE_CONTINUE;
}

void
praxi_session_analysis_open_media (PraxiSession *self)
{
  if (self->events == NULL)
    self->events = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
  forget_track (self);
  if (is_analysing (self) && self->analysis_run != NULL)
    follow_analysis (self);
  track_changed (self);
}

void
praxi_session_analysis_close (PraxiSession *self)
{
  g_clear_handle_id (&self->follow_source, g_source_remove);
  forget_track (self);
  g_clear_pointer (&self->events, g_array_unref);
  g_clear_pointer (&self->thresholds, json_object_unref);
  g_clear_pointer (&self->device, g_free);
  g_clear_object (&self->analysed_media);
  g_clear_pointer (&self->analysis_run, json_object_unref);
}

/* --- reading ------------------------------------------------------------------------------- */

const PraxiScoreTrack *
praxi_session_track (PraxiSession *self)
{
  return self->track;
}

const PraxiScoreTrack *
praxi_session_estimate (PraxiSession *self)
{
  return self->estimate;
}

guint
praxi_session_track_revision (PraxiSession *self)
{
  return self->track_revision;
}

const GArray *
praxi_session_events (PraxiSession *self)
{
  if (self->events == NULL)
    self->events = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
  return self->events;
}

const PraxiEvent *
praxi_session_event (PraxiSession *self, int index)
{
  const GArray *events = praxi_session_events (self);
  return index >= 0 && index < (int) events->len ? &g_array_index (events, PraxiEvent, index)
                                                 : NULL;
}

int
praxi_session_event_at (PraxiSession *self, gint64 time_ns)
{
  const GArray *events = praxi_session_events (self);
  for (guint i = 0; i < events->len; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    if (time_ns >= event->start_ns && time_ns < event->end_ns)
      return (int) i;
  }
  return -1;
}

/* --- the job ------------------------------------------------------------------------------- */

static void
line (PraxiSession *self, PraxiJobItem *item, JsonObject *line)
{
  if (!json_object_has_member (line, "track"))
    return;
  g_clear_pointer (&self->analysis_run, json_object_unref);
  self->analysis_run = json_object_ref (line);
  if (self->media == self->analysed_media)
    follow_analysis (self);
}

static void
note_device (PraxiSession *self, JsonObject *document)
{
  JsonArray *media = json_object_has_member (document, "media")
                         ? json_object_get_array_member (document, "media")
                         : NULL;
  if (media == NULL || json_array_get_length (media) == 0)
    return;
  JsonObject *first = json_array_get_object_element (media, 0);
  g_autofree char *backend =
      g_ascii_strup (json_object_get_string_member_with_default (first, "backend", ""), -1);
  g_autofree char *precision =
      g_ascii_strup (json_object_get_string_member_with_default (first, "precision", ""), -1);
  g_free (self->device);
  self->device =
      g_strdup_printf ("%s · %s", g_str_equal (backend, "CUDA") ? "GPU" : backend, precision);
}

static void
tell_events (PraxiSession *self)
{
  const gulong n_events = praxi_session_events (self)->len;
  g_autofree char *text =
      g_strdup_printf (ngettext ("%lu event found", "%lu events found", n_events), n_events);
  praxi_session_say (self, FALSE, text);
}

static void
finished (PraxiSession *self, PraxiJobItem *item)
{
  g_clear_handle_id (&self->follow_source, g_source_remove);
  const gboolean is_done = praxi_job_state (item->job) == PRAXI_JOB_DONE;
  if (praxi_job_document (item->job) != NULL)
    note_device (self, praxi_job_document (item->job));
  if (is_done)
    praxi_media_item_set_analysed (item->media, 1);
  refresh_track (self);
  if (is_done && self->media == item->media && praxi_session_events (self)->len > 0)
    tell_events (self);
  praxi_session_changed (self, PRAXI_CHANGE_TRACK);
}

static void
progress (PraxiSession *self, PraxiJobItem *item)
{
  if (item->media != self->media && !isnan (item->share))
    praxi_media_item_set_analysed (item->media, MIN (item->share, 0.99));
}

static void
begun (PraxiSession *self, PraxiJobItem *item)
{
  g_set_object (&self->analysed_media, item->media);
  g_clear_pointer (&self->analysis_run, json_object_unref);
  self->follow_source = g_timeout_add (FOLLOW_MS, follow_cb, self);
}

static void
add_number (GStrvBuilder *argv, PraxiSession *self, const char *option, const char *setting)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (text, sizeof text, "%.3f",
                   praxi_settings_number (praxi_session_settings (self), setting));
  g_strv_builder_add (argv, option);
  g_strv_builder_add (argv, text);
}

/* What is in view comes first, where that is a part only. */
static void
add_first (GStrvBuilder *argv, PraxiSession *self)
{
  const PraxiTimeSpan span = praxi_session_visible (self);
  char start[G_ASCII_DTOSTR_BUF_SIZE], end[G_ASCII_DTOSTR_BUF_SIZE];
  if (praxi_time_span_length (span) * 2 >= praxi_time_span_length (praxi_session_footage (self)))
    return;
  g_ascii_formatd (start, sizeof start, "%.3f", (double) span.start_ns / 1e9);
  g_ascii_formatd (end, sizeof end, "%.3f", (double) span.end_ns / 1e9);
  g_autofree char *first = g_strconcat (start, "-", end, NULL);
  g_strv_builder_add_many (argv, "--first", first, NULL);
}

static char **
make_argv (PraxiSession *self, PraxiJobItem *item)
{
  g_autoptr (GStrvBuilder) argv = g_strv_builder_new ();
  g_autofree char *model = praxi_session_model (self);
  g_strv_builder_add_many (argv, self->praxi_path, "analyze", "--json", "--progress", "json",
                           "--coarse", "--model", model, "--project", self->project_path, NULL);
  if (praxi_settings_boolean (praxi_session_settings (self), PRAXI_SETTING_OWN_EVENTS)) {
    add_number (argv, self, "--smooth", PRAXI_SETTING_SMOOTH);
    add_number (argv, self, "--min-length", PRAXI_SETTING_MIN_LENGTH);
    add_number (argv, self, "--merge-gap", PRAXI_SETTING_MERGE_GAP);
  }
  if (item->media == self->media)
    add_first (argv, self);
  g_strv_builder_add_many (argv, "--", praxi_media_item_path (item->media), NULL);
  return g_strv_builder_end (argv);
}

static const PraxiJobKind analysis_kind = {make_argv, begun, progress, line, finished};

static gboolean
is_analysing (PraxiSession *self)
{
  PraxiJobItem *running = self->is_closed ? NULL : praxi_session_running_job (self);
  return running != NULL && running->kind == &analysis_kind && running->media == self->media;
}

gboolean
praxi_session_is_queued (PraxiSession *self, PraxiMediaItem *media)
{
  return media != NULL && praxi_session_find_job (self, &analysis_kind, media) != NULL;
}

void
praxi_session_analyse_media (PraxiSession *self, PraxiMediaItem *media)
{
  if (praxi_session_is_queued (self, media) || praxi_media_item_is_missing (media) ||
      praxi_media_item_is_camera (media))
    return;
  praxi_session_enqueue (self, &analysis_kind,
                         g_strdup_printf (_ ("Analysing %s"), praxi_media_item_name (media)), media,
                         NULL);
}

void
praxi_session_analyse (PraxiSession *self)
{
  if (praxi_session_live (self).is_running)
    praxi_session_say (self, FALSE, _ ("A camera is analysed while it is recorded"));
  else if (self->media != NULL && self->index != NULL)
    praxi_session_analyse_media (self, self->media);
}

#include "ui/session-scene.h"

#include <glib/gi18n.h>

#include "engine/store/media-table.h"
#include "engine/store/scenes.h"
#include "ui/session-edits.h"
#include "ui/session-labelling.h"
#include "ui/session-project.h"

/* A wheel moves a video through many distances: only where it comes to rest is kept. */
enum { KEEP_AFTER_MS = 400 };

struct PraxiScene {
  GPtrArray *companions; /* PraxiCompanion */
  PraxiCompanion *chosen;
  GHashTable *unkept; /* PraxiCompanion whose distance the project does not know yet */
  guint keep_source;
};

/* One question to the store thread. */
typedef struct {
  PraxiSession *session;
  PraxiCompanion *companion; /* NULL when asking for all */
  char *path, *other;
  gint64 delta_ns;
  guint generation;
} Question;

static Question *
question_new (PraxiSession *self, PraxiCompanion *companion)
{
  Question *question = g_new0 (Question, 1);
  question->session = self;
  question->generation = self->store_generation;
  question->path = g_strdup (praxi_media_item_path (self->media));
  if (companion == NULL)
    return question;
  question->companion = g_object_ref (companion);
  question->other = g_strdup (praxi_media_item_path (praxi_companion_item (companion)));
  question->delta_ns = praxi_companion_delta_ns (companion);
  return question;
}

static void
question_free (Question *question)
{
  g_clear_object (&question->companion);
  g_free (question->path);
  g_free (question->other);
  g_free (question);
}

/* --- on the store thread ------------------------------------------------------------------- */

static gpointer
list_call (PraxiStore *store, gpointer data, GError **error)
{
  const Question *question = data;
  g_autoptr (PraxiMediaRow) row = praxi_store_find_media (store, question->path, NULL);
  return row != NULL ? praxi_store_list_scene (store, row->id, error) : NULL;
}

/* Returns the id of the other footage as gint64 *. */
static gpointer
join_call (PraxiStore *store, gpointer data, GError **error)
{
  const Question *question = data;
  const PraxiMediaRow first = {.path = question->path}, other = {.path = question->other};
  gint64 first_id = 0, other_id = 0;
  if (!praxi_store_add_media (store, &first, &first_id, error) ||
      !praxi_store_add_media (store, &other, &other_id, error) ||
      !praxi_store_join_scene (store, first_id, other_id, question->delta_ns, error))
    return NULL;
  return g_memdup2 (&other_id, sizeof other_id);
}

static gpointer
leave_call (PraxiStore *store, gpointer data, GError **error)
{
  const Question *question = data;
  g_autoptr (PraxiMediaRow) row = praxi_store_find_media (store, question->other, NULL);
  if (row != NULL)
    praxi_store_leave_scene (store, row->id, error);
  return NULL;
}

/* --- keeping ------------------------------------------------------------------------------- */

static void
kept_cb (gpointer result, const GError *error, gpointer data)
{
  Question *question = data;
  g_autofree gint64 *id = result;
  if (id != NULL && question->companion != NULL)
    praxi_companion_set_media_id (question->companion, *id);
  if (error != NULL && !question->session->is_closed)
    praxi_session_say (question->session, TRUE, error->message);
  question_free (question);
}

static void
keep_now (PraxiSession *self)
{
  PraxiScene *scene = self->scene;
  GHashTableIter iter;
  gpointer companion;
  g_clear_handle_id (&scene->keep_source, g_source_remove);
  g_hash_table_iter_init (&iter, scene->unkept);
  while (g_hash_table_iter_next (&iter, &companion, NULL))
    praxi_store_thread_call (praxi_session_store (self), join_call, question_new (self, companion),
                             kept_cb);
  g_hash_table_remove_all (scene->unkept);
}

static gboolean
keep_cb (gpointer user_data)
{
  PraxiSession *self = user_data;
  self->scene->keep_source = 0;
  keep_now (self);
  return G_SOURCE_REMOVE;
}

static void
set_delta (PraxiSession *self, PraxiCompanion *companion, gint64 delta_ns)
{
  PraxiScene *scene = self->scene;
  praxi_companion_set_delta_ns (companion, delta_ns);
  g_hash_table_add (scene->unkept, companion);
  g_clear_handle_id (&scene->keep_source, g_source_remove);
  scene->keep_source = g_timeout_add (KEEP_AFTER_MS, keep_cb, self);
  praxi_session_changed (self, PRAXI_CHANGE_SCENE);
}

/* --- which --------------------------------------------------------------------------------- */

guint
praxi_session_n_companions (PraxiSession *self)
{
  return self->scene->companions->len;
}

PraxiCompanion *
praxi_session_companion (PraxiSession *self, guint index)
{
  return self->scene->companions->pdata[index];
}

PraxiCompanion *
praxi_session_chosen_companion (PraxiSession *self)
{
  return self->scene->chosen;
}

void
praxi_session_choose_companion (PraxiSession *self, PraxiCompanion *companion)
{
  if (self->scene->chosen == companion)
    return;
  self->scene->chosen = companion;
  praxi_session_changed (self, PRAXI_CHANGE_SCENE);
}

static void
drop (PraxiSession *self, PraxiCompanion *companion)
{
  PraxiScene *scene = self->scene;
  g_signal_handlers_disconnect_by_data (companion, self);
  praxi_companion_close (companion);
  g_hash_table_remove (scene->unkept, companion);
  g_ptr_array_remove (scene->companions, companion);
  if (scene->chosen == companion)
    scene->chosen = scene->companions->len > 0 ? scene->companions->pdata[0] : NULL;
}

/* A new one begins where the open footage begins; that waits for the frames of both. */
static void
companion_changed_cb (PraxiCompanion *companion, PraxiSession *self)
{
  if (praxi_companion_error (companion) != NULL && praxi_companion_n_frames (companion) == 0) {
    g_autofree char *text = g_strdup (praxi_companion_error (companion));
    g_signal_handlers_disconnect_by_data (companion, self);
    praxi_session_say (self, TRUE, text);
    return;
  }
  if (praxi_companion_has_delta (companion) || praxi_companion_n_frames (companion) == 0 ||
      self->index == NULL)
    return;
  set_delta (self, companion,
             praxi_companion_footage (companion).start_ns - praxi_session_footage (self).start_ns);
}

static void
add (PraxiSession *self, PraxiCompanion *companion)
{
  PraxiScene *scene = self->scene;
  g_ptr_array_add (scene->companions, companion);
  if (scene->chosen == NULL)
    scene->chosen = companion;
  g_signal_connect (companion, "changed", G_CALLBACK (companion_changed_cb), self);
  if (self->index != NULL)
    praxi_companion_follow (companion, praxi_session_frame_span (self, self->playhead).start_ns,
                            TRUE);
  praxi_session_changed (self, PRAXI_CHANGE_SCENE);
}

static PraxiCompanion *
find (PraxiSession *self, const char *path)
{
  for (guint i = 0; i < self->scene->companions->len; i++) {
    PraxiCompanion *companion = self->scene->companions->pdata[i];
    if (g_str_equal (praxi_media_item_path (praxi_companion_item (companion)), path))
      return companion;
  }
  return NULL;
}

void
praxi_session_add_companion (PraxiSession *self, PraxiMediaItem *item)
{
  if (self->index == NULL || item == self->media)
    return;
  if (praxi_media_item_is_camera (item) || praxi_media_item_is_missing (item)) {
    g_autofree char *text = g_strdup_printf (_ ("%s has no frames to show in sync: choose a video"),
                                             praxi_media_item_name (item));
    praxi_session_say (self, FALSE, text);
    return;
  }
  if (find (self, praxi_media_item_path (item)) != NULL)
    return;
  if (self->scene->companions->len >= PRAXI_MAX_COMPANIONS) {
    praxi_session_say (self, FALSE,
                       _ ("Four videos are in sync already: take one out of the scene first"));
    return;
  }
  add (self, praxi_companion_new (self->praxi_path, item));
}

void
praxi_session_remove_companion (PraxiSession *self, PraxiCompanion *companion)
{
  Question *question = question_new (self, companion);
  g_hash_table_remove (self->scene->unkept, companion);
  praxi_store_thread_call (praxi_session_store (self), leave_call, question, kept_cb);
  drop (self, companion);
  praxi_session_changed (self, PRAXI_CHANGE_SCENE);
}

/* --- distance ------------------------------------------------------------------------------ */

/* From delta (of pts) to offset (of times since the first frames). */
static gint64
first_frames_ns (PraxiSession *self, PraxiCompanion *companion)
{
  return praxi_session_footage (self).start_ns - praxi_companion_footage (companion).start_ns;
}

gint64
praxi_session_companion_offset (PraxiSession *self, PraxiCompanion *companion)
{
  return praxi_companion_delta_ns (companion) + first_frames_ns (self, companion);
}

void
praxi_session_set_companion_offset (PraxiSession *self, PraxiCompanion *companion, gint64 offset_ns)
{
  const gint64 delta_ns = offset_ns - first_frames_ns (self, companion);
  if (praxi_companion_n_frames (companion) > 0 && delta_ns != praxi_companion_delta_ns (companion))
    set_delta (self, companion, delta_ns);
}

void
praxi_session_shift_companion (PraxiSession *self, int frames)
{
  PraxiCompanion *companion = self->scene->chosen;
  if (companion == NULL) {
    praxi_session_say (self, FALSE,
                       _ ("No video is in sync: select others in the list and press Y"));
    return;
  }
  const int n_frames = praxi_companion_n_frames (companion);
  if (n_frames == 0 || !praxi_companion_has_delta (companion))
    return;
  const int frame = praxi_companion_frame (companion);
  /* beyond its ends as long as frames lie there that last about as long */
  const int near = frame >= 0 ? frame : n_frames / 2;
  const int from =
      CLAMP (near, MIN (MAX (0, -frames), n_frames - 1), MAX (n_frames - 1 - MAX (0, frames), 0));
  const int to = CLAMP (from + frames, 0, n_frames - 1);
  const gint64 by_ns = praxi_companion_frame_span (companion, to).start_ns -
                       praxi_companion_frame_span (companion, from).start_ns;
  if (by_ns != 0)
    set_delta (self, companion, praxi_companion_delta_ns (companion) + by_ns);
}

void
praxi_session_scene_follow (PraxiSession *self, gboolean exact)
{
  const gint64 now_ns = praxi_session_frame_span (self, self->playhead).start_ns;
  for (guint i = 0; i < self->scene->companions->len; i++)
    praxi_companion_follow (self->scene->companions->pdata[i], now_ns, exact);
}

void
praxi_session_open_companion (PraxiSession *self)
{
  PraxiCompanion *companion = self->scene->chosen;
  if (companion == NULL || !praxi_companion_has_delta (companion))
    return;
  g_autoptr (PraxiMediaItem) item = g_object_ref (praxi_companion_item (companion));
  const gint64 at_ns = praxi_session_frame_span (self, self->playhead).start_ns +
                       praxi_companion_delta_ns (companion);
  if (!g_list_store_find (self->media_list, item, NULL))
    g_list_store_append (self->media_list, item);
  self->arrive_ns = at_ns;
  self->arrives = TRUE;
  praxi_session_open_media (self, item);
}

/* --- labels -------------------------------------------------------------------------------- */

/* NULL when it was not recording then, or the project does not know it yet. */
static PraxiLabel *
translate (PraxiSession *self, PraxiCompanion *companion, const PraxiUiLabel *shown)
{
  const gint64 delta_ns = praxi_companion_delta_ns (companion);
  const PraxiTimeSpan whole = praxi_companion_footage (companion);
  const PraxiTimeSpan span = {MAX (shown->span.start_ns + delta_ns, whole.start_ns),
                              MIN (shown->span.end_ns + delta_ns, whole.end_ns)};
  if (!praxi_companion_has_delta (companion) || praxi_companion_media_id (companion) == 0 ||
      span.start_ns >= span.end_ns)
    return NULL;
  PraxiLabel *label = praxi_session_new_label (self, shown->class_id, shown->start_frame,
                                               shown->end_frame, PRAXI_LABEL_SOURCE_PERSON);
  label->media_id = praxi_companion_media_id (companion);
  label->start_frame = praxi_companion_frame_at (companion, span.start_ns);
  label->end_frame = praxi_companion_frame_at (companion, span.end_ns - 1) + 1;
  label->start_ns = praxi_companion_frame_span (companion, label->start_frame).start_ns;
  label->end_ns = praxi_companion_frame_span (companion, label->end_frame - 1).end_ns;
  label->note = g_strdup (shown->note);
  return label;
}

void
praxi_session_label_scene (PraxiSession *self)
{
  const PraxiUiLabel *shown = praxi_session_find_label (self, praxi_session_label_in_hand (self));
  if (shown == NULL || self->media_id == 0)
    return;
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  for (guint i = 0; i < self->scene->companions->len; i++) {
    PraxiLabel *label = translate (self, self->scene->companions->pdata[i], shown);
    if (label != NULL)
      praxi_edit_label (edit, PRAXI_OP_ADD_LABEL, label);
  }
  const gulong n_labels = edit->ops->len;
  praxi_session_push_edit (self, edit);
  if (n_labels > 0)
    praxi_session_refresh_list (self);
  g_autofree char *text =
      n_labels > 0 ? g_strdup_printf (ngettext ("The label is in %lu other video now",
                                                "The label is in %lu other videos now", n_labels),
                                      n_labels)
                   : g_strdup (_ ("No video in sync was recording then"));
  praxi_session_say (self, FALSE, text);
}

/* --- life ---------------------------------------------------------------------------------- */

static void
listed_cb (gpointer result, const GError *error, gpointer data)
{
  Question *question = data;
  PraxiSession *self = question->session;
  g_autoptr (GPtrArray) scene = result;
  const gboolean is_wanted =
      !self->is_closed && question->generation == self->store_generation && self->media != NULL;
  for (guint i = 0; is_wanted && scene != NULL && i < scene->len; i++) {
    const PraxiSceneMedia *media = scene->pdata[i];
    if (self->scene->companions->len >= PRAXI_MAX_COMPANIONS || find (self, media->path) != NULL ||
        !g_file_test (media->path, G_FILE_TEST_EXISTS))
      continue;
    g_autoptr (PraxiMediaItem) item = praxi_session_find_item (self, media->path);
    if (item == NULL)
      item = praxi_media_item_new (media->path);
    PraxiCompanion *companion = praxi_companion_new (self->praxi_path, item);
    praxi_companion_set_media_id (companion, media->media_id);
    praxi_companion_set_delta_ns (companion, media->delta_ns);
    add (self, companion);
  }
  question_free (question);
}

void
praxi_session_scene_load (PraxiSession *self)
{
  praxi_session_scene_close (self);
  praxi_store_thread_call (praxi_session_store (self), list_call, question_new (self, NULL),
                           listed_cb);
}

void
praxi_session_scene_close (PraxiSession *self)
{
  PraxiScene *scene = self->scene;
  if (scene == NULL || scene->companions->len == 0)
    return;
  keep_now (self);
  while (scene->companions->len > 0)
    drop (self, scene->companions->pdata[0]);
  praxi_session_changed (self, PRAXI_CHANGE_SCENE);
}

void
praxi_session_scene_init (PraxiSession *self)
{
  self->scene = g_new0 (PraxiScene, 1);
  self->scene->companions = g_ptr_array_new_with_free_func (g_object_unref);
  self->scene->unkept = g_hash_table_new (NULL, NULL);
}

void
praxi_session_scene_clear (PraxiSession *self)
{
  g_clear_handle_id (&self->scene->keep_source, g_source_remove);
  g_ptr_array_unref (self->scene->companions);
  g_hash_table_unref (self->scene->unkept);
  g_clear_pointer (&self->scene, g_free);
}

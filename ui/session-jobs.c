#include "ui/session-jobs.h"

#include <glib/gi18n.h>
#include <math.h>

#include "engine/core/text.h"

enum { PROP_STATE = 1, N_PROPS };
static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (PraxiJobItem, praxi_job_item, G_TYPE_OBJECT)

/* --- one job ------------------------------------------------------------------------------- */

static void
praxi_job_item_finalize (GObject *object)
{
  PraxiJobItem *self = PRAXI_JOB_ITEM (object);
  g_clear_pointer (&self->job, praxi_job_free);
  g_clear_object (&self->media);
  g_free (self->what);
  g_free (self->subject);
  G_OBJECT_CLASS (praxi_job_item_parent_class)->finalize (object);
}

static void
praxi_job_item_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  g_value_take_string (value, praxi_job_item_state (PRAXI_JOB_ITEM (object)));
}

static void
praxi_job_item_class_init (PraxiJobItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->finalize = praxi_job_item_finalize;
  object_class->get_property = praxi_job_item_get_property;
  properties[PROP_STATE] =
      g_param_spec_string ("state", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
praxi_job_item_init (PraxiJobItem *self)
{
  self->share = self->eta_s = NAN;
}

const char *
praxi_job_item_what (PraxiJobItem *self)
{
  return self->what;
}

PraxiMediaItem *
praxi_job_item_media (PraxiJobItem *self)
{
  return self->media;
}

gboolean
praxi_job_item_is_running (PraxiJobItem *self)
{
  return self->job != NULL;
}

double
praxi_job_item_share (PraxiJobItem *self)
{
  return self->share;
}

double
praxi_job_item_eta_s (PraxiJobItem *self)
{
  return self->eta_s;
}

char *
praxi_job_item_state (PraxiJobItem *self)
{
  if (self->job == NULL)
    return g_strdup (_ ("Waiting"));
  if (isnan (self->share))
    return g_strdup (_ ("Starting"));
  g_autoptr (GString) text = g_string_new (NULL);
  g_string_append_printf (text, "%d %%", (int) floor (self->share * 100));
  if (!isnan (self->eta_s)) {
    g_autofree char *eta = praxi_text_time ((gint64) (MAX (ceil (self->eta_s), 0) * 1e9), 0);
    g_string_append_printf (text, _ (" · %s left"), eta);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* --- the queue ----------------------------------------------------------------------------- */

static void start_next (PraxiSession *self);

static void
jobs_changed (PraxiJobItem *item)
{
  g_object_notify_by_pspec (G_OBJECT (item), properties[PROP_STATE]);
  praxi_session_changed (item->session, PRAXI_CHANGE_JOB);
}

static void
progress_cb (PraxiJob *job, const PraxiJobProgress *progress, gpointer user_data)
{
  PraxiJobItem *item = user_data;
  item->share = progress->total > 0 ? CLAMP (progress->done / progress->total, 0, 1) : NAN;
  item->eta_s = progress->eta_s;
  if (item->kind->progress != NULL)
    item->kind->progress (item->session, item);
  jobs_changed (item);
}

static void
line_cb (PraxiJob *job, JsonObject *line, gpointer user_data)
{
  PraxiJobItem *item = user_data;
  if (item->kind->line != NULL)
    item->kind->line (item->session, item, line);
}

static void
drop (PraxiSession *self, PraxiJobItem *item)
{
  guint position;
  if (g_list_store_find (self->jobs, item, &position))
    g_list_store_remove (self->jobs, position);
}

static void
finished_cb (PraxiJob *job, gpointer user_data)
{
  g_autoptr (PraxiJobItem) item = g_object_ref (PRAXI_JOB_ITEM (user_data));
  PraxiSession *self = item->session;
  if (praxi_job_state (job) == PRAXI_JOB_FAILED) {
    g_autofree char *details = praxi_job_log_tail (job);
    praxi_session_fail (self, praxi_job_error_text (job), details);
  }
  drop (self, item);
  if (item->kind->finished != NULL)
    item->kind->finished (self, item);
  g_clear_pointer (&item->job, praxi_job_free);
  praxi_session_changed (self, PRAXI_CHANGE_JOB);
  start_next (self);
}

static gboolean
start (PraxiSession *self, PraxiJobItem *item)
{
  static const PraxiJobEvents events = {progress_cb, line_cb, finished_cb};
  g_auto (GStrv) argv = item->kind->argv (self, item);
  g_autoptr (GError) error = NULL;
  item->job = praxi_job_start_with ((const char *const *) argv, &(PraxiJobExtras){.yields = TRUE},
                                    &events, item, &error);
  if (item->job == NULL) {
    praxi_session_say (self, TRUE, error->message);
    return FALSE;
  }
  if (item->kind->begun != NULL)
    item->kind->begun (self, item);
  jobs_changed (item);
  return TRUE;
}

static void
start_next (PraxiSession *self)
{
  while (!self->is_closed && g_list_model_get_n_items (G_LIST_MODEL (self->jobs)) > 0) {
    g_autoptr (PraxiJobItem) item = g_list_model_get_item (G_LIST_MODEL (self->jobs), 0);
    if (item->job != NULL || start (self, item))
      return;
    drop (self, item);
  }
}

static GListStore *
get_jobs (PraxiSession *self)
{
  if (self->jobs == NULL)
    self->jobs = g_list_store_new (PRAXI_TYPE_JOB_ITEM);
  return self->jobs;
}

void
praxi_session_enqueue (PraxiSession *self,
                       const PraxiJobKind *kind,
                       char *what,
                       PraxiMediaItem *media,
                       const char *subject)
{
  g_autoptr (PraxiJobItem) item = g_object_new (PRAXI_TYPE_JOB_ITEM, NULL);
  item->session = self;
  item->kind = kind;
  item->what = what;
  item->media = media != NULL ? g_object_ref (media) : NULL;
  item->subject = g_strdup (subject);
  g_list_store_append (get_jobs (self), item);
  start_next (self);
  praxi_session_changed (self, PRAXI_CHANGE_JOB);
}

PraxiJobItem *
praxi_session_running_job (PraxiSession *self)
{
  g_autoptr (PraxiJobItem) head = g_list_model_get_item (G_LIST_MODEL (get_jobs (self)), 0);
  return head != NULL && head->job != NULL ? head : NULL; /* the queue holds it */
}

PraxiJobItem *
praxi_session_find_job (PraxiSession *self, const PraxiJobKind *kind, PraxiMediaItem *media)
{
  GListModel *jobs = G_LIST_MODEL (get_jobs (self));
  for (guint i = 0; i < g_list_model_get_n_items (jobs); i++) {
    g_autoptr (PraxiJobItem) item = g_list_model_get_item (jobs, i);
    if (item->kind == kind && (media == NULL || item->media == media))
      return item;
  }
  return NULL;
}

void
praxi_session_jobs_close (PraxiSession *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (get_jobs (self))); i++) {
    g_autoptr (PraxiJobItem) item = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);
    g_clear_pointer (&item->job, praxi_job_free);
  }
  g_clear_object (&self->jobs);
}

/* --- for views ----------------------------------------------------------------------------- */

GListModel *
praxi_session_jobs (PraxiSession *self)
{
  return G_LIST_MODEL (get_jobs (self));
}

PraxiJobView
praxi_session_job (PraxiSession *self)
{
  PraxiJobItem *item = self->is_closed ? NULL : praxi_session_running_job (self);
  if (item == NULL)
    return (PraxiJobView){.what = "", .share = NAN, .eta_s = NAN};
  return (PraxiJobView){
      .is_running = TRUE, .what = item->what, .share = item->share, .eta_s = item->eta_s};
}

/* What waits is forgotten, what runs ends soon and keeps what it finished. */
void
praxi_session_cancel (PraxiSession *self, PraxiJobItem *item)
{
  if (item->job != NULL) {
    praxi_job_cancel (item->job);
    return;
  }
  drop (self, item);
  praxi_session_changed (self, PRAXI_CHANGE_JOB);
}

void
praxi_session_cancel_job (PraxiSession *self)
{
  PraxiJobItem *item = praxi_session_running_job (self);
  if (item != NULL)
    praxi_session_cancel (self, item);
}

/* The waiting ones first, or the next would start. */
void
praxi_session_cancel_all (PraxiSession *self)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (get_jobs (self))); i > 0; i--) {
    g_autoptr (PraxiJobItem) item = g_list_model_get_item (G_LIST_MODEL (self->jobs), i - 1);
    praxi_session_cancel (self, item);
  }
}

/* --- jobs that learn ----------------------------------------------------------------------- */

void
praxi_session_learn (PraxiSession *self, const PraxiJobKind *kind, char *what)
{
  g_autofree char *folder = praxi_session_track_file (self, "");
  g_mkdir_with_parents (folder, 0700);
  if (praxi_session_find_job (self, kind, NULL) == NULL)
    praxi_session_enqueue (self, kind, what, NULL, self->project_path);
  else
    g_free (what);
  praxi_session_changed (self, PRAXI_CHANGE_TRAINING);
}

void
praxi_session_cancel_kind (PraxiSession *self, const PraxiJobKind *kind)
{
  PraxiJobItem *job = praxi_session_find_job (self, kind, NULL);
  if (job != NULL)
    praxi_session_cancel (self, job);
}

char *
praxi_session_track_file (PraxiSession *self, const char *name)
{
  return g_strconcat (self->project_path, "-tracks/", name, NULL);
}

double
praxi_job_line_number (JsonObject *line, const char *name)
{
  JsonNode *node = json_object_get_member (line, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

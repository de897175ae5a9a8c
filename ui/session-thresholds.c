#include "ui/session-thresholds.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-private.h"
#include "ui/session-settings.h"

#define GROUP "thresholds"
#define STEP 0.05

/* A project is known by its path; the path itself is no name for a key. */
static char *
project_key (PraxiSession *self)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA1, self->project_path, -1);
}

/* "0.55 fight": the number first, a class may be called anything. */
static void
read_own (PraxiSession *self, const char *key)
{
  g_auto (GStrv) lines = praxi_settings_get_list (praxi_session_settings (self), GROUP, key);
  for (guint i = 0; lines != NULL && lines[i] != NULL; i++) {
    char *name = NULL;
    const double enter = g_ascii_strtod (lines[i], &name);
    if (name != lines[i] && *name == ' ' && enter >= PRAXI_ENTER_MIN && enter <= PRAXI_ENTER_MAX)
      g_hash_table_insert (self->own_enter, g_strdup (name + 1),
                           GINT_TO_POINTER ((int) lround (enter * 100)));
  }
}

/* Class name → hundredths, of the project that is open now. */
static GHashTable *
own (PraxiSession *self)
{
  g_autofree char *key = project_key (self);
  if (self->own_enter != NULL && g_strcmp0 (key, self->own_enter_project) == 0)
    return self->own_enter;
  g_clear_pointer (&self->own_enter, g_hash_table_unref);
  g_free (self->own_enter_project);
  self->own_enter = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->own_enter_project = g_strdup (key);
  read_own (self, key);
  return self->own_enter;
}

static void
keep_own (PraxiSession *self)
{
  GHashTableIter iter;
  gpointer name, hundredths;
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_hash_table_iter_init (&iter, own (self));
  while (g_hash_table_iter_next (&iter, &name, &hundredths))
    g_ptr_array_add (
        lines, g_strdup_printf ("0.%02d %s", GPOINTER_TO_INT (hundredths), (const char *) name));
  g_ptr_array_add (lines, NULL);
  praxi_settings_put_list (praxi_session_settings (self), GROUP, self->own_enter_project,
                           (const char *const *) lines->pdata);
}

void
praxi_session_apply_own_enter (PraxiSession *self,
                               const char *class_name,
                               PraxiEventOptions *options)
{
  const int hundredths = GPOINTER_TO_INT (g_hash_table_lookup (own (self), class_name));
  if (hundredths == 0)
    return;
  const PraxiEventOptions given = praxi_events_resolve (options);
  options->enter = hundredths / 100.0;
  options->exit = options->enter * given.exit / given.enter;
}

void
praxi_session_thresholds_close (PraxiSession *self)
{
  g_clear_pointer (&self->own_enter, g_hash_table_unref);
  g_clear_pointer (&self->own_enter_project, g_free);
  g_clear_pointer (&self->stepped_class, g_free);
}

/* NULL where there is no threshold. */
static const char *
action_name (PraxiSession *self, int class_index)
{
  if (self->track == NULL || class_index < 0 ||
      class_index >= praxi_score_track_n_classes (self->track))
    return NULL;
  const char *name = praxi_score_track_class_name (self->track, class_index);
  return praxi_events_is_background (name) ? NULL : name;
}

double
praxi_session_enter (PraxiSession *self, int class_index, double *exit)
{
  const char *name = action_name (self, class_index);
  if (exit != NULL)
    *exit = 0;
  if (name == NULL)
    return 0;
  const PraxiEventOptions given = praxi_session_event_options (self, name);
  const PraxiEventOptions options = praxi_events_resolve (&given);
  if (exit != NULL)
    *exit = options.exit;
  return options.enter;
}

void
praxi_session_set_enter (PraxiSession *self, int class_index, double enter)
{
  const char *name = action_name (self, class_index);
  if (name == NULL || !isfinite (enter))
    return;
  const int hundredths = (int) lround (CLAMP (enter, PRAXI_ENTER_MIN, PRAXI_ENTER_MAX) * 100);
  if (hundredths == GPOINTER_TO_INT (g_hash_table_lookup (own (self), name)))
    return;
  g_hash_table_insert (own (self), g_strdup (name), GINT_TO_POINTER (hundredths));
  keep_own (self);
  praxi_session_form_class_events (self, class_index);
}

void
praxi_session_reset_enter (PraxiSession *self, int class_index)
{
  const char *name = action_name (self, class_index);
  if (name == NULL || !g_hash_table_remove (own (self), name))
    return;
  keep_own (self);
  praxi_session_form_class_events (self, class_index);
}

/* --- by keys ------------------------------------------------------------------------------- */

static int
class_named (PraxiSession *self, const char *name)
{
  for (int c = 0; self->track != NULL && c < praxi_score_track_n_classes (self->track); c++)
    if (g_strcmp0 (praxi_score_track_class_name (self->track, c), name) == 0)
      return c;
  return -1;
}

/* The frame at the playhead may begin before an event that begins in it. */
static const PraxiEvent *
event_meant (PraxiSession *self)
{
  const PraxiTimeSpan now = praxi_session_frame_span (self, self->playhead);
  const PraxiEvent *selected = praxi_session_event (self, self->selected_event);
  const PraxiEvent *here =
      praxi_session_event (self, praxi_session_event_at (self, now.end_ns - 1));
  return selected != NULL ? selected : here;
}

static int
class_meant (PraxiSession *self)
{
  const PraxiUiClass *current = praxi_session_find_class (self, self->current_class);
  const PraxiEvent *event = event_meant (self);
  if (event != NULL)
    return event->class_index;
  if (self->stepped_class != NULL && self->stepped_at == self->playhead)
    return class_named (self, self->stepped_class);
  return current != NULL ? class_named (self, current->name) : -1;
}

static void
step_enter (PraxiSession *self, double by)
{
  const int class_index = class_meant (self);
  const char *name = action_name (self, class_index);
  if (name == NULL) {
    praxi_session_say (self, FALSE,
                       _ ("Select an event or choose a class that makes events first"));
    return;
  }
  g_free (self->stepped_class);
  self->stepped_class = g_strdup (name);
  self->stepped_at = self->playhead;
  praxi_session_set_enter (self, class_index, praxi_session_enter (self, class_index, NULL) + by);
  double exit = 0;
  const double enter = praxi_session_enter (self, class_index, &exit);
  g_autofree char *text = g_strdup_printf (_ ("%s: events begin at %.0f %% and end below %.0f %%"),
                                           name, enter * 100, exit * 100);
  praxi_session_say (self, FALSE, text);
}

void
praxi_session_raise_enter (PraxiSession *self)
{
  step_enter (self, STEP);
}

void
praxi_session_lower_enter (PraxiSession *self)
{
  step_enter (self, -STEP);
}

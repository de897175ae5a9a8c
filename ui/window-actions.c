/* Makes actions of the tables in actions-*.c and enables what makes sense. */
#include "ui/actions.h"
#include "ui/session-analysis.h"
#include "ui/session-labelling.h"
#include "ui/session-play.h"
#include "ui/window-private.h"

const PraxiActionGroup *const praxi_action_groups[] = {
    &praxi_actions_footage, &praxi_actions_play, &praxi_actions_labels, &praxi_actions_review,
    &praxi_actions_scene,   &praxi_actions_view, &praxi_actions_camera, &praxi_actions_window};
const guint praxi_n_action_groups = G_N_ELEMENTS (praxi_action_groups);

const PraxiAction *
praxi_action_find (const char *name)
{
  for (guint g = 0; g < praxi_n_action_groups; g++)
    for (guint i = 0; i < praxi_action_groups[g]->n_actions; i++)
      if (g_str_equal (praxi_action_groups[g]->actions[i].name, name))
        return &praxi_action_groups[g]->actions[i];
  return NULL;
}

static void
activate_cb (GSimpleAction *simple, GVariant *parameter, gpointer user_data)
{
  PraxiWindow *self = user_data;
  const PraxiAction *action = g_object_get_data (G_OBJECT (simple), "praxi-action");
  if (action->on_session != NULL)
    action->on_session (self->session);
  else
    action->on_window (self);
}

static void
class_cb (GSimpleAction *simple, GVariant *parameter, gpointer user_data)
{
  PraxiWindow *self = user_data;
  praxi_session_choose_class (self->session, g_variant_get_int64 (parameter));
}

static void
class_key_cb (GSimpleAction *simple, GVariant *parameter, gpointer user_data)
{
  PraxiWindow *self = user_data;
  praxi_session_choose_class_key (self->session, g_variant_get_string (parameter, NULL)[0]);
}

static void
speed_cb (GSimpleAction *simple, GVariant *parameter, gpointer user_data)
{
  PraxiWindow *self = user_data;
  praxi_session_choose_speed (self->session, g_variant_get_double (parameter));
}

static void
add_action (PraxiWindow *self, const PraxiAction *action)
{
  g_autoptr (GSimpleAction) simple = g_simple_action_new (action->name, NULL);
  g_object_set_data (G_OBJECT (simple), "praxi-action", (gpointer) action);
  g_signal_connect (simple, "activate", G_CALLBACK (activate_cb), self);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (simple));
}

static void
recent_cb (GSimpleAction *simple, GVariant *parameter, gpointer user_data)
{
  const char *const paths[] = {g_variant_get_bytestring (parameter), NULL};
  praxi_window_open (user_data, paths);
}

void
praxi_window_add_actions (PraxiWindow *self)
{
  for (guint g = 0; g < praxi_n_action_groups; g++)
    for (guint i = 0; i < praxi_action_groups[g]->n_actions; i++)
      add_action (self, &praxi_action_groups[g]->actions[i]);
  const GActionEntry with_values[] = {
      {.name = "class", .activate = class_cb, .parameter_type = "x", .state = "@x 0"},
      {.name = "class-key", .activate = class_key_cb, .parameter_type = "s"},
      {.name = "recent", .activate = recent_cb, .parameter_type = "ay"},
      {.name = "speed", .activate = speed_cb, .parameter_type = "d"},
  };
  g_action_map_add_action_entries (G_ACTION_MAP (self), with_values, G_N_ELEMENTS (with_values),
                                   self);
}

static void
enable (PraxiWindow *self, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), name);
  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

void
praxi_window_update_actions (PraxiWindow *self, guint changes)
{
  static const char *const need_frames[] = {
      "play",          "shuttle-back",   "shuttle-stop",   "shuttle-forward", "frame-back",
      "frame-forward", "second-back",    "second-forward", "go-start",        "go-end",
      "mark-in",       "mark-out",       "zoom-in",        "zoom-out",        "zoom-all",
      "previous-edge", "next-edge",      "go-to",          "turn-around",     "loop",
      "picture-fit",   "picture-pixels", "picture-nearer", "picture-farther", "label"};
  PraxiSession *session = self->session;
  const gboolean has_frames = praxi_session_n_frames (session) > 0;
  if (changes & PRAXI_CHANGE_MEDIA)
    for (guint i = 0; i < G_N_ELEMENTS (need_frames); i++)
      enable (self, need_frames[i], has_frames);
  if (changes & (PRAXI_CHANGE_MEDIA | PRAXI_CHANGE_JOB)) {
    enable (self, "export-report", has_frames);
    enable (self, "analyse",
            has_frames && !praxi_session_is_queued (session, praxi_session_media (session)));
  }
  if (changes & PRAXI_CHANGE_LABELS) {
    enable (self, "undo", praxi_session_can_undo (session));
    enable (self, "redo", praxi_session_can_redo (session));
  }
  if (changes & (PRAXI_CHANGE_MARKS | PRAXI_CHANGE_LABELS)) {
    GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), "class");
    g_simple_action_set_state (G_SIMPLE_ACTION (action),
                               g_variant_new_int64 (praxi_session_current_class (session)));
  }
}

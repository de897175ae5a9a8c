/* Makes actions of the tables in actions-*.c, gives them their keys and enables what makes sense.
 */
#include "ui/actions.h"
#include "ui/session-analysis.h"
#include "ui/session-labels.h"
#include "ui/window-private.h"

static const PraxiActionGroup *const groups[] = {&praxi_actions_footage, &praxi_actions_play,
                                                 &praxi_actions_labels, &praxi_actions_view};

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
  praxi_session_set_speed (self->session, g_variant_get_double (parameter));
}

static void
add_keys (GtkShortcutController *controller, const PraxiAction *action)
{
  g_autofree char *name = g_strconcat ("win.", action->name, NULL);
  g_auto (GStrv) keys = g_strsplit (action->keys, " ", 0);
  /* The menu shows the key added last: the first of the list. */
  for (int i = (int) g_strv_length (keys) - 1; i >= 0; i--)
    gtk_shortcut_controller_add_shortcut (
        controller, gtk_shortcut_new (gtk_shortcut_trigger_parse_string (keys[i]),
                                      gtk_named_action_new (name)));
}

static void
add_class_keys (GtkShortcutController *controller)
{
  for (char key = '0'; key <= '9'; key++) {
    const char text[] = {key, '\0'};
    GtkShortcut *shortcut = gtk_shortcut_new (gtk_keyval_trigger_new ((guint) key, 0),
                                              gtk_named_action_new ("win.class-key"));
    gtk_shortcut_set_arguments (shortcut, g_variant_new_string (text));
    gtk_shortcut_controller_add_shortcut (controller, shortcut);
  }
}

/* Keys are handled after the focused widget had its turn, so that letters can be typed in entries.
 */
static void
add_controller (PraxiWindow *self)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();
  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_BUBBLE);
  for (guint g = 0; g < G_N_ELEMENTS (groups); g++)
    for (guint i = 0; i < groups[g]->n_actions; i++)
      if (groups[g]->actions[i].keys != NULL)
        add_keys (GTK_SHORTCUT_CONTROLLER (controller), &groups[g]->actions[i]);
  add_class_keys (GTK_SHORTCUT_CONTROLLER (controller));
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
}

static void
add_action (PraxiWindow *self, const PraxiAction *action)
{
  g_autoptr (GSimpleAction) simple = g_simple_action_new (action->name, NULL);
  g_object_set_data (G_OBJECT (simple), "praxi-action", (gpointer) action);
  g_signal_connect (simple, "activate", G_CALLBACK (activate_cb), self);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (simple));
}

void
praxi_window_add_actions (PraxiWindow *self)
{
  for (guint g = 0; g < G_N_ELEMENTS (groups); g++)
    for (guint i = 0; i < groups[g]->n_actions; i++)
      add_action (self, &groups[g]->actions[i]);
  const GActionEntry with_values[] = {
      {.name = "class", .activate = class_cb, .parameter_type = "x", .state = "@x 0"},
      {.name = "class-key", .activate = class_key_cb, .parameter_type = "s"},
      {.name = "speed", .activate = speed_cb, .parameter_type = "d"},
  };
  g_action_map_add_action_entries (G_ACTION_MAP (self), with_values, G_N_ELEMENTS (with_values),
                                   self);
  add_controller (self);
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
      "play",          "shuttle-back", "shuttle-stop",   "shuttle-forward", "frame-back",
      "frame-forward", "second-back",  "second-forward", "go-start",        "go-end",
      "mark-in",       "mark-out",     "zoom-in",        "zoom-out",        "zoom-all"};
  PraxiSession *session = self->session;
  const gboolean has_frames = praxi_session_n_frames (session) > 0;
  if (changes & PRAXI_CHANGE_MEDIA)
    for (guint i = 0; i < G_N_ELEMENTS (need_frames); i++)
      enable (self, need_frames[i], has_frames);
  if (changes & (PRAXI_CHANGE_MEDIA | PRAXI_CHANGE_JOB))
    enable (self, "analyse", has_frames && !praxi_session_job (session).is_running);
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

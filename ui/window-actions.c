/* What a person can do, and with which key. Every key leads to an action; the menus, the buttons
 * and the shortcuts window speak of the same ones.
 */
#include <glib/gi18n.h>

#include "ui/session-analysis.h"
#include "ui/session-labels.h"
#include "ui/window-private.h"

#define SECOND_NS G_GINT64_CONSTANT (1000000000)

/* --- footage and projects ------------------------------------------------------------------ */

static void
chosen_videos_cb (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  PraxiWindow *self = user_data;
  if (response == GTK_RESPONSE_ACCEPT) {
    g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
    g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
    for (guint i = 0; i < g_list_model_get_n_items (files); i++) {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);
      if (g_file_peek_path (file) != NULL)
        g_ptr_array_add (paths, g_strdup (g_file_peek_path (file)));
    }
    g_ptr_array_add (paths, NULL);
    praxi_window_open (self, (const char *const *) paths->pdata);
  }
  g_object_unref (dialog);
}

static void
add_filter (GtkFileChooser *chooser, const char *name, const char *mime, const char *suffix)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  gtk_file_filter_set_name (filter, name);
  if (mime != NULL)
    gtk_file_filter_add_mime_type (filter, mime);
  if (suffix != NULL)
    gtk_file_filter_add_suffix (filter, suffix);
  if (mime == NULL && suffix == NULL)
    gtk_file_filter_add_pattern (filter, "*");
  gtk_file_chooser_add_filter (chooser, filter);
}

static void
open_cb (PraxiWindow *self)
{
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (_ ("Open videos"), GTK_WINDOW (self),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("Videos"), "video/*", NULL);
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("All files"), NULL, NULL);
  g_signal_connect (dialog, "response", G_CALLBACK (chosen_videos_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
chosen_project_cb (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  PraxiWindow *self = user_data;
  g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  const char *path = file != NULL ? g_file_peek_path (file) : NULL;
  if (response == GTK_RESPONSE_ACCEPT && path != NULL) {
    g_autofree char *named =
        g_str_has_suffix (path, ".praxi") ? g_strdup (path) : g_strconcat (path, ".praxi", NULL);
    praxi_session_open_project (self->session, named);
    if (self->host.project_changed != NULL)
      self->host.project_changed (named, self->host.user_data);
  }
  g_object_unref (dialog);
}

static void
choose_project (PraxiWindow *self, gboolean is_new)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      is_new ? _ ("New project") : _ ("Open a project"), GTK_WINDOW (self),
      is_new ? GTK_FILE_CHOOSER_ACTION_SAVE : GTK_FILE_CHOOSER_ACTION_OPEN,
      is_new ? _ ("_Create") : _ ("_Open"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  if (is_new)
    gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), _ ("project.praxi"));
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("Projects"), NULL, "praxi");
  g_signal_connect (dialog, "response", G_CALLBACK (chosen_project_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
open_project_cb (PraxiWindow *self)
{
  choose_project (self, FALSE);
}

static void
new_project_cb (PraxiWindow *self)
{
  choose_project (self, TRUE);
}

/* --- playing ------------------------------------------------------------------------------- */

static void
play_cb (PraxiWindow *self)
{
  praxi_session_set_speed (self->session, praxi_session_speed (self->session) == 0 ? 1 : 0);
}

static void
shuttle_back_cb (PraxiWindow *self)
{
  praxi_session_shuttle (self->session, -1);
}

static void
shuttle_stop_cb (PraxiWindow *self)
{
  praxi_session_shuttle (self->session, 0);
}

static void
shuttle_forward_cb (PraxiWindow *self)
{
  praxi_session_shuttle (self->session, 1);
}

static void
frame_back_cb (PraxiWindow *self)
{
  praxi_session_step (self->session, -1);
}

static void
frame_forward_cb (PraxiWindow *self)
{
  praxi_session_step (self->session, 1);
}

static void
second_back_cb (PraxiWindow *self)
{
  praxi_session_step_time (self->session, -SECOND_NS);
}

static void
second_forward_cb (PraxiWindow *self)
{
  praxi_session_step_time (self->session, SECOND_NS);
}

static void
go_start_cb (PraxiWindow *self)
{
  praxi_session_seek (self->session, 0);
}

static void
go_end_cb (PraxiWindow *self)
{
  praxi_session_seek (self->session, praxi_session_n_frames (self->session) - 1);
}

/* --- labels -------------------------------------------------------------------------------- */

static void
drop_marks_cb (PraxiWindow *self)
{
  if (praxi_session_marks (self->session).is_set)
    praxi_session_clear_marks (self->session);
  else
    praxi_session_select_label (self->session, 0);
}

/* The end that is nearer to the playhead moves, and the playhead follows it. */
static void
nudge (PraxiWindow *self, int frames)
{
  const PraxiUiLabel *label =
      praxi_session_find_label (self->session, praxi_session_selected_label (self->session));
  const int playhead = praxi_session_playhead (self->session);
  const gboolean is_end = label != NULL && ABS (playhead - (label->end_frame - 1)) <
                                               ABS (playhead - label->start_frame);
  praxi_session_nudge_label (self->session, is_end, frames);
  label = praxi_session_find_label (self->session, praxi_session_selected_label (self->session));
  if (label != NULL)
    praxi_session_seek (self->session, is_end ? label->end_frame - 1 : label->start_frame);
}

static void
nudge_back_cb (PraxiWindow *self)
{
  nudge (self, -1);
}

static void
nudge_forward_cb (PraxiWindow *self)
{
  nudge (self, 1);
}

static void
nudge_back_ten_cb (PraxiWindow *self)
{
  nudge (self, -10);
}

static void
nudge_forward_ten_cb (PraxiWindow *self)
{
  nudge (self, 10);
}

/* --- view ---------------------------------------------------------------------------------- */

static void
zoom (PraxiWindow *self, double factor)
{
  const int playhead = praxi_session_playhead (self->session);
  const PraxiTimeSpan visible = praxi_session_visible (self->session);
  gint64 at_ns = praxi_session_frame_span (self->session, playhead).start_ns;
  if (!praxi_time_span_contains (visible, at_ns))
    at_ns = visible.start_ns + praxi_time_span_length (visible) / 2;
  praxi_session_zoom (self->session, factor, at_ns);
}

static void
zoom_in_cb (PraxiWindow *self)
{
  zoom (self, 1.5);
}

static void
zoom_out_cb (PraxiWindow *self)
{
  zoom (self, 1 / 1.5);
}

static void
zoom_all_cb (PraxiWindow *self)
{
  praxi_session_set_visible (self->session, praxi_session_footage (self->session));
}

static void
toggle_side_cb (PraxiWindow *self)
{
  gtk_toggle_button_set_active (self->side_button,
                                !gtk_toggle_button_get_active (self->side_button));
}

static void
compare_cb (PraxiWindow *self)
{
  gtk_toggle_button_set_active (self->side_button, TRUE);
  gtk_stack_set_visible_child_name (self->side_pages, "compare");
}

/* --- the tables ---------------------------------------------------------------------------- */

/* Those that only pass on to the session share its signature through `on_session`. */
typedef struct {
  const char *name;
  void (*on_window) (PraxiWindow *window);
  void (*on_session) (PraxiSession *session);
  const char *keys; /* GTK's names, separated by spaces */
} Action;

static const Action actions[] = {
    {"open", open_cb, NULL, "<Control>o"},
    {"open-project", open_project_cb, NULL, "<Control><Shift>o"},
    {"new-project", new_project_cb, NULL, "<Control><Shift>n"},
    {"sample", praxi_window_open_sample, NULL, NULL},
    {"analyse", NULL, praxi_session_analyse, "<Control>r"},
    {"cancel-job", NULL, praxi_session_cancel_job, NULL},
    {"retry", NULL, praxi_session_retry, NULL},
    {"show-compare", compare_cb, NULL, NULL},
    {"play", play_cb, NULL, "space"},
    {"shuttle-back", shuttle_back_cb, NULL, "j"},
    {"shuttle-stop", shuttle_stop_cb, NULL, "k"},
    {"shuttle-forward", shuttle_forward_cb, NULL, "l"},
    {"frame-back", frame_back_cb, NULL, "Left comma"},
    {"frame-forward", frame_forward_cb, NULL, "Right period"},
    {"second-back", second_back_cb, NULL, "<Shift>Left"},
    {"second-forward", second_forward_cb, NULL, "<Shift>Right"},
    {"go-start", go_start_cb, NULL, "Home"},
    {"go-end", go_end_cb, NULL, "End"},
    {"mark-in", NULL, praxi_session_mark_in, "i"},
    {"mark-out", NULL, praxi_session_mark_out, "o"},
    {"label", NULL, praxi_session_label_marks, "Return KP_Enter"},
    {"drop-marks", drop_marks_cb, NULL, "Escape"},
    {"accept-event", NULL, praxi_session_accept_event, "a"},
    {"nudge-back", nudge_back_cb, NULL, "bracketleft"},
    {"nudge-forward", nudge_forward_cb, NULL, "bracketright"},
    {"nudge-back-ten", nudge_back_ten_cb, NULL, "<Shift>bracketleft <Shift>braceleft"},
    {"nudge-forward-ten", nudge_forward_ten_cb, NULL, "<Shift>bracketright <Shift>braceright"},
    {"remove-label", NULL, praxi_session_remove_label, "Delete"},
    {"undo", NULL, praxi_session_undo, "<Control>z"},
    {"redo", NULL, praxi_session_redo, "<Control><Shift>z"},
    {"zoom-in", zoom_in_cb, NULL, "plus equal KP_Add"},
    {"zoom-out", zoom_out_cb, NULL, "minus KP_Subtract"},
    {"zoom-selection", NULL, praxi_session_zoom_selection, "f"},
    {"zoom-all", zoom_all_cb, NULL, "<Shift>f"},
    {"toggle-side", toggle_side_cb, NULL, "F9"},
};

static void
activate_cb (GSimpleAction *simple, GVariant *parameter, gpointer user_data)
{
  PraxiWindow *self = user_data;
  const Action *action = g_object_get_data (G_OBJECT (simple), "praxi-action");
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
add_keys (GtkShortcutController *controller, const Action *action)
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
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    if (actions[i].keys != NULL)
      add_keys (GTK_SHORTCUT_CONTROLLER (controller), &actions[i]);
  add_class_keys (GTK_SHORTCUT_CONTROLLER (controller));
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
}

void
praxi_window_add_actions (PraxiWindow *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++) {
    g_autoptr (GSimpleAction) action = g_simple_action_new (actions[i].name, NULL);
    g_object_set_data (G_OBJECT (action), "praxi-action", (gpointer) &actions[i]);
    g_signal_connect (action, "activate", G_CALLBACK (activate_cb), self);
    g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (action));
  }
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

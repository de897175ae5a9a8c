#include <glib/gi18n.h>

#include "engine/core/text.h"
#include "ui/class-keys.h"
#include "ui/compare-panel.h"
#include "ui/event-list.h"
#include "ui/hover-card.h"
#include "ui/label-list.h"
#include "ui/session-analysis.h"
#include "ui/session-cameras.h"
#include "ui/session-labels.h"
#include "ui/session-settings.h"
#include "ui/window-keys.h"
#include "ui/window-private.h"

enum { NOTICE_S = 4 };

G_DEFINE_FINAL_TYPE (PraxiWindow, praxi_window, ADW_TYPE_APPLICATION_WINDOW)

/* --- messages ------------------------------------------------------------------------------ */

static gboolean
hide_notice_cb (gpointer user_data)
{
  PraxiWindow *self = user_data;
  self->notice_source = 0;
  gtk_revealer_set_reveal_child (self->notice, FALSE);
  return G_SOURCE_REMOVE;
}

static void
message_cb (PraxiWindow *self, gboolean is_error, const char *text)
{
  if (is_error) {
    gtk_label_set_text (self->error_text, text);
    gtk_info_bar_set_revealed (self->error_bar, TRUE);
    return;
  }
  gtk_label_set_text (self->notice_text, text);
  gtk_revealer_set_reveal_child (self->notice, TRUE);
  g_clear_handle_id (&self->notice_source, g_source_remove);
  self->notice_source = g_timeout_add_seconds (NOTICE_S, hide_notice_cb, self);
}

static void
dismiss_cb (PraxiWindow *self)
{
  gtk_info_bar_set_revealed (self->error_bar, FALSE);
}

static void
update_refused (PraxiWindow *self)
{
  const int n_refused = praxi_session_n_refused (self->session);
  if (n_refused > 0) {
    g_autofree char *text = g_strdup_printf (
        ngettext ("%d change is not kept: %s", "%d changes are not kept: %s", (gulong) n_refused),
        n_refused, praxi_session_refusal (self->session));
    gtk_label_set_text (self->refused_text, text);
  }
  gtk_info_bar_set_revealed (self->refused_bar, n_refused > 0);
}

/* --- following the session ----------------------------------------------------------------- */

static void
update_title (PraxiWindow *self)
{
  PraxiMediaItem *media = praxi_session_media (self->session);
  g_autofree char *title = media != NULL
                               ? g_strdup_printf ("%s – Praxiscope", praxi_media_item_name (media))
                               : g_strdup ("Praxiscope");
  gtk_window_set_title (GTK_WINDOW (self), title);
  const gboolean has_work = media != NULL || praxi_session_n_cameras (self->session) > 0;
  gtk_stack_set_visible_child_name (self->pages, has_work ? "work" : "empty");
  if (media != self->shown_media)
    gtk_widget_grab_focus (GTK_WIDGET (self->timeline));
  self->shown_media = media;
}

static void
update_project (PraxiWindow *self)
{
  g_autofree char *base = g_path_get_basename (praxi_session_project_path (self->session));
  g_autofree char *name = praxi_text_file_name (base);
  if (g_str_has_suffix (name, ".praxi"))
    name[strlen (name) - strlen (".praxi")] = '\0';
  gtk_menu_button_set_label (self->project_button, name);
}

/* The sample shows what the program does without a question: nobody analysed it, so do. */
static void
analyse_sample (PraxiWindow *self)
{
  if (!self->analyses_when_ready || praxi_session_n_frames (self->session) == 0 ||
      praxi_session_classes (self->session)->len == 0)
    return;
  self->analyses_when_ready = FALSE;
  if (praxi_session_track (self->session) == NULL)
    praxi_session_analyse (self->session);
}

static void
changed_cb (PraxiWindow *self, guint changes)
{
  praxi_window_update_actions (self, changes);
  if (changes & PRAXI_CHANGE_MEDIA)
    update_title (self);
  if (changes & PRAXI_CHANGE_LABELS) {
    update_refused (self);
    update_project (self);
    analyse_sample (self);
  }
  if (changes & PRAXI_CHANGE_JOB) {
    const char *device = praxi_session_device (self->session);
    gtk_label_set_text (self->device_badge, device);
    gtk_widget_set_visible (GTK_WIDGET (self->device_badge), *device != '\0');
  }
}

/* --- what the program asks ----------------------------------------------------------------- */

void
praxi_window_open (PraxiWindow *self, const char *const *paths)
{
  dismiss_cb (self);
  self->analyses_when_ready = FALSE;
  for (guint i = 0; paths[i] != NULL; i++)
    praxi_session_add_media (self->session, paths[i]);
  if (paths[0] != NULL)
    praxi_session_add_media (self->session, paths[0]);
  gtk_widget_grab_focus (GTK_WIDGET (self->timeline));
}

void
praxi_window_open_sample (PraxiWindow *self)
{
  const char *const paths[] = {self->sample_path, NULL};
  if (self->sample_path == NULL)
    return;
  praxi_window_open (self, paths);
  self->analyses_when_ready = TRUE;
}

/* --- life ---------------------------------------------------------------------------------- */

static gboolean
drop_cb (GtkDropTarget *target, const GValue *value, double x, double y, PraxiWindow *self)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  for (GSList *node = g_value_get_boxed (value); node != NULL; node = node->next)
    if (g_file_peek_path (node->data) != NULL)
      g_ptr_array_add (paths, (gpointer) g_file_peek_path (node->data));
  g_ptr_array_add (paths, NULL);
  praxi_window_open (self, (const char *const *) paths->pdata);
  return paths->len > 1;
}

/* After a jump the keys are the timeline's again. */
static void
jumped_cb (PraxiWindow *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->timeline));
}

static void
add_side_page (PraxiWindow *self, GtkWidget *page, const char *name, const char *title)
{
  gtk_stack_add_titled (self->side_pages, page, name, title);
  g_signal_connect_object (page, "chosen", G_CALLBACK (jumped_cb), self, G_CONNECT_SWAPPED);
}

PraxiWindow *
praxi_window_new (GtkApplication *app, PraxiSession *session, const PraxiWindowHost *host)
{
  PraxiWindow *self = g_object_new (PRAXI_TYPE_WINDOW, "application", app, NULL);
  self->session = g_object_ref (session);
  self->host = *host;
  self->sample_path = g_strdup (host->sample_path);
  gtk_widget_set_visible (GTK_WIDGET (self->sample_button), self->sample_path != NULL);
  praxi_media_list_set_session (self->media_list, session);
  praxi_player_view_set_session (self->player, session);
  g_signal_connect_object (self->player, "chosen", G_CALLBACK (jumped_cb), self, G_CONNECT_SWAPPED);
  praxi_camera_bar_set_session (self->camera_bar, session);
  praxi_label_bar_set_session (self->label_bar, session);
  praxi_timeline_set_session (self->timeline, session);
  praxi_hover_card_add (self->center, self->timeline, session);
  praxi_status_bar_set_session (self->status_bar, session);
  add_side_page (self, praxi_event_list_new (session), "events", _ ("Events"));
  add_side_page (self, praxi_label_list_new (session), "labels", _ ("Labels"));
  add_side_page (self, praxi_compare_panel_new (session), "compare", _ ("Compare"));
  self->keymap = praxi_keymap_new (praxi_session_settings (session));
  praxi_window_keys_follow (GTK_WIDGET (self), self->keymap);
  praxi_class_keys_add (GTK_WINDOW (self), session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "message", G_CALLBACK (message_cb), self, G_CONNECT_SWAPPED);
  praxi_session_load_cameras (session);
  changed_cb (self, PRAXI_CHANGE_ALL);
  return self;
}

static void
praxi_window_dispose (GObject *object)
{
  PraxiWindow *self = PRAXI_WINDOW (object);
  g_clear_handle_id (&self->notice_source, g_source_remove);
  if (self->session != NULL)
    praxi_session_close (self->session);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_WINDOW);
  g_clear_object (&self->keymap);
  g_clear_object (&self->session);
  g_clear_pointer (&self->sample_path, g_free);
  G_OBJECT_CLASS (praxi_window_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, notice);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, notice_text);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, error_bar);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, error_text);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, refused_bar);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, refused_text);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, sample_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, project_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, device_badge);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, analyse_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, side_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, media_list);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, player);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, camera_bar);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, label_bar);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, timeline);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, center);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, status_bar);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, side);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, side_pages);
  gtk_widget_class_bind_template_callback (widget_class, dismiss_cb);
}

static void
praxi_window_class_init (PraxiWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_window_dispose;
  g_type_ensure (PRAXI_TYPE_MEDIA_LIST);
  g_type_ensure (PRAXI_TYPE_PLAYER_VIEW);
  g_type_ensure (PRAXI_TYPE_CAMERA_BAR);
  g_type_ensure (PRAXI_TYPE_LABEL_BAR);
  g_type_ensure (PRAXI_TYPE_TIMELINE);
  g_type_ensure (PRAXI_TYPE_STATUS_BAR);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/window.ui");
  bind_children (widget_class);
}

static void
praxi_window_init (PraxiWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  praxi_window_add_actions (self);
  GtkDropTarget *drop = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  g_signal_connect (drop, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drop));
}

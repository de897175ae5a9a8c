#include <glib/gi18n.h>

#include "engine/core/text.h"
#include "ui/class-keys.h"
#include "ui/hover-card.h"
#include "ui/jobs-popover.h"
#include "ui/recent.h"
#include "ui/session-analysis.h"
#include "ui/session-cameras.h"
#include "ui/session-labels.h"
#include "ui/session-project.h"
#include "ui/session-settings.h"
#include "ui/window-keys.h"
#include "ui/window-private.h"

/* A little more than libadwaita's headings are larger than the window's text. */
#define NOTICE_FONT "<span weight='bold' size='115%%'>%s</span>"
enum { NOTICE_S = 6, NOTICE_EDGES_PX = 136, NOTICE_LEAST_PX = 160 };

G_DEFINE_FINAL_TYPE (PraxiWindow, praxi_window, ADW_TYPE_APPLICATION_WINDOW)

/* --- messages ------------------------------------------------------------------------------ */

static void
toast_gone_cb (AdwToast *toast, PraxiWindow *self)
{
  if (self->toast == toast)
    self->toast = NULL;
}

/* libadwaita 1.2 leaves the button of a toast without a name. */
static void
name_dismiss_buttons (GtkWidget *widget)
{
  if (GTK_IS_BUTTON (widget) && gtk_button_get_label (GTK_BUTTON (widget)) == NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    _ ("Dismiss"), -1);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    name_dismiss_buttons (child);
}

static void
toast_shown_cb (PraxiWindow *self)
{
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->toasts)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (child != GTK_WIDGET (self->player))
      name_dismiss_buttons (child);
}

/* As many lines as it takes. A toast asks its title how high it is before it knows how wide it may
 * be, so a label that wraps by itself would reach over the edges.
 */
static char *
break_lines (PraxiWindow *self, const char *text)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), NULL);
  g_autofree char *markup = g_markup_printf_escaped (NOTICE_FONT, text);
  const int room_px = gtk_widget_get_width (GTK_WIDGET (self->toasts)) - NOTICE_EDGES_PX;
  pango_layout_set_markup (layout, markup, -1);
  pango_layout_set_width (layout, MAX (room_px, NOTICE_LEAST_PX) * PANGO_SCALE);
  for (int i = 0; i < pango_layout_get_line_count (layout); i++) {
    const PangoLayoutLine *line = pango_layout_get_line_readonly (layout, i);
    g_autofree char *part = g_strndup (text + line->start_index, (gsize) line->length);
    g_string_append_printf (lines, "%s%s", i > 0 ? "\n" : "", g_strchomp (part));
  }
  return g_string_free (g_steal_pointer (&lines), FALSE);
}

/* A toast's own title is one line that is cut off where the picture is narrow. */
static GtkWidget *
make_notice (PraxiWindow *self, const char *text)
{
  g_autofree char *lines = break_lines (self, text);
  GtkWidget *label = gtk_label_new (lines);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END); /* the window may shrink */
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "heading");
  return label;
}

/* The newest sentence replaces the one before: it is what just happened. */
void
praxi_window_say (PraxiWindow *self, const char *text)
{
  if (self->toast != NULL)
    adw_toast_dismiss (self->toast);
  self->toast = adw_toast_new ("");
  adw_toast_set_custom_title (self->toast, make_notice (self, text));
  adw_toast_set_timeout (self->toast, NOTICE_S);
  g_signal_connect_object (self->toast, "dismissed", G_CALLBACK (toast_gone_cb), self, 0);
  adw_toast_overlay_add_toast (self->toasts, self->toast);
}

static void
message_cb (PraxiWindow *self, gboolean is_error, const char *text)
{
  if (!is_error) {
    praxi_window_say (self, text);
    return;
  }
  const char *details = praxi_session_error_details (self->session);
  const gboolean says_more = *details != '\0' && !g_str_equal (details, text);
  gtk_label_set_text (self->error_text, text);
  gtk_label_set_text (self->error_details, details);
  gtk_expander_set_expanded (self->error_more, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->error_more), says_more);
  gtk_info_bar_set_revealed (self->error_bar, TRUE);
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
  const gboolean has_work = media != NULL || praxi_session_is_listing (self->session) ||
                            praxi_session_n_cameras (self->session) > 0 ||
                            g_list_model_get_n_items (praxi_session_media_list (self->session)) > 0;
  gtk_stack_set_visible_child_name (self->pages, has_work ? "work" : "empty");
  if (media != self->shown_media && media != NULL) {
    gtk_widget_grab_focus (GTK_WIDGET (self->timeline));
    praxi_recent_add (praxi_session_settings (self->session), PRAXI_RECENT_VIDEOS,
                      praxi_media_item_path (media));
  }
  self->shown_media = media;
}

static void
update_project (PraxiWindow *self)
{
  g_autofree char *base = g_path_get_basename (praxi_session_project_path (self->session));
  g_autofree char *name = praxi_text_file_name (base);
  if (g_str_has_suffix (name, ".praxi"))
    name[strlen (name) - strlen (".praxi")] = '\0';
  /* GTK makes the button's widgets anew for it. */
  if (g_strcmp0 (gtk_menu_button_get_label (self->project_button), name) != 0)
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
  if (changes & PRAXI_CHANGE_MEDIA) {
    update_title (self);
    praxi_window_restore_place (self);
  }
  if (changes & PRAXI_CHANGE_LABELS) {
    update_refused (self);
    update_project (self);
    analyse_sample (self);
  }
  if (changes & PRAXI_CHANGE_JOB) {
    const char *device = praxi_session_device (self->session);
    const char *details = praxi_session_device_details (self->session);
    gtk_label_set_text (self->device_badge, device);
    gtk_widget_set_visible (GTK_WIDGET (self->device_badge), *device != '\0');
    gtk_widget_set_tooltip_text (GTK_WIDGET (self->device_badge),
                                 *details != '\0' ? details : _ ("What analyses run on"));
  }
}

/* --- what the program asks ----------------------------------------------------------------- */

void
praxi_window_open_project (PraxiWindow *self, const char *path)
{
  if (g_strcmp0 (praxi_session_project_path (self->session), path) != 0) {
    praxi_session_open_project (self->session, path);
    praxi_session_load_project (self->session);
  }
  praxi_recent_add (praxi_session_settings (self->session), PRAXI_RECENT_PROJECTS, path);
  if (self->host.project_changed != NULL)
    self->host.project_changed (path, self->host.user_data);
}

/* The first one that is footage is shown, the others join the list. */
static void
open_path (PraxiWindow *self, const char *path, gboolean *is_shown)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  if (g_str_has_suffix (path, ".praxi")) {
    praxi_window_open_project (self, absolute);
  } else if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    praxi_session_list_folder (self->session, absolute, !*is_shown);
    *is_shown = TRUE;
  } else if (*is_shown) {
    praxi_session_list_media (self->session, absolute);
  } else {
    praxi_session_add_media (self->session, absolute);
    *is_shown = TRUE;
  }
}

void
praxi_window_open (PraxiWindow *self, const char *const *paths)
{
  gboolean is_shown = FALSE;
  dismiss_cb (self);
  self->analyses_when_ready = FALSE;
  for (guint i = 0; paths[i] != NULL; i++)
    open_path (self, paths[i], &is_shown);
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

/* GTK 4.8 never frees a popover that is open when its window goes, and what it shows holds the
 * session; a note that is being written is also kept by this.
 */
static void
close_popovers (GtkWidget *widget)
{
  GtkWidget *next;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = next) {
    next = gtk_widget_get_next_sibling (child);
    close_popovers (child);
    if (GTK_IS_POPOVER (child) && gtk_widget_get_mapped (child))
      gtk_popover_popdown (GTK_POPOVER (child));
  }
}

static void
praxi_window_unmap (GtkWidget *widget)
{
  close_popovers (widget);
  GTK_WIDGET_CLASS (praxi_window_parent_class)->unmap (widget);
}

static gboolean
praxi_window_close_request (GtkWindow *window)
{
  praxi_window_keep_state (PRAXI_WINDOW (window));
  return GTK_WINDOW_CLASS (praxi_window_parent_class)->close_request (window);
}

static void
recent_changed_cb (PraxiWindow *self)
{
  PraxiSettings *settings = praxi_session_settings (self->session);
  praxi_recent_fill (self->recent_videos, settings, PRAXI_RECENT_VIDEOS, "win.recent");
  praxi_recent_fill (self->recent_projects, settings, PRAXI_RECENT_PROJECTS, "win.recent");
}

static void
follow_recent (PraxiWindow *self)
{
  PraxiSettings *settings = praxi_session_settings (self->session);
  g_signal_connect_object (settings, "changed::" PRAXI_RECENT_VIDEOS,
                           G_CALLBACK (recent_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::" PRAXI_RECENT_PROJECTS,
                           G_CALLBACK (recent_changed_cb), self, G_CONNECT_SWAPPED);
  recent_changed_cb (self);
}

/* After a jump the keys are the timeline's again. */
void
praxi_window_focus_timeline (PraxiWindow *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->timeline));
}

/* When the first frame is on the screen. */
static gboolean
later_cb (gpointer user_data)
{
  PraxiWindow *self = user_data;
  if (praxi_window_make_side_page (self))
    return G_SOURCE_CONTINUE;
  if (self->asks_device)
    praxi_session_ask_device (self->session);
  self->later_source = 0;
  return G_SOURCE_REMOVE;
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
  g_signal_connect_object (self->player, "chosen", G_CALLBACK (praxi_window_focus_timeline), self,
                           G_CONNECT_SWAPPED);
  praxi_camera_bar_set_session (self->camera_bar, session);
  praxi_label_bar_set_session (self->label_bar, session);
  praxi_timeline_set_session (self->timeline, session);
  praxi_hover_card_add (self->center, self->timeline, session);
  praxi_status_bar_set_session (self->status_bar, session);
  praxi_jobs_popover_attach (self->jobs_button, session);
  g_signal_connect_object (gtk_menu_button_get_popover (self->jobs_button), "closed",
                           G_CALLBACK (praxi_window_focus_timeline), self, G_CONNECT_SWAPPED);
  praxi_window_restore_shape (self);
  follow_recent (self);
  self->keymap = praxi_keymap_new (praxi_session_settings (session));
  praxi_window_keys_follow (GTK_WIDGET (self), self->keymap);
  praxi_class_keys_add (GTK_WINDOW (self), session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "message", G_CALLBACK (message_cb), self, G_CONNECT_SWAPPED);
  praxi_session_load_cameras (session);
  changed_cb (self, PRAXI_CHANGE_ALL);
  self->later_source = g_idle_add_full (G_PRIORITY_LOW, later_cb, self, NULL);
  return self;
}

static void
praxi_window_dispose (GObject *object)
{
  PraxiWindow *self = PRAXI_WINDOW (object);
  g_clear_handle_id (&self->later_source, g_source_remove);
  if (self->session != NULL)
    praxi_session_close (self->session);
  g_clear_object (&self->toast_children);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_WINDOW);
  g_clear_object (&self->keymap);
  g_clear_object (&self->session);
  g_clear_pointer (&self->sample_path, g_free);
  G_OBJECT_CLASS (praxi_window_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, jobs_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, error_more);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, error_details);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, list_pane);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, recent_videos);
  gtk_widget_class_bind_template_child (widget_class, PraxiWindow, recent_projects);
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
  GTK_WINDOW_CLASS (klass)->close_request = praxi_window_close_request;
  widget_class->unmap = praxi_window_unmap;
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
  self->toast_children = gtk_widget_observe_children (GTK_WIDGET (self->toasts));
  g_signal_connect_object (self->toast_children, "items-changed", G_CALLBACK (toast_shown_cb), self,
                           G_CONNECT_SWAPPED);
  GtkDropTarget *drop = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  g_signal_connect (drop, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drop));
}

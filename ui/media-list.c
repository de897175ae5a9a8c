#include "ui/media-list.h"

#include <glib/gi18n.h>
#include <string.h>

struct _PraxiMediaList {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkListView *view;
  GtkSearchEntry *search;
  GtkWidget *nothing;
  GMenuModel *menu;
  GtkFilterListModel *shown;
  GtkSelectionModel *selection;
  char *wanted; /* what is searched for, casefolded */
};

G_DEFINE_FINAL_TYPE (PraxiMediaList, praxi_media_list, GTK_TYPE_BOX)

/* --- what is shown ------------------------------------------------------------------------- */

static gboolean
holds (const char *text, const char *wanted)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);
  return strstr (folded, wanted) != NULL;
}

static gboolean
match_cb (gpointer item, gpointer user_data)
{
  const PraxiMediaList *self = user_data;
  return self->wanted == NULL || holds (praxi_media_item_name (item), self->wanted) ||
         holds (praxi_media_item_state (item), self->wanted);
}

static void
search_cb (PraxiMediaList *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search));
  g_free (self->wanted);
  self->wanted = *text != '\0' ? g_utf8_casefold (text, -1) : NULL;
  gtk_filter_changed (gtk_filter_list_model_get_filter (self->shown), GTK_FILTER_CHANGE_DIFFERENT);
  gtk_widget_set_visible (self->nothing,
                          self->wanted != NULL &&
                              g_list_model_get_n_items (G_LIST_MODEL (self->shown)) == 0);
}

static void
stop_search_cb (PraxiMediaList *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search), "");
}

static GPtrArray *
collect (PraxiMediaList *self, gboolean only_selected)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->selection)); i++)
    if (!only_selected || gtk_selection_model_is_selected (self->selection, i))
      g_ptr_array_add (items, g_list_model_get_item (G_LIST_MODEL (self->selection), i));
  return items;
}

GPtrArray *
praxi_media_list_selected (PraxiMediaList *self)
{
  return collect (self, TRUE);
}

GPtrArray *
praxi_media_list_shown (PraxiMediaList *self)
{
  return collect (self, FALSE);
}

/* --- what a person does -------------------------------------------------------------------- */

static void
chosen_cb (PraxiMediaList *self, guint position)
{
  g_autoptr (PraxiMediaItem) item =
      g_list_model_get_item (G_LIST_MODEL (self->selection), position);
  if (item == NULL)
    return;
  gtk_selection_model_select_item (self->selection, position, TRUE);
  if (praxi_media_item_is_missing (item))
    gtk_widget_activate_action (GTK_WIDGET (self), "win.find-media", NULL);
  else
    praxi_session_open_media (self->session, item);
}

/* -1 when it is not among the rows shown. */
static int
find_open (PraxiMediaList *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->selection)); i++) {
    g_autoptr (PraxiMediaItem) item = g_list_model_get_item (G_LIST_MODEL (self->selection), i);
    if (item == praxi_session_media (self->session))
      return (int) i;
  }
  return -1;
}

static void
select_open (PraxiMediaList *self)
{
  const int position = find_open (self);
  if (position >= 0)
    gtk_selection_model_select_item (self->selection, (guint) position, TRUE);
}

void
praxi_media_list_step (PraxiMediaList *self, int by)
{
  const int position = find_open (self) + by;
  if (position >= 0)
    chosen_cb (self, (guint) position);
}

/* A click opens. With Ctrl or Shift it only gathers footage for what the menu and keys do with the
 * selected, which is the list's own doing.
 */
static void
click_cb (GtkGestureClick *gesture, int n_press, double x, double y, GtkListItem *list_item)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture));
  const GdkModifierType keys =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (gesture));
  if (n_press == 1 && (keys & (GDK_CONTROL_MASK | GDK_SHIFT_MASK)) == 0)
    chosen_cb (PRAXI_MEDIA_LIST (gtk_widget_get_ancestor (row, PRAXI_TYPE_MEDIA_LIST)),
               gtk_list_item_get_position (list_item));
}

static void
menu_cb (GtkGestureClick *gesture, int n_press, double x, double y, GtkListItem *list_item)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture));
  PraxiMediaList *self = PRAXI_MEDIA_LIST (gtk_widget_get_ancestor (row, PRAXI_TYPE_MEDIA_LIST));
  const guint position = gtk_list_item_get_position (list_item);
  if (!gtk_selection_model_is_selected (self->selection, position))
    gtk_selection_model_select_item (self->selection, position, TRUE);
  GtkWidget *popover = gtk_popover_menu_new_from_model (self->menu);
  gtk_widget_set_parent (popover, row);
  gtk_popover_set_pointing_to (GTK_POPOVER (popover), &(GdkRectangle){(int) x, (int) y, 1, 1});
  g_signal_connect (popover, "closed", G_CALLBACK (gtk_widget_unparent), NULL);
  gtk_popover_popup (GTK_POPOVER (popover));
}

static void
changed_cb (PraxiMediaList *self, guint changes)
{
  if (changes & PRAXI_CHANGE_MEDIA)
    select_open (self);
}

void
praxi_media_list_set_session (PraxiMediaList *self, PraxiSession *session)
{
  self->session = g_object_ref (session);
  GtkFilter *filter = GTK_FILTER (gtk_custom_filter_new (match_cb, self, NULL));
  self->shown =
      gtk_filter_list_model_new (g_object_ref (praxi_session_media_list (session)), filter);
  self->selection =
      GTK_SELECTION_MODEL (gtk_multi_selection_new (G_LIST_MODEL (g_object_ref (self->shown))));
  gtk_list_view_set_model (self->view, self->selection);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
}

/* --- rows ---------------------------------------------------------------------------------- */

static void
praxi_media_list_dispose (GObject *object)
{
  PraxiMediaList *self = PRAXI_MEDIA_LIST (object);
  if (self->shown != NULL)
    gtk_filter_list_model_set_filter (self->shown, NULL);
  g_clear_object (&self->selection);
  g_clear_object (&self->shown);
  g_clear_object (&self->session);
  g_clear_pointer (&self->wanted, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_MEDIA_LIST);
  G_OBJECT_CLASS (praxi_media_list_parent_class)->dispose (object);
}

static void
praxi_media_list_class_init (PraxiMediaListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_media_list_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/media-list.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiMediaList, view);
  gtk_widget_class_bind_template_child (widget_class, PraxiMediaList, search);
  gtk_widget_class_bind_template_child (widget_class, PraxiMediaList, nothing);
  gtk_widget_class_bind_template_child (widget_class, PraxiMediaList, menu);
  gtk_widget_class_bind_template_callback (widget_class, search_cb);
  gtk_widget_class_bind_template_callback (widget_class, stop_search_cb);
  gtk_widget_class_bind_template_callback (widget_class, chosen_cb);
}

static GtkWidget *
make_text (const char *css_class, PangoEllipsizeMode cut)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), cut);
  gtk_widget_add_css_class (label, css_class);
  return label;
}

/* Asked for when the pointer rests there: a tooltip that is set asks the display where the pointer
 * is, and there may be hundreds of rows.
 */
static gboolean
tip_cb (GtkWidget *row, int x, int y, gboolean by_keys, GtkTooltip *tooltip, GtkListItem *list_item)
{
  PraxiMediaItem *item = gtk_list_item_get_item (list_item);
  if (item == NULL)
    return FALSE;
  g_autofree char *tip =
      g_strdup_printf ("%s\n%s", praxi_media_item_name (item), praxi_media_item_state (item));
  gtk_tooltip_set_text (tooltip, tip);
  return TRUE;
}

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *list_item, gpointer user_data)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10);
  GtkWidget *picture = gtk_image_new_from_icon_name ("video-x-generic-symbolic");
  gtk_image_set_pixel_size (GTK_IMAGE (picture), 48);
  gtk_widget_add_css_class (picture, "thumbnail");
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  gtk_widget_set_valign (texts, GTK_ALIGN_CENTER);
  gtk_widget_set_hexpand (texts, TRUE);
  gtk_box_append (GTK_BOX (texts), make_text ("media-name", PANGO_ELLIPSIZE_MIDDLE));
  gtk_box_append (GTK_BOX (texts), make_text ("caption", PANGO_ELLIPSIZE_END));
  gtk_label_set_wrap (GTK_LABEL (gtk_widget_get_last_child (texts)), TRUE);
  gtk_label_set_lines (GTK_LABEL (gtk_widget_get_last_child (texts)), 3);
  gtk_widget_add_css_class (gtk_widget_get_last_child (texts), "dim-label");
  gtk_box_append (GTK_BOX (row), picture);
  gtk_box_append (GTK_BOX (row), texts);
  GtkGesture *click = gtk_gesture_click_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (menu_cb), list_item);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (click));
  GtkGesture *open = gtk_gesture_click_new ();
  g_signal_connect (open, "released", G_CALLBACK (click_cb), list_item);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (open));
  gtk_widget_add_css_class (row, "footage-row");
  gtk_widget_set_has_tooltip (row, TRUE);
  g_signal_connect (row, "query-tooltip", G_CALLBACK (tip_cb), list_item);
  gtk_list_item_set_child (list_item, row);
}

static void
update_row (GtkWidget *row, PraxiMediaItem *item)
{
  GtkImage *picture = GTK_IMAGE (gtk_widget_get_first_child (row));
  GtkWidget *name = gtk_widget_get_first_child (gtk_widget_get_next_sibling (GTK_WIDGET (picture)));
  GtkWidget *state = gtk_widget_get_next_sibling (name);
  GdkTexture *thumbnail = praxi_media_item_thumbnail (item);
  const gboolean is_camera = praxi_media_item_is_camera (item);
  const gboolean is_sign = praxi_media_item_is_missing (item) || thumbnail == NULL;
  gtk_image_set_pixel_size (picture, is_sign ? 24 : 48);
  gtk_widget_set_size_request (GTK_WIDGET (picture), 48, -1);
  if (praxi_media_item_is_missing (item))
    gtk_image_set_from_icon_name (picture, "dialog-warning-symbolic");
  else if (thumbnail != NULL)
    gtk_image_set_from_paintable (picture, GDK_PAINTABLE (thumbnail));
  else
    gtk_image_set_from_icon_name (picture,
                                  is_camera ? "camera-web-symbolic" : "video-x-generic-symbolic");
  gtk_label_set_text (GTK_LABEL (name), praxi_media_item_name (item));
  gtk_label_set_text (GTK_LABEL (state), praxi_media_item_state (item));
}

static void
notify_cb (PraxiMediaItem *item, GParamSpec *spec, GtkWidget *row)
{
  update_row (row, item);
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *list_item, gpointer user_data)
{
  PraxiMediaItem *item = gtk_list_item_get_item (list_item);
  GtkWidget *row = gtk_list_item_get_child (list_item);
  g_signal_connect_object (item, "notify", G_CALLBACK (notify_cb), row, 0);
  update_row (row, item);
}

static void
unbind_cb (GtkListItemFactory *factory, GtkListItem *list_item, gpointer user_data)
{
  g_signal_handlers_disconnect_by_func (gtk_list_item_get_item (list_item), notify_cb,
                                        gtk_list_item_get_child (list_item));
}

static void
praxi_media_list_init (PraxiMediaList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), NULL);
  gtk_list_view_set_factory (self->view, factory);
  g_object_unref (factory);
}

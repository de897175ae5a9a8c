#include "ui/class-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "engine/store/classes.h"
#include "ui/session-labels.h"

enum { SWATCH_PX = 18, COLUMNS = 5 };

#define PRAXI_TYPE_CLASS_DIALOG (praxi_class_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PraxiClassDialog, praxi_class_dialog, PRAXI, CLASS_DIALOG, AdwWindow)

struct _PraxiClassDialog {
  AdwWindow parent_instance;
  PraxiSession *session;
  GtkListBox *list;
  GtkEntry *new_name;
  GtkButton *undo;
};

G_DEFINE_FINAL_TYPE (PraxiClassDialog, praxi_class_dialog, ADW_TYPE_WINDOW)

/* A row's widgets know their class by this. */
#define CLASS_ID "praxi-class-id"
/* A row knows what it was made from by this. */
#define SHOWN "praxi-shown"

static void
set_class (gpointer widget, gint64 class_id)
{
  g_object_set_data_full (widget, CLASS_ID, g_memdup2 (&class_id, sizeof class_id), g_free);
}

static gint64
class_of (gpointer widget)
{
  const gint64 *class_id = g_object_get_data (widget, CLASS_ID);
  return class_id != NULL ? *class_id : 0;
}

static void
name_widget (gpointer widget, const char *text)
{
  gtk_widget_set_tooltip_text (widget, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}

/* --- colour -------------------------------------------------------------------------------- */

static void
draw_swatch (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  gdk_cairo_set_source_rgba (cr, user_data);
  cairo_arc (cr, width / 2.0, height / 2.0, MIN (width, height) / 2.0, 0, 2 * G_PI);
  cairo_fill (cr);
}

static GtkWidget *
make_swatch (const GdkRGBA *color)
{
  GtkWidget *swatch = gtk_drawing_area_new ();
  gtk_widget_set_size_request (swatch, SWATCH_PX, SWATCH_PX);
  gtk_widget_set_halign (swatch, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (swatch, GTK_ALIGN_CENTER);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (swatch), draw_swatch,
                                  g_memdup2 (color, sizeof *color), g_free);
  return swatch;
}

/* The palette has names, for people who do not see it. */
static const char *const color_names[PRAXI_CLASS_PALETTE] = {
    N_ ("Blue"),     N_ ("Vermilion"), N_ ("Pink"), N_ ("Green"),  N_ ("Orange"),
    N_ ("Sky blue"), N_ ("Yellow"),    N_ ("Grey"), N_ ("Indigo"), N_ ("Wine"),
};

static void
color_cb (GtkButton *button, PraxiClassDialog *self)
{
  const char *color = g_object_get_data (G_OBJECT (button), "praxi-color");
  const gint64 class_id = class_of (button);
  gtk_popover_popdown (
      GTK_POPOVER (gtk_widget_get_ancestor (GTK_WIDGET (button), GTK_TYPE_POPOVER)));
  praxi_session_recolor_class (self->session, class_id, color);
}

static GtkWidget *
make_palette (PraxiClassDialog *self, gint64 class_id)
{
  GtkWidget *grid = gtk_grid_new ();
  for (guint i = 0; i < PRAXI_CLASS_PALETTE; i++) {
    GdkRGBA color;
    gdk_rgba_parse (&color, praxi_class_palette (i));
    GtkWidget *button = gtk_button_new ();
    gtk_button_set_child (GTK_BUTTON (button), make_swatch (&color));
    gtk_widget_add_css_class (button, "flat");
    name_widget (button, _ (color_names[i]));
    set_class (button, class_id);
    g_object_set_data (G_OBJECT (button), "praxi-color", (gpointer) praxi_class_palette (i));
    g_signal_connect (button, "clicked", G_CALLBACK (color_cb), self);
    gtk_grid_attach (GTK_GRID (grid), button, (int) i % COLUMNS, (int) i / COLUMNS, 1, 1);
  }
  GtkWidget *popover = gtk_popover_new ();
  gtk_popover_set_child (GTK_POPOVER (popover), grid);
  return popover;
}

static GtkWidget *
make_color (PraxiClassDialog *self, const PraxiUiClass *cls)
{
  GtkWidget *button = gtk_menu_button_new ();
  gtk_menu_button_set_child (GTK_MENU_BUTTON (button), make_swatch (&cls->color));
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (button), make_palette (self, cls->id));
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  g_autofree char *name = g_strdup_printf (_ ("Colour of %s"), cls->name);
  name_widget (button, name);
  return button;
}

/* --- name and key -------------------------------------------------------------------------- */

static void
rename_to_entry (PraxiClassDialog *self, GtkWidget *entry)
{
  if (self->session == NULL) /* an entry loses the focus when the dialog goes */
    return;
  const PraxiUiClass *cls = praxi_session_find_class (self->session, class_of (entry));
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry))));
  if (cls == NULL || g_str_equal (name, cls->name))
    return;
  if (*name == '\0')
    gtk_editable_set_text (GTK_EDITABLE (entry), cls->name);
  else
    praxi_session_rename_class (self->session, cls->id, name);
}

static void
name_activate_cb (GtkEntry *entry, PraxiClassDialog *self)
{
  rename_to_entry (self, GTK_WIDGET (entry));
}

static void
name_leave_cb (GtkEventControllerFocus *focus, PraxiClassDialog *self)
{
  rename_to_entry (self, gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (focus)));
}

static GtkWidget *
make_name (PraxiClassDialog *self, const PraxiUiClass *cls)
{
  GtkWidget *entry = gtk_entry_new ();
  gtk_editable_set_text (GTK_EDITABLE (entry), cls->name);
  gtk_entry_set_max_length (GTK_ENTRY (entry), 60);
  gtk_widget_set_hexpand (entry, TRUE);
  gtk_widget_set_valign (entry, GTK_ALIGN_CENTER);
  g_autofree char *name = g_strdup_printf (_ ("Name of %s"), cls->name);
  name_widget (entry, name);
  set_class (entry, cls->id);
  g_signal_connect (entry, "activate", G_CALLBACK (name_activate_cb), self);
  GtkEventController *focus = gtk_event_controller_focus_new ();
  g_signal_connect (focus, "leave", G_CALLBACK (name_leave_cb), self);
  gtk_widget_add_controller (entry, focus);
  return entry;
}

static const char *const key_names[] = {"–", "1", "2", "3", "4", "5",
                                        "6", "7", "8", "9", "0", NULL};

static void
key_cb (GtkDropDown *keys, GParamSpec *property, PraxiClassDialog *self)
{
  const guint selected = gtk_drop_down_get_selected (keys);
  const char key = selected == 0 ? 0 : key_names[selected][0];
  const PraxiUiClass *cls = praxi_session_find_class (self->session, class_of (keys));
  if (cls != NULL && cls->key != key)
    praxi_session_set_class_key (self->session, cls->id, key);
}

static GtkWidget *
make_key (PraxiClassDialog *self, const PraxiUiClass *cls)
{
  GtkWidget *keys = gtk_drop_down_new_from_strings (key_names);
  for (guint i = 1; key_names[i] != NULL; i++)
    if (key_names[i][0] == cls->key)
      gtk_drop_down_set_selected (GTK_DROP_DOWN (keys), i);
  gtk_widget_set_valign (keys, GTK_ALIGN_CENTER);
  g_autofree char *name = g_strdup_printf (_ ("Key of %s"), cls->name);
  name_widget (keys, name);
  set_class (keys, cls->id);
  g_signal_connect (keys, "notify::selected", G_CALLBACK (key_cb), self);
  return keys;
}

/* --- place and end ------------------------------------------------------------------------- */

static int
place_of (PraxiClassDialog *self, gint64 class_id)
{
  const GPtrArray *classes = praxi_session_classes (self->session);
  for (guint i = 0; i < classes->len; i++)
    if (((const PraxiUiClass *) classes->pdata[i])->id == class_id)
      return (int) i;
  return -1;
}

static void
up_cb (GtkButton *button, PraxiClassDialog *self)
{
  const int place = place_of (self, class_of (button));
  if (place > 0)
    praxi_session_move_class (self->session, class_of (button), (guint) place - 1);
}

static void
down_cb (GtkButton *button, PraxiClassDialog *self)
{
  const int place = place_of (self, class_of (button));
  if (place >= 0)
    praxi_session_move_class (self->session, class_of (button), (guint) place + 1);
}

static void
delete_cb (GtkButton *button, PraxiClassDialog *self)
{
  praxi_session_remove_class (self->session, class_of (button));
}

static GtkWidget *
make_button (PraxiClassDialog *self,
             const PraxiUiClass *cls,
             const char *icon,
             const char *text,
             GCallback callback)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  name_widget (button, text);
  set_class (button, cls->id);
  g_signal_connect (button, "clicked", callback, self);
  return button;
}

static GtkWidget *
make_delete (PraxiClassDialog *self, const PraxiUiClass *cls)
{
  g_autofree char *text =
      cls->n_labels == 0
          ? g_strdup_printf (_ ("Delete %s"), cls->name)
          : g_strdup_printf (ngettext ("Delete %s and its %d label", "Delete %s and its %d labels",
                                       (gulong) cls->n_labels),
                             cls->name, (int) cls->n_labels);
  return make_button (self, cls, "user-trash-symbolic", text, G_CALLBACK (delete_cb));
}

static GtkWidget *
make_count (const PraxiUiClass *cls)
{
  g_autofree char *text = g_strdup_printf (
      ngettext ("%d label", "%d labels", (gulong) cls->n_labels), (int) cls->n_labels);
  GtkWidget *count = gtk_label_new (text);
  gtk_label_set_width_chars (GTK_LABEL (count), 10);
  gtk_label_set_xalign (GTK_LABEL (count), 1);
  gtk_widget_add_css_class (count, "dim-label");
  gtk_widget_add_css_class (count, "numeric");
  return count;
}

static GtkWidget *
make_row (PraxiClassDialog *self, const PraxiUiClass *cls, gboolean is_first, gboolean is_last)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *up = make_button (self, cls, "go-up-symbolic", _ ("Move up"), G_CALLBACK (up_cb));
  GtkWidget *down =
      make_button (self, cls, "go-down-symbolic", _ ("Move down"), G_CALLBACK (down_cb));
  gtk_widget_set_sensitive (up, !is_first);
  gtk_widget_set_sensitive (down, !is_last);
  gtk_widget_set_margin_top (box, 6);
  gtk_widget_set_margin_bottom (box, 6);
  gtk_widget_set_margin_start (box, 8);
  gtk_widget_set_margin_end (box, 8);
  gtk_box_append (GTK_BOX (box), make_color (self, cls));
  gtk_box_append (GTK_BOX (box), make_name (self, cls));
  gtk_box_append (GTK_BOX (box), make_key (self, cls));
  gtk_box_append (GTK_BOX (box), make_count (cls));
  gtk_box_append (GTK_BOX (box), up);
  gtk_box_append (GTK_BOX (box), down);
  gtk_box_append (GTK_BOX (box), make_delete (self, cls));
  GtkWidget *row = gtk_list_box_row_new ();
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  return row;
}

/* --- following the session ----------------------------------------------------------------- */

/* All that a row shows of its class. */
static char *
describe (const PraxiUiClass *cls, gboolean is_first, gboolean is_last)
{
  g_autofree char *color = gdk_rgba_to_string (&cls->color);
  return g_strdup_printf ("%" G_GINT64_FORMAT "/%s/%s/%d/%" G_GINT64_FORMAT "/%d%d", cls->id,
                          cls->name, color, cls->key, cls->n_labels, is_first, is_last);
}

/* Which of the row's controls has the keys; -1: none. */
static int
focused_place (GtkListBoxRow *row)
{
  GtkWidget *box = gtk_list_box_row_get_child (row);
  GtkWidget *focused = gtk_widget_get_focus_child (box);
  int place = focused != NULL ? 0 : -1;
  for (GtkWidget *child = gtk_widget_get_first_child (box); focused != NULL && child != focused;
       child = gtk_widget_get_next_sibling (child))
    place++;
  return place;
}

static void
focus_place (GtkWidget *row, int place)
{
  GtkWidget *child =
      gtk_widget_get_first_child (gtk_list_box_row_get_child (GTK_LIST_BOX_ROW (row)));
  for (int i = 0; i < place && child != NULL; i++)
    child = gtk_widget_get_next_sibling (child);
  if (place >= 0 && child != NULL)
    gtk_widget_grab_focus (child);
}

/* A row that shows what it should stays: somebody may be writing in it. */
static void
update_row (PraxiClassDialog *self, int place, int n_classes, const PraxiUiClass *cls)
{
  const gboolean is_first = place == 0, is_last = place + 1 == n_classes;
  GtkListBoxRow *old = gtk_list_box_get_row_at_index (self->list, place);
  g_autofree char *shown = describe (cls, is_first, is_last);
  if (old != NULL && g_strcmp0 (g_object_get_data (G_OBJECT (old), SHOWN), shown) == 0)
    return;
  const int focused = old != NULL ? focused_place (old) : -1;
  if (old != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (old));
  GtkWidget *row = make_row (self, cls, is_first, is_last);
  g_object_set_data_full (G_OBJECT (row), SHOWN, g_steal_pointer (&shown), g_free);
  gtk_list_box_insert (self->list, row, place);
  focus_place (row, focused);
}

static void
changed_cb (PraxiClassDialog *self, guint changes)
{
  if ((changes & PRAXI_CHANGE_LABELS) == 0)
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->undo), praxi_session_can_undo (self->session));
  const GPtrArray *classes = praxi_session_classes (self->session);
  const int n_classes = (int) classes->len;
  GtkListBoxRow *row;
  while ((row = gtk_list_box_get_row_at_index (self->list, n_classes)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  for (int i = 0; i < n_classes; i++)
    update_row (self, i, n_classes, classes->pdata[i]);
}

static void
add_cb (PraxiClassDialog *self)
{
  g_autofree char *name =
      g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->new_name))));
  if (*name == '\0')
    return;
  praxi_session_add_class (self->session, name);
  gtk_editable_set_text (GTK_EDITABLE (self->new_name), "");
}

static void
undo_cb (PraxiClassDialog *self)
{
  praxi_session_undo (self->session);
}

static gboolean
close_cb (GtkWidget *widget, GVariant *arguments, gpointer user_data)
{
  gtk_window_close (GTK_WINDOW (widget));
  return TRUE;
}

static void
praxi_class_dialog_dispose (GObject *object)
{
  PraxiClassDialog *self = PRAXI_CLASS_DIALOG (object);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_CLASS_DIALOG);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (praxi_class_dialog_parent_class)->dispose (object);
}

static void
praxi_class_dialog_class_init (PraxiClassDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_class_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/class-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiClassDialog, list);
  gtk_widget_class_bind_template_child (widget_class, PraxiClassDialog, new_name);
  gtk_widget_class_bind_template_child (widget_class, PraxiClassDialog, undo);
  gtk_widget_class_bind_template_callback (widget_class, add_cb);
  gtk_widget_class_bind_template_callback (widget_class, undo_cb);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Escape, 0, close_cb, NULL);
}

static void
praxi_class_dialog_init (PraxiClassDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWindow *
praxi_class_dialog_new (GtkWindow *parent, PraxiSession *session)
{
  PraxiClassDialog *self = g_object_new (PRAXI_TYPE_CLASS_DIALOG, "transient-for", parent,
                                         "destroy-with-parent", TRUE, NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  praxi_session_count_classes (session);
  changed_cb (self, PRAXI_CHANGE_ALL);
  return GTK_WINDOW (self);
}

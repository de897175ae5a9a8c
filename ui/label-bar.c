#include "ui/label-bar.h"

#include <glib/gi18n.h>

#include "ui/session-labels.h"

enum { MAX_NAME_CHARS = 18 };

struct _PraxiLabelBar {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkBox *classes;
  GtkPopover *new_class;
  GtkEntry *new_class_entry;
  char *shown_classes; /* what the buttons were made from */
};

G_DEFINE_FINAL_TYPE (PraxiLabelBar, praxi_label_bar, GTK_TYPE_BOX)

static void
draw_swatch (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  gdk_cairo_set_source_rgba (cr, user_data);
  cairo_arc (cr, width / 2.0, height / 2.0, MIN (width, height) / 2.0, 0, 2 * G_PI);
  cairo_fill (cr);
}

static GtkWidget *
make_face (const PraxiUiClass *cls)
{
  GtkWidget *face = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 5);
  GtkWidget *swatch = gtk_drawing_area_new ();
  gtk_widget_set_size_request (swatch, 12, 12);
  gtk_widget_set_valign (swatch, GTK_ALIGN_CENTER);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (swatch), draw_swatch,
                                  g_memdup2 (&cls->color, sizeof cls->color), g_free);
  gtk_box_append (GTK_BOX (face), swatch);
  GtkWidget *name = gtk_label_new (cls->name);
  if (g_utf8_strlen (cls->name, -1) > MAX_NAME_CHARS) {
    gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
    gtk_label_set_width_chars (GTK_LABEL (name), MAX_NAME_CHARS);
  }
  gtk_box_append (GTK_BOX (face), name);
  if (cls->key != 0) {
    const char key[] = {cls->key, '\0'};
    GtkWidget *badge = gtk_label_new (key);
    gtk_widget_add_css_class (badge, "key");
    gtk_box_append (GTK_BOX (face), badge);
  }
  return face;
}

static GtkWidget *
make_button (const PraxiUiClass *cls)
{
  GtkWidget *button = gtk_toggle_button_new ();
  gtk_button_set_child (GTK_BUTTON (button), make_face (cls));
  gtk_widget_set_focus_on_click (button, FALSE);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "win.class");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "x", cls->id);
  g_autofree char *tip = cls->key != 0
                             ? g_strdup_printf (_ ("Class %s (key %c)"), cls->name, cls->key)
                             : g_strdup_printf (_ ("Class %s"), cls->name);
  gtk_widget_set_tooltip_text (button, tip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
  return button;
}

static void
update_classes (PraxiLabelBar *self)
{
  const GPtrArray *classes = praxi_session_classes (self->session);
  g_autoptr (GString) shown = g_string_new (NULL);
  for (guint i = 0; i < classes->len; i++) {
    const PraxiUiClass *cls = classes->pdata[i];
    g_autofree char *color = gdk_rgba_to_string (&cls->color);
    g_string_append_printf (shown, "%" G_GINT64_FORMAT "%s%s%c;", cls->id, cls->name, color,
                            cls->key != 0 ? cls->key : '-');
  }
  if (g_strcmp0 (shown->str, self->shown_classes) == 0)
    return;
  g_free (self->shown_classes);
  self->shown_classes = g_strdup (shown->str);
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->classes))) != NULL)
    gtk_box_remove (self->classes, child);
  for (guint i = 0; i < classes->len; i++)
    gtk_box_append (self->classes, make_button (classes->pdata[i]));
}

static void
changed_cb (PraxiLabelBar *self, guint changes)
{
  if (changes & PRAXI_CHANGE_LABELS)
    update_classes (self);
}

static void
add_class_cb (PraxiLabelBar *self)
{
  g_autofree char *name =
      g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->new_class_entry))));
  if (*name == '\0')
    return;
  praxi_session_add_class (self->session, name);
  gtk_editable_set_text (GTK_EDITABLE (self->new_class_entry), "");
  gtk_popover_popdown (self->new_class);
}

void
praxi_label_bar_set_session (PraxiLabelBar *self, PraxiSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self, PRAXI_CHANGE_ALL);
}

static void
praxi_label_bar_dispose (GObject *object)
{
  PraxiLabelBar *self = PRAXI_LABEL_BAR (object);
  g_clear_object (&self->session);
  g_clear_pointer (&self->shown_classes, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_LABEL_BAR);
  G_OBJECT_CLASS (praxi_label_bar_parent_class)->dispose (object);
}

static void
praxi_label_bar_class_init (PraxiLabelBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_label_bar_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/label-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiLabelBar, classes);
  gtk_widget_class_bind_template_child (widget_class, PraxiLabelBar, new_class);
  gtk_widget_class_bind_template_child (widget_class, PraxiLabelBar, new_class_entry);
  gtk_widget_class_bind_template_callback (widget_class, add_class_cb);
}

static void
praxi_label_bar_init (PraxiLabelBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

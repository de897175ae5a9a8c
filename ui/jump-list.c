#include "ui/jump-list.h"

#include <glib/gi18n.h>

struct _PraxiJumpRow {
  GObject parent_instance;
  gint64 id;
  GdkRGBA color;
  char *title, *detail, *number;
};

G_DEFINE_FINAL_TYPE (PraxiJumpRow, praxi_jump_row, G_TYPE_OBJECT)

static void
praxi_jump_row_finalize (GObject *object)
{
  PraxiJumpRow *self = PRAXI_JUMP_ROW (object);
  g_free (self->title);
  g_free (self->detail);
  g_free (self->number);
  G_OBJECT_CLASS (praxi_jump_row_parent_class)->finalize (object);
}

static void
praxi_jump_row_class_init (PraxiJumpRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = praxi_jump_row_finalize;
}

static void
praxi_jump_row_init (PraxiJumpRow *self)
{
}

PraxiJumpRow *
praxi_jump_row_new (gint64 id,
                    const GdkRGBA *color,
                    const char *title,
                    const char *detail,
                    const char *number)
{
  PraxiJumpRow *self = g_object_new (PRAXI_TYPE_JUMP_ROW, NULL);
  self->id = id;
  self->color = *color;
  self->title = g_strdup (title);
  self->detail = g_strdup (detail);
  self->number = g_strdup (number);
  return self;
}

static gboolean
is_same (const PraxiJumpRow *a, const PraxiJumpRow *b)
{
  return a->id == b->id && gdk_rgba_equal (&a->color, &b->color) &&
         g_str_equal (a->title, b->title) && g_str_equal (a->detail, b->detail) &&
         g_str_equal (a->number, b->number);
}

/* --- the list ------------------------------------------------------------------------------ */

struct _PraxiJumpList {
  GtkBox parent_instance;
  GtkStack *stack;
  GtkLabel *caption;
  char *caption_tip;
  GtkLabel *empty;
  GtkListView *view;
  GListStore *rows;
  GtkSingleSelection *selection;
};

static guint chosen_signal;

G_DEFINE_FINAL_TYPE (PraxiJumpList, praxi_jump_list, GTK_TYPE_BOX)

static void
draw_swatch (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  const GdkRGBA *color = user_data;
  gdk_cairo_set_source_rgba (cr, color);
  cairo_arc (cr, width / 2.0, height / 2.0, MIN (width, height) / 2.0, 0, 2 * G_PI);
  cairo_fill (cr);
}

static GtkWidget *
make_text (const char *css_class, float xalign)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 24); /* bounds the natural width only */
  gtk_widget_add_css_class (label, css_class);
  return label;
}

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10);
  GtkWidget *swatch = gtk_drawing_area_new ();
  gtk_widget_set_size_request (swatch, 10, 10);
  gtk_widget_set_valign (swatch, GTK_ALIGN_CENTER);
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  gtk_widget_set_hexpand (texts, TRUE);
  gtk_box_append (GTK_BOX (texts), make_text ("jump-title", 0));
  gtk_box_append (GTK_BOX (texts), make_text ("caption", 0));
  gtk_widget_add_css_class (gtk_widget_get_last_child (texts), "dim-label");
  gtk_widget_add_css_class (gtk_widget_get_last_child (texts), "numeric");
  GtkWidget *number = make_text ("numeric", 1);
  gtk_label_set_ellipsize (GTK_LABEL (number), PANGO_ELLIPSIZE_NONE);
  gtk_box_append (GTK_BOX (row), swatch);
  gtk_box_append (GTK_BOX (row), texts);
  gtk_box_append (GTK_BOX (row), number);
  gtk_list_item_set_child (item, row);
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  PraxiJumpRow *shown = gtk_list_item_get_item (item);
  GtkWidget *row = gtk_list_item_get_child (item);
  GtkWidget *swatch = gtk_widget_get_first_child (row);
  GtkWidget *texts = gtk_widget_get_next_sibling (swatch);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (swatch), draw_swatch,
                                  g_memdup2 (&shown->color, sizeof shown->color), g_free);
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_first_child (texts)), shown->title);
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_last_child (texts)), shown->detail);
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_last_child (row)), shown->number);
  gtk_widget_set_tooltip_text (row, shown->detail);
}

static void
activate_cb (PraxiJumpList *self, guint position)
{
  g_autoptr (PraxiJumpRow) row = g_list_model_get_item (G_LIST_MODEL (self->rows), position);
  if (row != NULL)
    g_signal_emit (self, chosen_signal, 0, row->id);
}

void
praxi_jump_list_set_rows (PraxiJumpList *self, const GPtrArray *rows)
{
  const guint n_old = g_list_model_get_n_items (G_LIST_MODEL (self->rows));
  guint first = 0;
  while (first < n_old && first < rows->len) {
    g_autoptr (PraxiJumpRow) old = g_list_model_get_item (G_LIST_MODEL (self->rows), first);
    if (!is_same (old, rows->pdata[first]))
      break;
    first++;
  }
  if (first < n_old || first < rows->len)
    g_list_store_splice (self->rows, first, n_old - first, rows->pdata + first, rows->len - first);
  gtk_stack_set_visible_child_name (self->stack, rows->len > 0 ? "rows" : "empty");
}

void
praxi_jump_list_set_empty_text (PraxiJumpList *self, const char *empty_text)
{
  gtk_label_set_text (self->empty, empty_text);
}

void
praxi_jump_list_set_caption (PraxiJumpList *self, const char *text, const char *tip)
{
  gtk_label_set_text (self->caption, text != NULL ? text : "");
  g_free (self->caption_tip);
  self->caption_tip = g_strdup (tip);
  gtk_widget_set_visible (GTK_WIDGET (self->caption), text != NULL);
}

void
praxi_jump_list_select (PraxiJumpList *self, gint64 id)
{
  guint position = GTK_INVALID_LIST_POSITION;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->rows)); i++) {
    g_autoptr (PraxiJumpRow) row = g_list_model_get_item (G_LIST_MODEL (self->rows), i);
    if (row->id == id)
      position = i;
  }
  gtk_single_selection_set_selected (self->selection, position);
}

/* Asked for: it may change with every frame that is seen, and setting a tooltip asks the display
 * where the pointer is.
 */
static gboolean
caption_tip_cb (PraxiJumpList *self, int x, int y, gboolean by_keys, GtkTooltip *tooltip)
{
  gtk_tooltip_set_text (tooltip, self->caption_tip);
  return self->caption_tip != NULL;
}

static void
praxi_jump_list_dispose (GObject *object)
{
  PraxiJumpList *self = PRAXI_JUMP_LIST (object);
  g_clear_object (&self->rows);
  g_clear_object (&self->selection);
  g_clear_pointer (&self->caption_tip, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_JUMP_LIST);
  G_OBJECT_CLASS (praxi_jump_list_parent_class)->dispose (object);
}

static void
praxi_jump_list_class_init (PraxiJumpListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_jump_list_dispose;
  chosen_signal = g_signal_new ("chosen", PRAXI_TYPE_JUMP_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/jump-list.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiJumpList, stack);
  gtk_widget_class_bind_template_child (widget_class, PraxiJumpList, caption);
  gtk_widget_class_bind_template_callback (widget_class, caption_tip_cb);
  gtk_widget_class_bind_template_child (widget_class, PraxiJumpList, empty);
  gtk_widget_class_bind_template_child (widget_class, PraxiJumpList, view);
  gtk_widget_class_bind_template_callback (widget_class, activate_cb);
}

static void
praxi_jump_list_init (PraxiJumpList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->rows = g_list_store_new (PRAXI_TYPE_JUMP_ROW);
  self->selection = gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->rows)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
  gtk_list_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  gtk_list_view_set_factory (self->view, factory);
}

GtkWidget *
praxi_jump_list_new (const char *name, const char *empty_text)
{
  PraxiJumpList *self = g_object_new (PRAXI_TYPE_JUMP_LIST, NULL);
  gtk_label_set_text (self->empty, empty_text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  -1);
  return GTK_WIDGET (self);
}

#include "ui/page-parts.h"

enum { TEXT_CHARS = 30 };

GtkWidget *
praxi_page_column (GtkWidget *page)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *column = gtk_box_new (GTK_ORIENTATION_VERTICAL, PRAXI_PAGE_SPACING_PX);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_widget_set_vexpand (scroller, TRUE);
  gtk_widget_set_margin_start (column, PRAXI_PAGE_SPACING_PX);
  gtk_widget_set_margin_end (column, PRAXI_PAGE_SPACING_PX);
  gtk_widget_set_margin_bottom (column, PRAXI_PAGE_SPACING_PX);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), column);
  gtk_box_append (GTK_BOX (page), scroller);
  return column;
}

GtkWidget *
praxi_page_text (GtkWidget *column, const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_max_width_chars (GTK_LABEL (label), TEXT_CHARS);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  gtk_box_append (GTK_BOX (column), label);
  return label;
}

GtkWidget *
praxi_page_button (GtkWidget *column, const char *label, GCallback clicked, gpointer self)
{
  GtkWidget *button = gtk_button_new_with_label (label);
  g_signal_connect_object (button, "clicked", clicked, self, G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (column), button);
  return button;
}

GtkWidget *
praxi_page_row (GtkWidget *column, const char *name, GtkWidget *widget)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, PRAXI_PAGE_SPACING_PX);
  GtkWidget *label = gtk_label_new (name);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_set_valign (widget, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  if (GTK_IS_DROP_DOWN (widget)) /* its button is what a screen reader meets */
    gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_first_child (widget)),
                                    GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_box_append (GTK_BOX (row), label);
  gtk_box_append (GTK_BOX (row), widget);
  gtk_box_append (GTK_BOX (column), row);
  return row;
}

GtkWidget *
praxi_page_table (GtkWidget *column)
{
  GtkWidget *table = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (table), PRAXI_PAGE_SPACING_PX);
  gtk_grid_set_row_spacing (GTK_GRID (table), PRAXI_PAGE_SPACING_PX / 2);
  gtk_box_append (GTK_BOX (column), table);
  return table;
}

void
praxi_page_cell (GtkWidget *table, const char *text, int column, int row)
{
  GtkWidget *label = gtk_label_new (text);
  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0 : 1);
  gtk_widget_set_hexpand (label, column == 0);
  gtk_widget_add_css_class (label, row == 0 ? "dim-label" : "numeric");
  gtk_grid_attach (GTK_GRID (table), label, column, row, 1, 1);
}

void
praxi_page_clear_table (GtkWidget *table)
{
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child (table)) != NULL)
    gtk_grid_remove (GTK_GRID (table), child);
}

/* What the side pages that start a job are built of: a scrolled column of texts, buttons, rows and
 * tables.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

enum { PRAXI_PAGE_SPACING_PX = 12, PRAXI_PAGE_PLOT_PX = 180 };

/* The scrolled column of a page, which it is put into. */
GtkWidget *praxi_page_column (GtkWidget *page);

/* css_class: may be NULL */
GtkWidget *praxi_page_text (GtkWidget *column, const char *text, const char *css_class);

/* clicked is called with self, swapped, as long as self lives. */
GtkWidget *
praxi_page_button (GtkWidget *column, const char *label, GCallback clicked, gpointer self);

/* A widget with its name in front, which is also its name for screen readers. Returns the row. */
GtkWidget *praxi_page_row (GtkWidget *column, const char *name, GtkWidget *widget);

/* A table; the first row of cells is its head, the first column stands to the left. */
GtkWidget *praxi_page_table (GtkWidget *column);
void praxi_page_cell (GtkWidget *table, const char *text, int column, int row);
void praxi_page_clear_table (GtkWidget *table);

G_END_DECLS

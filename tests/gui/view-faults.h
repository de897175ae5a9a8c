/* What a person would call broken in a view, found by looking at its widgets. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Appends a line for each fault: a widget that is wider than the screen, lies outside of what shows
 * it or has less room than it needs; a text of the program's own that is cut off; a text that was
 * left in English although there is a translation.
 */
void view_faults_find (GtkWidget *root, int width_px, int height_px, GString *faults);

G_END_DECLS

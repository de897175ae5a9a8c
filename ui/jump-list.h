/* A list of moments: each row has a colour, a title, a time, a number, and jumps when chosen. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define PRAXI_TYPE_JUMP_ROW (praxi_jump_row_get_type ())
G_DECLARE_FINAL_TYPE (PraxiJumpRow, praxi_jump_row, PRAXI, JUMP_ROW, GObject)

/* title, detail, number: copied. id: what the row stands for; the list only hands it back. */
PraxiJumpRow *praxi_jump_row_new (gint64 id,
                                  const GdkRGBA *color,
                                  const char *title,
                                  const char *detail,
                                  const char *number);

#define PRAXI_TYPE_JUMP_LIST (praxi_jump_list_get_type ())
G_DECLARE_FINAL_TYPE (PraxiJumpList, praxi_jump_list, PRAXI, JUMP_LIST, GtkBox)

/* Signal "chosen" (gint64 id): a row was clicked or activated.
 * name:       for screen readers; empty_text: shown while there are no rows
 */
GtkWidget *praxi_jump_list_new (const char *name, const char *empty_text);

/* rows: of PraxiJumpRow; borrowed. Rows that stay the same are not touched. */
void praxi_jump_list_set_rows (PraxiJumpList *list, const GPtrArray *rows);

/* What stands there while there are no rows. */
void praxi_jump_list_set_empty_text (PraxiJumpList *list, const char *empty_text);

/* One line above the rows; NULL for none. tip: more of it, may be NULL */
void praxi_jump_list_set_caption (PraxiJumpList *list, const char *text, const char *tip);

/* Shows the row with the id as selected; none with another id. */
void praxi_jump_list_select (PraxiJumpList *list, gint64 id);

G_END_DECLS

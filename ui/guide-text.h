/* The little Markdown that the guide is written in, as blocks for widgets. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  PRAXI_GUIDE_TITLE,
  PRAXI_GUIDE_HEADING,
  PRAXI_GUIDE_PARAGRAPH,
  PRAXI_GUIDE_ITEM, /* of a list; marker: what stands before it */
  PRAXI_GUIDE_ROW,  /* of a table; the first row of one is its head */
  PRAXI_GUIDE_CODE,
} PraxiGuideKind;

/* cells: Pango markup, NULL-terminated; one but for rows */
typedef struct {
  PraxiGuideKind kind;
  char *marker;
  char **cells;
} PraxiGuideBlock;

/* Titles, headings, paragraphs, lists, tables, indented code; inside lines **bold**, `code`, and
 * [text](address). Anything else is text.
 * Returns an array of PraxiGuideBlock; free with g_ptr_array_unref
 */
GPtrArray *praxi_guide_parse (const char *text);

G_END_DECLS

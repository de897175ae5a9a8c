#include "ui/guide-text.h"

#include <string.h>

static void
block_free (gpointer data)
{
  PraxiGuideBlock *block = data;
  g_free (block->marker);
  g_strfreev (block->cells);
  g_free (block);
}

static void
append_escaped (GString *markup, const char *text, gsize length)
{
  g_autofree char *escaped = g_markup_escape_text (text, (gssize) length);
  g_string_append (markup, escaped);
}

/* What begins at text with `mark` and ends with the next one; 0 when it does not. */
static gsize
append_span (GString *markup, const char *text, const char *mark, const char *tag)
{
  const gsize width = strlen (mark);
  const char *end = g_str_has_prefix (text, mark) ? strstr (text + width, mark) : NULL;
  if (end == NULL)
    return 0;
  g_string_append_printf (markup, "<%s>", tag);
  append_escaped (markup, text + width, (gsize) (end - text) - width);
  g_string_append_printf (markup, "</%s>", tag);
  return (gsize) (end - text) + width;
}

static gsize
append_link (GString *markup, const char *text)
{
  const char *middle = *text == '[' ? strstr (text, "](") : NULL;
  const char *end = middle != NULL ? strchr (middle, ')') : NULL;
  if (end == NULL)
    return 0;
  g_string_append (markup, "<a href=\"");
  append_escaped (markup, middle + 2, (gsize) (end - middle) - 2);
  g_string_append (markup, "\">");
  append_escaped (markup, text + 1, (gsize) (middle - text) - 1);
  g_string_append (markup, "</a>");
  return (gsize) (end - text) + 1;
}

static char *
to_markup (const char *line)
{
  GString *markup = g_string_new (NULL);
  while (*line != '\0') {
    gsize length = append_span (markup, line, "**", "b");
    if (length == 0)
      length = append_span (markup, line, "`", "tt");
    if (length == 0)
      length = append_link (markup, line);
    if (length == 0) {
      length = (gsize) (g_utf8_next_char (line) - line);
      append_escaped (markup, line, length);
    }
    line += length;
  }
  return g_string_free (markup, FALSE);
}

static PraxiGuideBlock *
add_block (GPtrArray *blocks, PraxiGuideKind kind, const char *line)
{
  PraxiGuideBlock *block = g_new0 (PraxiGuideBlock, 1);
  block->kind = kind;
  block->cells = g_new0 (char *, 2);
  block->cells[0] = kind == PRAXI_GUIDE_CODE ? g_markup_escape_text (line, -1) : to_markup (line);
  g_ptr_array_add (blocks, block);
  return block;
}

static void
add_item (GPtrArray *blocks, const char *marker, const char *line)
{
  add_block (blocks, PRAXI_GUIDE_ITEM, line)->marker = g_strdup (marker);
}

/* The line under a table's head says nothing. */
static void
add_row (GPtrArray *blocks, const char *line)
{
  if (g_str_has_prefix (line, "|-") || g_str_has_prefix (line, "| -"))
    return;
  g_auto (GStrv) parts = g_strsplit (line, "|", -1);
  g_autoptr (GStrvBuilder) cells = g_strv_builder_new ();
  for (guint i = 1; i + 1 < g_strv_length (parts); i++) {
    g_autofree char *cell = to_markup (g_strstrip (parts[i]));
    g_strv_builder_add (cells, cell);
  }
  PraxiGuideBlock *block = g_new0 (PraxiGuideBlock, 1);
  block->kind = PRAXI_GUIDE_ROW;
  block->cells = g_strv_builder_end (cells);
  g_ptr_array_add (blocks, block);
}

/* "1. " and so on: how long the marker is, 0 for none. */
static gsize
number_length (const char *line)
{
  const gsize digits = strspn (line, "0123456789");
  return digits > 0 && g_str_has_prefix (line + digits, ". ") ? digits + 1 : 0;
}

GPtrArray *
praxi_guide_parse (const char *text)
{
  GPtrArray *blocks = g_ptr_array_new_with_free_func (block_free);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    const char *line = lines[i];
    const gsize number = number_length (line);
    g_autofree char *marker = g_strndup (line, number);
    if (*line == '\0')
      continue;
    if (g_str_has_prefix (line, "# "))
      add_block (blocks, PRAXI_GUIDE_TITLE, line + 2);
    else if (g_str_has_prefix (line, "## "))
      add_block (blocks, PRAXI_GUIDE_HEADING, line + 3);
    else if (g_str_has_prefix (line, "- "))
      add_item (blocks, "•", line + 2);
    else if (number > 0)
      add_item (blocks, marker, line + number + 1);
    else if (*line == '|')
      add_row (blocks, line);
    else if (g_str_has_prefix (line, "    "))
      add_block (blocks, PRAXI_GUIDE_CODE, line + 4);
    else
      add_block (blocks, PRAXI_GUIDE_PARAGRAPH, line);
  }
  return blocks;
}

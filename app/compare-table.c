#include "app/compare-table.h"

#include <math.h>
#include <string.h>

#include "engine/core/text.h"

typedef enum { PERCENT, NUMBER, MILLISECONDS, BYTES } Unit;

static const struct {
  const char *label;
  const char *member;
  const char *below; /* member inside that one, or NULL */
  Unit unit;
} rows[] = {{"accuracy", "accuracy", NULL, PERCENT},
            {"macro F1", "macro_f1", NULL, PERCENT},
            {"AUC-PR", "auc_pr", NULL, PERCENT},
            {"frames/s with decoding", "fps", NULL, NUMBER},
            {"frames/s without", "fps_no_decode", NULL, NUMBER},
            {"windows/s", "clips_per_s", NULL, NUMBER},
            {"latency p50", "latency_ms", "p50", MILLISECONDS},
            {"latency p95", "latency_ms", "p95", MILLISECONDS},
            {"memory (RSS peak)", "peak_rss_bytes", NULL, BYTES},
            {"device memory peak", "peak_device_bytes", NULL, BYTES},
            {"weights", "weights_bytes", NULL, BYTES},
            {"file", "file_bytes", NULL, BYTES}};

static double
number (JsonObject *report, const char *member, const char *below)
{
  if (report == NULL)
    return NAN;
  if (below != NULL)
    return number (json_object_get_object_member (report, member), below, NULL);
  JsonNode *node = json_object_get_member (report, member);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static char *
format_value (double value, Unit unit)
{
  if (isnan (value))
    return g_strdup ("–");
  if (unit == PERCENT)
    return g_strdup_printf ("%.1f %%", value * 100);
  if (unit == MILLISECONDS)
    return g_strdup_printf ("%.2f ms", value);
  if (unit == BYTES)
    return praxi_text_bytes ((guint64) value);
  return g_strdup_printf ("%.0f", value);
}

static char *
format_change (double from, double to, Unit unit)
{
  if (isnan (from) || isnan (to))
    return g_strdup ("");
  if (unit == PERCENT)
    return g_strdup_printf ("%+.1f points", (to - from) * 100);
  return from > 0 ? g_strdup_printf ("× %.3g", to / from) : g_strdup ("");
}

/* Pads by characters, where printf counts bytes. */
static void
print_cell (FILE *stream, const char *text, int width)
{
  const int padding = width - (int) g_utf8_strlen (text, -1);
  fprintf (stream, "%*s%s", MAX (padding, 0), "", text);
}

static void
print_confusion (JsonObject *document, const char *member, FILE *stream)
{
  if (!json_object_has_member (document, member))
    return;
  JsonArray *classes = json_object_get_array_member (document, "classes");
  JsonArray *table =
      json_object_get_array_member (json_object_get_object_member (document, member), "confusion");
  const guint n = json_array_get_length (classes);
  fprintf (stream, "\n%s: rows are what is labelled, columns what it says\n%12s", member, "");
  for (guint c = 0; c < n; c++)
    print_cell (stream, json_array_get_string_element (classes, c), 12);
  fputc ('\n', stream);
  for (guint r = 0; r < n; r++) {
    print_cell (stream, json_array_get_string_element (classes, r), 12);
    JsonArray *row = json_array_get_array_element (table, r);
    for (guint c = 0; c < n; c++)
      fprintf (stream, "%12d", (int) json_array_get_int_element (row, c));
    fputc ('\n', stream);
  }
}

static void
print_events (JsonObject *document, const char *member, FILE *stream)
{
  if (!json_object_has_member (document, member))
    return;
  JsonArray *events =
      json_object_get_array_member (json_object_get_object_member (document, member), "events");
  fprintf (stream, "\n%s: events at its own thresholds\n", member);
  for (guint i = 0; i < json_array_get_length (events); i++) {
    JsonObject *entry = json_array_get_object_element (events, i);
    fprintf (stream, "  %-10s %-8s %3d of %3d found, %3d false in %.0f s\n",
             json_object_get_string_member (entry, "part"),
             json_object_get_string_member (entry, "class"),
             (int) json_object_get_int_member (entry, "found"),
             (int) json_object_get_int_member (entry, "spans"),
             (int) json_object_get_int_member (entry, "false_alarms"),
             json_object_get_double_member (entry, "hours") * 3600);
  }
}

static void
print_disagreements (JsonObject *document, FILE *stream)
{
  JsonArray *list = json_object_get_array_member (document, "disagreements");
  const guint n = json_array_get_length (list);
  fprintf (stream, "\n%u clips on which they disagree\n", n);
  for (guint i = 0; i < n; i++) {
    JsonObject *entry = json_array_get_object_element (list, i);
    fprintf (stream, "  %s (%s): original %s %.0f %%, light %s %.0f %%\n",
             json_object_get_string_member (entry, "file"),
             json_object_get_string_member (entry, "class"),
             json_object_get_string_member (entry, "original"),
             json_object_get_double_member (entry, "p_original") * 100,
             json_object_get_string_member (entry, "light"),
             json_object_get_double_member (entry, "p_light") * 100);
  }
}

void
praxi_compare_table_print (JsonObject *document, FILE *stream)
{
  JsonObject *reports[2] = {NULL, NULL};
  const char *const members[] = {"original", "light"};
  fprintf (stream, "%-24s", "");
  for (int i = 0; i < 2; i++) {
    if (json_object_has_member (document, members[i]))
      reports[i] = json_object_get_object_member (document, members[i]);
    print_cell (stream, members[i], 14);
  }
  fputc ('\n', stream);
  for (guint r = 0; r < G_N_ELEMENTS (rows); r++) {
    const double from = number (reports[0], rows[r].member, rows[r].below);
    const double to = number (reports[1], rows[r].member, rows[r].below);
    g_autofree char *first = format_value (from, rows[r].unit);
    g_autofree char *second = format_value (to, rows[r].unit);
    g_autofree char *change = format_change (from, to, rows[r].unit);
    fprintf (stream, "%-24s", rows[r].label);
    print_cell (stream, first, 14);
    print_cell (stream, second, 14);
    fprintf (stream, "   %s\n", change);
  }
  for (int i = 0; i < 2; i++)
    print_confusion (document, members[i], stream);
  for (int i = 0; i < 2; i++)
    print_events (document, members[i], stream);
  print_disagreements (document, stream);
}

#include "engine/core/text.h"

#include <math.h>

char *
praxi_text_time (gint64 time_ns, int decimals)
{
  static const gint64 unit_ns[] = {G_GINT64_CONSTANT (1000000000), 100000000, 10000000, 1000000};
  decimals = CLAMP (decimals, 0, 3);
  const gint64 unit = unit_ns[decimals];
  const gint64 per_second = unit_ns[0] / unit;
  const gint64 ticks = (ABS (time_ns) + unit / 2) / unit;
  const gint64 seconds = ticks / per_second;
  GString *text = g_string_new (time_ns < 0 && ticks > 0 ? "-" : NULL);
  if (seconds >= 3600)
    g_string_append_printf (text, "%" G_GINT64_FORMAT ":%02d:%02d", seconds / 3600,
                            (int) (seconds / 60 % 60), (int) (seconds % 60));
  else
    g_string_append_printf (text, "%d:%02d", (int) (seconds / 60), (int) (seconds % 60));
  if (decimals > 0)
    g_string_append_printf (text, ".%0*d", decimals, (int) (ticks % per_second));
  return g_string_free (text, FALSE);
}

gboolean
praxi_text_parse_time (const char *text, gint64 *time_ns)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", -1);
  const guint n = g_strv_length (parts);
  if (n < 1 || n > 3)
    return FALSE;
  double seconds = 0;
  for (guint i = 0; i < n; i++) {
    char *end = NULL;
    if (!g_ascii_isdigit (parts[i][0]))
      return FALSE;
    const double value = g_ascii_strtod (parts[i], &end);
    if (*end != '\0' || !isfinite (value) || value > 1e9 || (i > 0 && value >= 60))
      return FALSE;
    if (i + 1 < n && value != floor (value))
      return FALSE;
    seconds = seconds * 60 + value;
  }
  *time_ns = (gint64) llround (seconds * 1e9);
  return TRUE;
}

char *
praxi_text_bytes (guint64 bytes)
{
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  double value = (double) bytes;
  guint unit = 0;
  while (value >= 999.5 && unit + 1 < G_N_ELEMENTS (units)) {
    value /= 1000;
    unit++;
  }
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (number, sizeof number, unit == 0 || value >= 99.95 ? "%.0f" : "%.1f", value);
  return g_strdup_printf ("%s %s", number, units[unit]);
}

char *
praxi_text_file_name (const char *path)
{
  g_autofree char *valid = g_utf8_make_valid (path, -1);
  GString *text = g_string_new (NULL);
  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at)) {
    const gunichar c = g_utf8_get_char (at);
    const gboolean is_bidi_control = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    if (g_unichar_iscntrl (c) || is_bidi_control)
      g_string_append_printf (text, "\\u%04x", c);
    else
      g_string_append_unichar (text, c);
  }
  return g_string_free (text, FALSE);
}

/* Text for people, made the same way everywhere: times, sizes, file names. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "1:02:03.5" or "2:03.50": hours only when there are some, `decimals` digits (0 to 3) after the
 * point, which is a point in every locale. Negative times carry a minus sign.
 */
char *praxi_text_time (gint64 time_ns, int decimals);

/* Reads "1:02:03.5", "63.5" or "1:03" back. Returns FALSE on anything else. */
gboolean praxi_text_parse_time (const char *text, gint64 *time_ns);

/* "17.3 kB", "1.2 GB": powers of 1000, point as decimal sign. */
char *praxi_text_bytes (guint64 bytes);

/* A file name fit to stand in a message: valid UTF-8, control and bidi-override characters escaped.
 */
char *praxi_text_file_name (const char *path);

G_END_DECLS

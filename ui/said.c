#include "ui/said.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#define NP_(one, many) one, many
enum { MOST_PARTS = 6 };

/* %s is any text; counted: which of them decides between one and many, from 1 on; 0: none does.
 * Those who write these texts always write the plural. */
typedef struct {
  int counted;
  const char *one;
  const char *many; /* NULL: nothing is counted */
} Pattern;

static const Pattern patterns[] = {
    {0, N_ ("the camera's clock jumped by %s s; the time of arrival counts instead"), NULL},
    {0, N_ ("the pictures are now %s × %s instead of %s × %s; another recording begins"), NULL},
    {0, N_ ("built, weights at random"), NULL},
    {0, N_ ("new last layer: %s"), NULL},
    {1, NP_ ("trained: %s clip, epoch %s of %s", "trained: %s clips, epoch %s of %s")},
    {1, NP_ ("fine-tuned: %s clip, epoch %s of %s", "fine-tuned: %s clips, epoch %s of %s")},
    {0, N_ ("fine-tuned: epoch %s of %s"), NULL},
    {0, N_ ("fine-tuned from a teacher: epoch %s of %s"), NULL},
    {0, N_ ("learned: epoch %s of %s"), NULL},
    {0, N_ ("learned from a teacher: epoch %s of %s"), NULL},
    {0, N_ ("joined, with mirror images: %s"), NULL},
    {0, N_ ("joined: %s"), NULL},
    {1, NP_ ("calibrated: by %s sample held out, false events an hour at most: %s",
             "calibrated: by %s samples held out, false events an hour at most: %s")},
    {1, NP_ ("calibrated: by %s sample held out", "calibrated: by %s samples held out")},
    {2, NP_ ("pruned: %s of %s channel by %s", "pruned: %s of %s channels by %s")},
    {1, NP_ ("quantized: %s convolution in INT8, ranges by %s over %s clips of noise",
             "quantized: %s convolutions in INT8, ranges by %s over %s clips of noise")},
    {1, NP_ ("quantized: %s convolution in INT8, ranges by %s over %s clips",
             "quantized: %s convolutions in INT8, ranges by %s over %s clips")},
};

/* Names among the parts. */
static const char *const words[] = {N_ ("percentile"), N_ ("entropy"), N_ ("magnitude")};

/* The texts that stand for %s, NULL after the last; NULL: the text is another one. */
static char **
match (const char *pattern, const char *text)
{
  g_auto (GStrv) literals = g_strsplit (pattern, "%s", MOST_PARTS);
  if (!g_str_has_prefix (text, literals[0]))
    return NULL;
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  text += strlen (literals[0]);
  for (int i = 1; literals[i] != NULL; i++) {
    const gboolean is_last = literals[i + 1] == NULL;
    const gsize length = strlen (literals[i]), left = strlen (text);
    const char *end = text + left - MIN (length, left);
    if (!is_last)
      end = strstr (text, literals[i]);
    if (end == NULL || end == text || !g_str_has_prefix (end, literals[i]))
      return NULL;
    g_autofree char *part = g_strndup (text, (gsize) (end - text));
    g_strv_builder_add (parts, part);
    text = end + length;
  }
  return *text == '\0' ? g_strv_builder_end (parts) : NULL;
}

static gboolean
is_number (const char *text)
{
  return g_ascii_isdigit (text[strspn (text, "-")]) &&
         text[strspn (text, "-0123456789.")] == '\0' && strchr (text, '.') == strrchr (text, '.');
}

char *
praxi_said_value (const char *part)
{
  if (is_number (part)) {
    g_auto (GStrv) digits = g_strsplit (part, ".", 2);
    return g_strjoinv (localeconv ()->decimal_point, digits);
  }
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i], part))
      return g_strdup (_ (words[i]));
  return g_strdup (part);
}

/* A translation takes the parts in their order, or as %1$s, %2$s … in its own. */
static char *
fill (const char *translation, char **parts)
{
  const guint n = g_strv_length (parts);
  guint next = 0;
  GString *text = g_string_new (NULL);
  for (const char *at = translation; *at != '\0'; at++) {
    const gboolean is_named =
        at[0] == '%' && g_ascii_isdigit (at[1]) && at[2] == '$' && at[3] == 's';
    const gboolean is_next = at[0] == '%' && at[1] == 's';
    const guint i = is_named ? (guint) (at[1] - '1') : next;
    if ((!is_named && !is_next) || i >= n) {
      g_string_append_c (text, *at);
      continue;
    }
    g_autofree char *part = praxi_said_value (parts[i]);
    g_string_append (text, part);
    next += is_next;
    at += is_named ? 3 : 1;
  }
  return g_string_free (text, FALSE);
}

char *
praxi_said_text (const char *english)
{
  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++) {
    const Pattern *pattern = &patterns[i];
    g_auto (GStrv) parts = match (pattern->many != NULL ? pattern->many : pattern->one, english);
    if (parts == NULL)
      continue;
    if (pattern->counted == 0)
      return fill (_ (pattern->one), parts);
    const gint64 n = g_ascii_strtoll (parts[pattern->counted - 1], NULL, 10);
    return fill (ngettext (pattern->one, pattern->many, (gulong) CLAMP (n, 0, G_MAXINT)), parts);
  }
  return g_strdup (*english != '\0' ? _ (english)
                                    : ""); /* gettext's "" is what it says of itself */
}

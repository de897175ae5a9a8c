#include "ui/history-text.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *what, *text;
} known[] = {
    {"add label", N_ ("label added")},
    {"change label", N_ ("label changed")},
    {"remove label", N_ ("label removed")},
    {"add class", N_ ("class added")},
    {"change class", N_ ("class changed")},
    {"remove class", N_ ("class removed")},
    {"add class_order", N_ ("order of the classes")},
    {"change class_order", N_ ("order of the classes")},
    {"add verdict", N_ ("verdict on an event")},
    {"change verdict", N_ ("verdict on an event")},
    {"remove verdict", N_ ("verdict taken back")},
};

char *
praxi_history_text (const char *what)
{
  unsigned n_labels = 0;
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strcmp (known[i].what, what) == 0)
      return g_strdup (_ (known[i].text));
  if (sscanf (what, "add %u labels", &n_labels) == 1)
    return g_strdup_printf (ngettext ("%u label added", "%u labels added", n_labels), n_labels);
  if (sscanf (what, "change %u labels", &n_labels) == 1)
    return g_strdup_printf (ngettext ("%u label changed", "%u labels changed", n_labels), n_labels);
  if (sscanf (what, "remove %u labels", &n_labels) == 1)
    return g_strdup_printf (ngettext ("%u label removed", "%u labels removed", n_labels), n_labels);
  return g_strdup (what);
}

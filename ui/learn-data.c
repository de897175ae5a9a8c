#include "ui/learn-data.h"

#include <glib/gi18n.h>

#include "engine/core/text.h"
#include "ui/page-parts.h"
#include "ui/session-labels.h"

/* Below, a class is too rare to learn; above, so much more frequent that it drowns the other. */
enum { FEW_LABELS = 10, MANY_TIMES = 10 };

typedef struct {
  PraxiSession *session;
  GtkWidget *table, *seen, *warnings;
  char *shown; /* what the table says, so that it is only built anew when that changes */
} LearnData;

static void
data_free (gpointer data)
{
  LearnData *self = data;
  g_clear_object (&self->session);
  g_free (self->shown);
  g_free (self);
}

static void
add_class (GtkWidget *table, const PraxiUiClass *cls, int row)
{
  g_autofree char *labels = g_strdup_printf ("%" G_GINT64_FORMAT, cls->n_labels);
  g_autofree char *media = g_strdup_printf ("%" G_GINT64_FORMAT, cls->n_media);
  g_autofree char *time = praxi_text_time (cls->labelled_ns, 0);
  praxi_page_cell (table, cls->name, 0, row);
  praxi_page_cell (table, labels, 1, row);
  praxi_page_cell (table, media, 2, row);
  praxi_page_cell (table, time, 3, row);
}

/* What was seen and labelled nothing in, which has no labels to count. */
static void
add_seen (GtkWidget *table, PraxiSeenCount seen, int row)
{
  g_autofree char *media = g_strdup_printf ("%" G_GINT64_FORMAT, seen.n_media);
  g_autofree char *time = praxi_text_time (seen.quiet_ns, 0);
  praxi_page_cell (table, _ ("seen, nothing labelled"), 0, row);
  praxi_page_cell (table, "–", 1, row);
  praxi_page_cell (table, media, 2, row);
  praxi_page_cell (table, time, 3, row);
}

static void
warn_of_class (GPtrArray *lines, const PraxiUiClass *cls)
{
  if (cls->n_labels < FEW_LABELS)
    g_ptr_array_add (
        lines,
        g_strdup_printf (ngettext ("There is %d label of %s: a dozen and more teach better.",
                                   "There are %d labels of %s: a dozen and more teach better.",
                                   (gulong) cls->n_labels),
                         (int) cls->n_labels, cls->name));
  if (cls->n_media == 1)
    g_ptr_array_add (lines,
                     g_strdup_printf (_ ("%s is labelled in one piece of footage only: nothing can "
                                         "tell whether it is recognised elsewhere."),
                                      cls->name));
}

/* What is missing, a line each. Free with g_free. */
static char *
warnings_of (const GPtrArray *classes)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  const PraxiUiClass *most = NULL, *least = NULL;
  for (guint i = 0; i < classes->len; i++) {
    const PraxiUiClass *cls = classes->pdata[i];
    if (cls->n_labels == 0)
      continue;
    warn_of_class (lines, cls);
    most = most == NULL || cls->n_labels > most->n_labels ? cls : most;
    least = least == NULL || cls->n_labels < least->n_labels ? cls : least;
  }
  if (most == NULL)
    g_ptr_array_add (lines, g_strdup (_ ("Nothing is labelled yet.")));
  else if (most->n_labels > MANY_TIMES * least->n_labels)
    g_ptr_array_add (lines, g_strdup_printf (_ ("%s has far more labels than %s; the rare one is "
                                                "drawn more often to make up for it."),
                                             most->name, least->name));
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("\n", (char **) lines->pdata);
}

/* Free with g_free. */
static char *
text_of (const GPtrArray *classes, PraxiSeenCount seen)
{
  GString *text = g_string_new (NULL);
  g_string_append_printf (text, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", seen.n_media,
                          seen.quiet_ns);
  for (guint i = 0; i < classes->len; i++) {
    const PraxiUiClass *cls = classes->pdata[i];
    g_string_append_printf (text,
                            "%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
                            cls->name, cls->n_labels, cls->n_media, cls->labelled_ns);
  }
  return g_string_free (text, FALSE);
}

static void
changed_cb (GtkWidget *box, guint changes, PraxiSession *session)
{
  LearnData *self = g_object_get_data (G_OBJECT (box), "data");
  if ((changes & PRAXI_CHANGE_LABELS) == 0)
    return;
  const GPtrArray *classes = praxi_session_classes (session);
  const PraxiSeenCount seen = praxi_session_seen (session);
  g_autofree char *text = text_of (classes, seen);
  if (g_strcmp0 (text, self->shown) == 0)
    return;
  g_free (self->shown);
  self->shown = g_steal_pointer (&text);
  g_autofree char *warnings = warnings_of (classes);
  praxi_page_clear_table (self->table);
  praxi_page_cell (self->table, _ ("Class"), 0, 0);
  praxi_page_cell (self->table, _ ("Labels"), 1, 0);
  praxi_page_cell (self->table, _ ("Footage"), 2, 0);
  praxi_page_cell (self->table, _ ("Time"), 3, 0);
  for (guint i = 0; i < classes->len; i++)
    add_class (self->table, classes->pdata[i], (int) i + 1);
  if (seen.n_media > 0)
    add_seen (self->table, seen, (int) classes->len + 1);
  gtk_widget_set_visible (self->seen, seen.n_media > 0);
  gtk_label_set_text (GTK_LABEL (self->warnings), warnings);
  gtk_widget_set_visible (self->warnings, *warnings != '\0');
}

static void
count_cb (GtkWidget *box)
{
  LearnData *self = g_object_get_data (G_OBJECT (box), "data");
  praxi_session_count_classes (self->session);
}

GtkWidget *
praxi_learn_data_new (PraxiSession *session)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, PRAXI_PAGE_SPACING_PX);
  LearnData *self = g_new0 (LearnData, 1);
  self->session = g_object_ref (session);
  self->table = praxi_page_table (box);
  self->seen = praxi_page_text (
      box, _ ("Footage that was seen and left without a label is learned as normal."), "dim-label");
  self->warnings = praxi_page_text (box, "", "dim-label");
  g_object_set_data_full (G_OBJECT (box), "data", self, data_free);
  g_signal_connect (box, "map", G_CALLBACK (count_cb), NULL);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), box, G_CONNECT_SWAPPED);
  changed_cb (box, PRAXI_CHANGE_ALL, session);
  return box;
}

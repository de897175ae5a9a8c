#include "ui/go-to.h"

#include <glib/gi18n.h>

#include "engine/core/text.h"

struct _PraxiGoTo {
  GtkPopover parent_instance;
  PraxiSession *session;
  GtkEntry *entry;
  GtkLabel *hint;
};

G_DEFINE_FINAL_TYPE (PraxiGoTo, praxi_go_to, GTK_TYPE_POPOVER)

static char *
parse_frame (const char *text, int n_frames, gint64 *value)
{
  guint64 frame = 0;
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT, &frame, NULL))
    return g_strdup (_ ("After f stands the number of a frame, as in f1234"));
  if (frame >= (guint64) n_frames)
    return g_strdup_printf (_ ("Frame %d is not there: they go from 0 to %d"), (int) frame,
                            n_frames - 1);
  *value = (gint64) frame;
  return NULL;
}

char *
praxi_go_to_parse (const char *text,
                   int n_frames,
                   gint64 start_ns,
                   gint64 end_ns,
                   gboolean *is_frame,
                   gint64 *value)
{
  g_autofree char *word = g_strstrip (g_strdup (text));
  gint64 time_ns;
  *is_frame = word[0] == 'f' || word[0] == 'F' || word[0] == '#';
  if (*is_frame)
    return parse_frame (g_strchug (word + 1), n_frames, value);
  if (!praxi_text_parse_time (word, &time_ns))
    return g_strdup_printf (
        _ ("“%s” is neither: write a time like 1:02:03.5 or a frame like f1234"), word);
  if (time_ns < 0 || time_ns > end_ns - start_ns) {
    g_autofree char *end = praxi_text_time (end_ns - start_ns, 2);
    return g_strdup_printf (_ ("%s is outside the footage, which ends at %s"), word, end);
  }
  *value = start_ns + time_ns;
  return NULL;
}

static void
say (PraxiGoTo *self, const char *problem)
{
  GtkWidget *hint = GTK_WIDGET (self->hint);
  gtk_label_set_text (
      self->hint, problem != NULL ? problem : _ ("A time like 1:02:03.5, or a frame like f1234"));
  if (problem != NULL)
    gtk_widget_add_css_class (hint, "error");
  else
    gtk_widget_remove_css_class (hint, "error");
}

static void
activate_cb (PraxiGoTo *self)
{
  const PraxiTimeSpan footage = praxi_session_footage (self->session);
  gboolean is_frame = FALSE;
  gint64 value = 0;
  g_autofree char *problem = praxi_go_to_parse (
      gtk_editable_get_text (GTK_EDITABLE (self->entry)), praxi_session_n_frames (self->session),
      footage.start_ns, footage.end_ns, &is_frame, &value);
  say (self, problem);
  if (problem != NULL)
    return;
  gtk_popover_popdown (GTK_POPOVER (self));
  praxi_session_seek (self->session,
                      is_frame ? (int) value : praxi_session_frame_at (self->session, value));
}

static void
edited_cb (PraxiGoTo *self)
{
  say (self, NULL);
}

static void
praxi_go_to_show (GtkWidget *widget)
{
  PraxiGoTo *self = PRAXI_GO_TO (widget);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
  GTK_WIDGET_CLASS (praxi_go_to_parent_class)->show (widget);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

void
praxi_go_to_set_session (PraxiGoTo *self, PraxiSession *session)
{
  self->session = g_object_ref (session);
}

static void
praxi_go_to_dispose (GObject *object)
{
  g_clear_object (&PRAXI_GO_TO (object)->session);
  G_OBJECT_CLASS (praxi_go_to_parent_class)->dispose (object);
}

static void
praxi_go_to_class_init (PraxiGoToClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = praxi_go_to_dispose;
  GTK_WIDGET_CLASS (klass)->show = praxi_go_to_show;
}

static void
praxi_go_to_init (PraxiGoTo *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  self->entry = GTK_ENTRY (gtk_entry_new ());
  self->hint = GTK_LABEL (gtk_label_new (NULL));
  gtk_entry_set_placeholder_text (self->entry, _ ("Go to…"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Go to a time or a frame"), -1);
  gtk_label_set_xalign (self->hint, 0);
  gtk_label_set_wrap (self->hint, TRUE);
  gtk_label_set_width_chars (self->hint, 48);
  gtk_label_set_max_width_chars (self->hint, 48);
  gtk_widget_add_css_class (GTK_WIDGET (self->hint), "caption");
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->entry));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->hint));
  gtk_popover_set_child (GTK_POPOVER (self), box);
  g_signal_connect_object (self->entry, "activate", G_CALLBACK (activate_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->entry, "changed", G_CALLBACK (edited_cb), self, G_CONNECT_SWAPPED);
  say (self, NULL);
}

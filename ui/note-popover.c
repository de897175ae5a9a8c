#include "ui/note-popover.h"

#include <glib/gi18n.h>

#include "ui/session-labelling.h"

typedef struct {
  PraxiSession *session;
  gint64 label_id;
  GtkEditable *entry;
  GtkWidget *focus; /* had the keys before; weak */
  gboolean is_dropped;
} Note;

static gboolean
key_cb (GtkEventControllerKey *keys, guint keyval, guint keycode, GdkModifierType state, Note *note)
{
  note->is_dropped = keyval == GDK_KEY_Escape;
  return FALSE;
}

static void
free_cb (gpointer data)
{
  Note *note = data;
  g_object_unref (note->session);
  g_clear_weak_pointer (&note->focus);
  g_free (note);
}

/* Whoever was quick has gone on to something else by now. */
static gboolean
has_keys (GtkWidget *popover)
{
  GtkRoot *root = gtk_widget_get_root (popover);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  return focus == NULL || gtk_widget_is_ancestor (focus, popover);
}

static gboolean
unparent_cb (gpointer popover)
{
  const Note *note = g_object_get_data (popover, "praxi-note");
  if (note->focus != NULL && has_keys (popover))
    gtk_widget_grab_focus (note->focus);
  if (gtk_widget_get_parent (popover) != NULL)
    gtk_widget_unparent (popover);
  g_object_unref (popover);
  return G_SOURCE_REMOVE;
}

/* Not inside its own signal: it still touches itself afterwards. */
static void
closed_cb (GtkPopover *popover, Note *note)
{
  if (!note->is_dropped)
    praxi_session_set_note (note->session, note->label_id, gtk_editable_get_text (note->entry));
  g_idle_add (unparent_cb, g_object_ref (popover));
}

void
praxi_note_popover_show (GtkWidget *parent,
                         const GdkRectangle *at,
                         PraxiSession *session,
                         gint64 label_id)
{
  const PraxiUiLabel *label = praxi_session_find_label (session, label_id);
  if (label == NULL)
    return;
  GtkWidget *popover = gtk_popover_new ();
  GtkWidget *entry = gtk_entry_new ();
  Note *note = g_new0 (Note, 1);
  *note = (Note){
      .session = g_object_ref (session), .label_id = label_id, .entry = GTK_EDITABLE (entry)};
  GtkRoot *root = gtk_widget_get_root (parent);
  g_set_weak_pointer (&note->focus, root != NULL ? gtk_root_get_focus (root) : NULL);
  gtk_editable_set_text (note->entry, label->note);
  gtk_editable_set_width_chars (note->entry, 32);
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), _ ("Note"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Note of the label"), -1);
  gtk_popover_set_child (GTK_POPOVER (popover), entry);
  gtk_popover_set_pointing_to (GTK_POPOVER (popover), at);
  gtk_widget_set_parent (popover, parent);
  GtkEventController *keys = gtk_event_controller_key_new ();
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_cb), note);
  gtk_widget_add_controller (popover, keys);
  g_signal_connect_swapped (entry, "activate", G_CALLBACK (gtk_popover_popdown), popover);
  g_signal_connect (popover, "closed", G_CALLBACK (closed_cb), note);
  g_object_set_data_full (G_OBJECT (popover), "praxi-note", note, free_cb);
  gtk_popover_popup (GTK_POPOVER (popover));
  gtk_widget_grab_focus (entry);
}

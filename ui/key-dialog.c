#include "ui/key-dialog.h"

#include <glib/gi18n.h>

struct _PraxiKeyDialog {
  GtkWindow parent_instance;
  PraxiKeymap *keymap;
  const PraxiAction *action;
  GtkLabel *title;
  GtkLabel *pressed;
  GtkLabel *note;
  GtkButton *take_button;
  char *key; /* pressed last, somebody else's */
};

#define PRAXI_TYPE_KEY_DIALOG (praxi_key_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PraxiKeyDialog, praxi_key_dialog, PRAXI, KEY_DIALOG, GtkWindow)
G_DEFINE_FINAL_TYPE (PraxiKeyDialog, praxi_key_dialog, GTK_TYPE_WINDOW)

static void
use (PraxiKeyDialog *self, const char *key)
{
  praxi_keymap_set (self->keymap, self->action, key);
  gtk_window_close (GTK_WINDOW (self));
}

static void
take_cb (PraxiKeyDialog *self)
{
  if (self->key != NULL)
    use (self, self->key);
}

/* The key is another's: say whose. */
static void
show_conflict (PraxiKeyDialog *self, const char *key, const char *owner, gboolean is_free)
{
  g_autofree char *label = praxi_key_label (key);
  g_autofree char *note =
      g_strdup_printf (is_free ? _ ("This key leads to “%s”.")
                               : _ ("This key always leads to “%s”; choose another."),
                       owner);
  gtk_label_set_text (self->pressed, label);
  gtk_label_set_text (self->note, note);
  gtk_widget_set_visible (GTK_WIDGET (self->take_button), is_free);
  g_free (self->key);
  self->key = is_free ? g_strdup (key) : NULL;
  if (is_free)
    gtk_widget_grab_focus (GTK_WIDGET (self->take_button));
}

static void
try_key (PraxiKeyDialog *self, const char *key)
{
  const PraxiAction *owner;
  const char *title = praxi_keymap_find (self->keymap, key, &owner);
  if (title == NULL || owner == self->action)
    use (self, key);
  else
    show_conflict (self, key, title, owner != NULL);
}

static gboolean
pressed_cb (PraxiKeyDialog *self,
            guint keyval,
            guint keycode,
            GdkModifierType state,
            GtkEventControllerKey *controller)
{
  GdkEvent *event = gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (controller));
  g_autofree char *key =
      praxi_key_name (keyval, state, gdk_key_event_get_consumed_modifiers (event));
  if (keyval == GDK_KEY_Escape)
    gtk_window_close (GTK_WINDOW (self));
  else if (keyval == GDK_KEY_BackSpace)
    use (self, NULL);
  else if (keyval == GDK_KEY_Return && self->key != NULL)
    use (self, self->key);
  else if (key != NULL)
    try_key (self, key);
  return TRUE;
}

static void
praxi_key_dialog_dispose (GObject *object)
{
  PraxiKeyDialog *self = PRAXI_KEY_DIALOG (object);
  g_clear_object (&self->keymap);
  g_clear_pointer (&self->key, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_KEY_DIALOG);
  G_OBJECT_CLASS (praxi_key_dialog_parent_class)->dispose (object);
}

static void
praxi_key_dialog_class_init (PraxiKeyDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_key_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/key-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiKeyDialog, title);
  gtk_widget_class_bind_template_child (widget_class, PraxiKeyDialog, pressed);
  gtk_widget_class_bind_template_child (widget_class, PraxiKeyDialog, note);
  gtk_widget_class_bind_template_child (widget_class, PraxiKeyDialog, take_button);
  gtk_widget_class_bind_template_callback (widget_class, take_cb);
}

static void
praxi_key_dialog_init (PraxiKeyDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  GtkEventController *keys = gtk_event_controller_key_new ();
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
}

void
praxi_key_dialog_show (GtkWindow *parent, PraxiKeymap *keymap, const PraxiAction *action)
{
  PraxiKeyDialog *self = g_object_new (PRAXI_TYPE_KEY_DIALOG, "transient-for", parent, NULL);
  self->keymap = g_object_ref (keymap);
  self->action = action;
  gtk_label_set_text (self->title, _ (action->title));
  gtk_window_present (GTK_WINDOW (self));
}

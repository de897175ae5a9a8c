#include "ui/class-keys.h"

#include "ui/session-labelling.h"

/* '0' to '9' of either part of the keyboard, else 0. */
static char
class_key (guint keyval)
{
  if (keyval >= GDK_KEY_0 && keyval <= GDK_KEY_9)
    return (char) ('0' + (keyval - GDK_KEY_0));
  if (keyval >= GDK_KEY_KP_0 && keyval <= GDK_KEY_KP_9)
    return (char) ('0' + (keyval - GDK_KEY_KP_0));
  return 0;
}

static gboolean
pressed_cb (GtkEventControllerKey *keys,
            guint keyval,
            guint keycode,
            GdkModifierType state,
            PraxiSession *session)
{
  const char key = class_key (keyval);
  if (key == 0 || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SUPER_MASK)) != 0)
    return FALSE;
  praxi_session_press_class_key (session, key);
  return TRUE;
}

static void
released_cb (GtkEventControllerKey *keys,
             guint keyval,
             guint keycode,
             GdkModifierType state,
             PraxiSession *session)
{
  if (class_key (keyval) != 0)
    praxi_session_release_class_key (session, class_key (keyval));
}

/* What happens to the key in another window is not told here. */
static void
active_cb (GtkWindow *window, GParamSpec *property, PraxiSession *session)
{
  for (char key = '0'; key <= '9' && !gtk_window_is_active (window); key++)
    praxi_session_release_class_key (session, key);
}

void
praxi_class_keys_add (GtkWindow *window, PraxiSession *session)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_BUBBLE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (pressed_cb), session);
  g_signal_connect (keys, "key-released", G_CALLBACK (released_cb), session);
  gtk_widget_add_controller (GTK_WIDGET (window), keys);
  g_signal_connect_object (window, "notify::is-active", G_CALLBACK (active_cb), session, 0);
}

#include "ui/window-keys.h"

#include <glib/gi18n.h>

#define CONTROLLER "praxi-keys"

/* --- shortcuts ----------------------------------------------------------------------------- */

static void
add_keys (GtkShortcutController *controller, PraxiKeymap *keymap, const PraxiAction *action)
{
  g_autofree char *name = g_strconcat ("win.", action->name, NULL);
  g_auto (GStrv) keys = praxi_keymap_keys (keymap, action);
  /* The menu shows the key added last: the first of the list. */
  for (int i = (int) g_strv_length (keys) - 1; i >= 0; i--) {
    GtkShortcutTrigger *trigger = gtk_shortcut_trigger_parse_string (keys[i]);
    if (trigger != NULL)
      gtk_shortcut_controller_add_shortcut (
          controller, gtk_shortcut_new (trigger, gtk_named_action_new (name)));
  }
}

static void
replace_controller (GtkWidget *window, PraxiKeymap *keymap)
{
  GtkEventController *before = g_object_get_data (G_OBJECT (window), CONTROLLER);
  if (before != NULL)
    gtk_widget_remove_controller (window, before);
  GtkEventController *controller = gtk_shortcut_controller_new ();
  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_BUBBLE);
  for (guint g = 0; g < praxi_n_action_groups; g++)
    for (guint i = 0; i < praxi_action_groups[g]->n_actions; i++)
      add_keys (GTK_SHORTCUT_CONTROLLER (controller), keymap, &praxi_action_groups[g]->actions[i]);
  gtk_widget_add_controller (window, controller);
  g_object_set_data (G_OBJECT (window), CONTROLLER, controller);
}

/* --- tooltips ------------------------------------------------------------------------------ */

static void
update_tip (GtkWidget *widget, PraxiKeymap *keymap, const PraxiAction *action)
{
  g_autofree char *text = g_strdup (gtk_widget_get_tooltip_text (widget));
  g_autofree char *key = praxi_keymap_label (keymap, action);
  if (text == NULL)
    text = g_strdup (_ (action->title));
  char *bracket = g_utf8_strrchr (text, -1, '(');
  if (bracket != NULL && bracket > text && g_str_has_suffix (text, ")"))
    *bracket = '\0';
  g_strchomp (text);
  g_autofree char *tip =
      *key != '\0' ? g_strdup_printf ("%s (%s)", text, key) : g_steal_pointer (&text);
  gtk_widget_set_tooltip_text (widget, tip);
}

void
praxi_window_keys_name (GtkWidget *widget, PraxiKeymap *keymap)
{
  const char *name =
      GTK_IS_ACTIONABLE (widget) ? gtk_actionable_get_action_name (GTK_ACTIONABLE (widget)) : NULL;
  const PraxiAction *action =
      name != NULL && g_str_has_prefix (name, "win.") ? praxi_action_find (name + 4) : NULL;
  if (action != NULL)
    update_tip (widget, keymap, action);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    praxi_window_keys_name (child, keymap);
}

static void
changed_cb (GtkWidget *window, PraxiKeymap *keymap)
{
  replace_controller (window, keymap);
  praxi_window_keys_name (window, keymap);
}

void
praxi_window_keys_follow (GtkWidget *window, PraxiKeymap *keymap)
{
  g_signal_connect_object (keymap, "changed", G_CALLBACK (changed_cb), window, G_CONNECT_SWAPPED);
  changed_cb (window, keymap);
}

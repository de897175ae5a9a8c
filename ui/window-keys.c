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

static void
update_tips (GtkWidget *widget, PraxiKeymap *keymap)
{
  const char *name =
      GTK_IS_ACTIONABLE (widget) ? gtk_actionable_get_action_name (GTK_ACTIONABLE (widget)) : NULL;
  const PraxiAction *action =
      name != NULL && g_str_has_prefix (name, "win.") ? praxi_action_find (name + 4) : NULL;
  if (action != NULL)
    update_tip (widget, keymap, action);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    update_tips (child, keymap);
}

static void
changed_cb (GtkWidget *window, PraxiKeymap *keymap)
{
  replace_controller (window, keymap);
  update_tips (window, keymap);
}

void
praxi_window_keys_follow (GtkWidget *window, PraxiKeymap *keymap)
{
  g_signal_connect_object (keymap, "changed", G_CALLBACK (changed_cb), window, G_CONNECT_SWAPPED);
  changed_cb (window, keymap);
}

/* --- the list ------------------------------------------------------------------------------ */

/* Before GTK 4.14 the parts of a shortcuts window can only be put together by a builder. */
static void
describe_shortcut (GString *text, const char *title, const char *keys)
{
  g_autofree char *line =
      g_markup_printf_escaped ("<child><object class='GtkShortcutsShortcut'>"
                               "<property name='title'>%s</property>"
                               "<property name='accelerator'>%s</property></object></child>",
                               title, keys);
  g_string_append (text, line);
}

static void
begin_group (GString *text, const char *title)
{
  g_autofree char *line = g_markup_printf_escaped ("<child><object class='GtkShortcutsGroup'>"
                                                   "<property name='title'>%s</property>"
                                                   "<property name='view'>all</property>",
                                                   title);
  g_string_append (text, line);
}

static void
describe_group (GString *text, PraxiKeymap *keymap, const PraxiActionGroup *group)
{
  begin_group (text, _ (group->title));
  for (guint i = 0; i < group->n_actions; i++) {
    g_auto (GStrv) keys = praxi_keymap_keys (keymap, &group->actions[i]);
    g_autofree char *joined = g_strjoinv (" ", keys);
    if (*joined != '\0')
      describe_shortcut (text, _ (group->actions[i].title), joined);
  }
  g_string_append (text, "</object></child>");
}

static void
describe_fixed (GString *text)
{
  begin_group (text, _ ("Always"));
  describe_shortcut (text, _ ("Choose a class; label what is marked"), "1...9 0");
  describe_shortcut (text, _ ("Held while it plays: label all the while"), "1...9 0");
  describe_shortcut (text, _ ("Menu"), "F10");
  describe_shortcut (text, _ ("Close the window"), "<Control>w");
  describe_shortcut (text, _ ("Quit"), "<Control>q");
  g_string_append (text, "</object></child>");
}

GtkWindow *
praxi_window_keys_list (GtkWindow *parent, PraxiKeymap *keymap)
{
  g_autoptr (GString) text =
      g_string_new ("<interface><object class='GtkShortcutsWindow' id='window'>"
                    "<property name='modal'>1</property><property name='section-name'>keys"
                    "</property><property name='view-name'>all</property><child>"
                    "<object class='GtkShortcutsSection'><property name='section-name'>keys"
                    "</property><property name='max-height'>14</property>");
  for (guint g = 0; g < praxi_n_action_groups; g++)
    describe_group (text, keymap, praxi_action_groups[g]);
  describe_fixed (text);
  g_string_append (text, "</object></child></object></interface>");
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_string (text->str, (gssize) text->len);
  GtkWindow *window = GTK_WINDOW (gtk_builder_get_object (builder, "window"));
  gtk_window_set_title (window, _ ("Keys"));
  gtk_window_set_transient_for (window, parent);
  return window;
}

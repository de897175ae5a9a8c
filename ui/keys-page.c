#include "ui/keys-page.h"

#include <glib/gi18n.h>

#include "ui/key-dialog.h"

/* One action's row; its widgets follow the map. */
typedef struct {
  PraxiKeymap *keymap;
  const PraxiAction *action;
  GtkButton *key;
  GtkWidget *reset;
} Row;

static void
update_row_cb (Row *row)
{
  g_autofree char *key = praxi_keymap_label (row->keymap, row->action);
  g_autofree char *name =
      g_strdup_printf (_ ("%s: %s"), _ (row->action->title), *key != '\0' ? key : _ ("no key"));
  gtk_button_set_label (row->key, *key != '\0' ? key : _ ("no key"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (row->key), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  -1);
  gtk_widget_set_visible (row->reset, praxi_keymap_is_changed (row->keymap, row->action));
}

static void
change_cb (Row *row)
{
  praxi_key_dialog_show (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (row->key))), row->keymap,
                         row->action);
}

static void
reset_cb (Row *row)
{
  praxi_keymap_reset (row->keymap, row->action);
}

static void
row_free (gpointer data)
{
  Row *row = data;
  g_signal_handlers_disconnect_by_data (row->keymap, row);
  g_object_unref (row->keymap);
  g_free (row);
}

static GtkWidget *
make_row (PraxiKeymap *keymap, const PraxiAction *action)
{
  GtkWidget *widget = adw_action_row_new ();
  Row *row = g_new0 (Row, 1);
  row->keymap = g_object_ref (keymap);
  row->action = action;
  row->key = GTK_BUTTON (gtk_button_new ());
  row->reset = gtk_button_new_from_icon_name ("edit-undo-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (row->key), _ ("Change the key"));
  gtk_widget_set_tooltip_text (row->reset, _ ("The key by default"));
  gtk_widget_set_valign (GTK_WIDGET (row->key), GTK_ALIGN_CENTER);
  gtk_widget_set_valign (row->reset, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (row->reset, "flat");
  gtk_widget_add_css_class (GTK_WIDGET (row->key), "flat");
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (widget), _ (action->title));
  adw_action_row_set_title_lines (ADW_ACTION_ROW (widget), 2);
  adw_action_row_add_suffix (ADW_ACTION_ROW (widget), row->reset);
  adw_action_row_add_suffix (ADW_ACTION_ROW (widget), GTK_WIDGET (row->key));
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (widget), GTK_WIDGET (row->key));
  g_signal_connect_swapped (row->key, "clicked", G_CALLBACK (change_cb), row);
  g_signal_connect_swapped (row->reset, "clicked", G_CALLBACK (reset_cb), row);
  g_signal_connect_swapped (keymap, "changed", G_CALLBACK (update_row_cb), row);
  g_object_set_data_full (G_OBJECT (widget), "praxi-row", row, row_free);
  update_row_cb (row);
  return widget;
}

static void
add_group (AdwPreferencesPage *page, PraxiKeymap *keymap, const PraxiActionGroup *group)
{
  GtkWidget *widget = adw_preferences_group_new ();
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (widget), _ (group->title));
  for (guint i = 0; i < group->n_actions; i++)
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (widget),
                               make_row (keymap, &group->actions[i]));
  adw_preferences_page_add (page, ADW_PREFERENCES_GROUP (widget));
}

AdwPreferencesPage *
praxi_keys_page_new (PraxiKeymap *keymap)
{
  AdwPreferencesPage *page = ADW_PREFERENCES_PAGE (adw_preferences_page_new ());
  GtkWidget *group = adw_preferences_group_new ();
  GtkWidget *reset = gtk_button_new_with_mnemonic (_ ("_Reset all keys"));
  adw_preferences_page_set_title (page, _ ("Keys"));
  adw_preferences_page_set_icon_name (page, "input-keyboard-symbolic");
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), _ ("Keys"));
  adw_preferences_group_set_description (
      ADW_PREFERENCES_GROUP (group),
      _ ("Choose an action and press its new key. The digits choose classes."));
  gtk_widget_set_valign (reset, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (reset, _ ("Every action gets the key it has by default"));
  g_signal_connect_object (reset, "clicked", G_CALLBACK (praxi_keymap_reset_all), keymap,
                           G_CONNECT_SWAPPED);
  adw_preferences_group_set_header_suffix (ADW_PREFERENCES_GROUP (group), reset);
  adw_preferences_page_add (page, ADW_PREFERENCES_GROUP (group));
  for (guint g = 0; g < praxi_n_action_groups; g++)
    add_group (page, keymap, praxi_action_groups[g]);
  return page;
}

#include "ui/preferences.h"

#include <glib/gi18n.h>

#include "ui/keys-page.h"

#define DATA_KEY "praxi-preferences"

static const char *const themes[] = {"system", "light", "dark"};

struct _PraxiPreferences {
  AdwPreferencesWindow parent_instance;
  PraxiSettings *settings; /* NULL while the controls take its values */
  AdwComboRow *theme;
  GtkSwitch *move_on, *thumbnails;
  AdwExpanderRow *own_events;
  GtkSpinButton *smooth, *min_length, *merge_gap;
};

#define PRAXI_TYPE_PREFERENCES (praxi_preferences_get_type ())
G_DECLARE_FINAL_TYPE (PraxiPreferences, praxi_preferences, PRAXI, PREFERENCES, AdwPreferencesWindow)
G_DEFINE_FINAL_TYPE (PraxiPreferences, praxi_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static void
theme_cb (PraxiPreferences *self)
{
  const guint chosen = adw_combo_row_get_selected (self->theme);
  if (self->settings != NULL && chosen < G_N_ELEMENTS (themes))
    praxi_settings_set_text (self->settings, PRAXI_SETTING_THEME, themes[chosen]);
}

static void
switched_cb (PraxiPreferences *self, GParamSpec *spec, GtkSwitch *control)
{
  const char *name = control == self->move_on ? PRAXI_SETTING_MOVE_ON : PRAXI_SETTING_THUMBNAILS;
  if (self->settings != NULL)
    praxi_settings_set_boolean (self->settings, name, gtk_switch_get_active (control));
}

static void
own_events_cb (PraxiPreferences *self)
{
  if (self->settings != NULL)
    praxi_settings_set_boolean (self->settings, PRAXI_SETTING_OWN_EVENTS,
                                adw_expander_row_get_enable_expansion (self->own_events));
}

static void
number_cb (PraxiPreferences *self, GtkSpinButton *control)
{
  const char *name = PRAXI_SETTING_MERGE_GAP;
  if (control == self->smooth)
    name = PRAXI_SETTING_SMOOTH;
  else if (control == self->min_length)
    name = PRAXI_SETTING_MIN_LENGTH;
  if (self->settings != NULL)
    praxi_settings_set_number (self->settings, name, gtk_spin_button_get_value (control));
}

static void
show_settings (PraxiPreferences *self, PraxiSettings *settings)
{
  g_autofree char *theme = praxi_settings_text (settings, PRAXI_SETTING_THEME);
  for (guint i = 0; i < G_N_ELEMENTS (themes); i++)
    if (g_str_equal (themes[i], theme))
      adw_combo_row_set_selected (self->theme, i);
  gtk_switch_set_active (self->move_on, praxi_settings_boolean (settings, PRAXI_SETTING_MOVE_ON));
  gtk_switch_set_active (self->thumbnails,
                         praxi_settings_boolean (settings, PRAXI_SETTING_THUMBNAILS));
  const gboolean is_own = praxi_settings_boolean (settings, PRAXI_SETTING_OWN_EVENTS);
  adw_expander_row_set_enable_expansion (self->own_events, is_own);
  adw_expander_row_set_expanded (self->own_events, is_own);
  gtk_spin_button_set_value (self->smooth, praxi_settings_number (settings, PRAXI_SETTING_SMOOTH));
  gtk_spin_button_set_value (self->min_length,
                             praxi_settings_number (settings, PRAXI_SETTING_MIN_LENGTH));
  gtk_spin_button_set_value (self->merge_gap,
                             praxi_settings_number (settings, PRAXI_SETTING_MERGE_GAP));
}

static void
praxi_preferences_dispose (GObject *object)
{
  PraxiPreferences *self = PRAXI_PREFERENCES (object);
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (self));
  if (parent != NULL)
    g_object_set_data (G_OBJECT (parent), DATA_KEY, NULL);
  g_clear_object (&self->settings);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_PREFERENCES);
  G_OBJECT_CLASS (praxi_preferences_parent_class)->dispose (object);
}

static void
praxi_preferences_class_init (PraxiPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_preferences_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiPreferences, theme);
  gtk_widget_class_bind_template_child (widget_class, PraxiPreferences, move_on);
  gtk_widget_class_bind_template_child (widget_class, PraxiPreferences, thumbnails);
  gtk_widget_class_bind_template_child (widget_class, PraxiPreferences, own_events);
  gtk_widget_class_bind_template_child (widget_class, PraxiPreferences, smooth);
  gtk_widget_class_bind_template_child (widget_class, PraxiPreferences, min_length);
  gtk_widget_class_bind_template_child (widget_class, PraxiPreferences, merge_gap);
  gtk_widget_class_bind_template_callback (widget_class, theme_cb);
  gtk_widget_class_bind_template_callback (widget_class, switched_cb);
  gtk_widget_class_bind_template_callback (widget_class, own_events_cb);
  gtk_widget_class_bind_template_callback (widget_class, number_cb);
}

static void
praxi_preferences_init (PraxiPreferences *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* One for each parent, which hides: libadwaita 1.2 keeps the groups of every such window for ever.
 */
void
praxi_preferences_show (GtkWindow *parent, PraxiSettings *settings, PraxiKeymap *keymap)
{
  PraxiPreferences *self = g_object_get_data (G_OBJECT (parent), DATA_KEY);
  if (self == NULL) {
    self = g_object_new (PRAXI_TYPE_PREFERENCES, "transient-for", parent, "destroy-with-parent",
                         TRUE, "hide-on-close", TRUE, NULL);
    g_object_set_data (G_OBJECT (parent), DATA_KEY, self);
    adw_preferences_window_add (ADW_PREFERENCES_WINDOW (self), praxi_keys_page_new (keymap));
  }
  g_clear_object (&self->settings);
  show_settings (self, settings);
  self->settings = g_object_ref (settings);
  gtk_window_present (GTK_WINDOW (self));
}

static void
theme_changed_cb (PraxiSettings *settings)
{
  g_autofree char *theme = praxi_settings_text (settings, PRAXI_SETTING_THEME);
  AdwColorScheme scheme = ADW_COLOR_SCHEME_DEFAULT;
  if (g_str_equal (theme, "light"))
    scheme = ADW_COLOR_SCHEME_FORCE_LIGHT;
  else if (g_str_equal (theme, "dark"))
    scheme = ADW_COLOR_SCHEME_FORCE_DARK;
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), scheme);
}

void
praxi_preferences_follow_theme (PraxiSettings *settings)
{
  g_signal_connect (settings, "changed::" PRAXI_SETTING_THEME, G_CALLBACK (theme_changed_cb), NULL);
  theme_changed_cb (settings);
}

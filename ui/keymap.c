#include "ui/keymap.h"

#include <glib/gi18n.h>

#define GROUP "keys"

/* Not to be given away: they work without this map. */
static const struct {
  const char *key;
  const char *title;
} fixed[] = {
    {"<Control>q", N_ ("Quit")},
    {"<Control>w", N_ ("Close the window")},
    {"F10", N_ ("Menu")},
    {"Tab", N_ ("Go to the next control")},
    {"<Shift>Tab", N_ ("Go back")},
    {"<Alt>F4", N_ ("Close the window")},
    {"<Control>Tab", N_ ("Go further")},
};

struct _PraxiKeymap {
  GObject parent_instance;
  PraxiSettings *settings;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (PraxiKeymap, praxi_keymap, G_TYPE_OBJECT)

/* --- keys ---------------------------------------------------------------------------------- */

/* With "{" it does not matter whether Shift made it: keyboards differ. */
static void
normalise (const char *key, guint *keyval, GdkModifierType *modifiers)
{
  gtk_accelerator_parse (key, keyval, modifiers);
  const gunichar character = gdk_keyval_to_unicode (*keyval);
  const gboolean has_case = gdk_keyval_to_lower (*keyval) != gdk_keyval_to_upper (*keyval);
  if (character > ' ' && !has_case && character != 0x7f)
    *modifiers &= ~(guint) GDK_SHIFT_MASK;
  *keyval = gdk_keyval_to_lower (*keyval);
}

static gboolean
is_same_key (const char *a, const char *b)
{
  guint keyval_a, keyval_b;
  GdkModifierType modifiers_a, modifiers_b;
  normalise (a, &keyval_a, &modifiers_a);
  normalise (b, &keyval_b, &modifiers_b);
  return keyval_a != 0 && keyval_a == keyval_b && modifiers_a == modifiers_b;
}

char *
praxi_key_name (guint keyval, GdkModifierType state, GdkModifierType consumed)
{
  guint lower = keyval == GDK_KEY_ISO_Left_Tab ? GDK_KEY_Tab : gdk_keyval_to_lower (keyval);
  if (lower != keyval)
    consumed &= ~(guint) GDK_SHIFT_MASK;
  const GdkModifierType modifiers = state & ~consumed & gtk_accelerator_get_default_mod_mask ();
  if (!gtk_accelerator_valid (lower, modifiers) && lower != GDK_KEY_Tab)
    return NULL;
  return gtk_accelerator_name (lower, modifiers);
}

char *
praxi_key_label (const char *key)
{
  guint keyval;
  GdkModifierType modifiers;
  if (!gtk_accelerator_parse (key, &keyval, &modifiers))
    return g_strdup (key);
  return gtk_accelerator_get_label (keyval, modifiers);
}

/* --- the map ------------------------------------------------------------------------------- */

static char **
own_keys (PraxiKeymap *self, const PraxiAction *action)
{
  g_autofree char *text = praxi_settings_get (self->settings, GROUP, action->name);
  if (text == NULL)
    return NULL;
  g_auto (GStrv) given = g_strsplit (text, " ", 0);
  g_autoptr (GStrvBuilder) good = g_strv_builder_new ();
  for (int i = 0; given[i] != NULL; i++) {
    guint keyval;
    if (gtk_accelerator_parse (given[i], &keyval, NULL) && keyval != 0)
      g_strv_builder_add (good, given[i]);
  }
  return g_strv_builder_end (good);
}

static gboolean
is_taken (PraxiKeymap *self, const PraxiAction *action, const char *key)
{
  for (guint g = 0; g < praxi_n_action_groups; g++)
    for (guint i = 0; i < praxi_action_groups[g]->n_actions; i++) {
      const PraxiAction *other = &praxi_action_groups[g]->actions[i];
      g_auto (GStrv) keys = other != action ? own_keys (self, other) : NULL;
      for (int k = 0; keys != NULL && keys[k] != NULL; k++)
        if (is_same_key (keys[k], key))
          return TRUE;
    }
  return FALSE;
}

char **
praxi_keymap_keys (PraxiKeymap *self, const PraxiAction *action)
{
  g_auto (GStrv) own = own_keys (self, action);
  if (own != NULL)
    return g_steal_pointer (&own);
  g_auto (GStrv) defaults = g_strsplit (action->keys != NULL ? action->keys : "", " ", 0);
  g_autoptr (GStrvBuilder) left = g_strv_builder_new ();
  for (int i = 0; defaults[i] != NULL; i++)
    if (*defaults[i] != '\0' && !is_taken (self, action, defaults[i]))
      g_strv_builder_add (left, defaults[i]);
  return g_strv_builder_end (left);
}

char *
praxi_keymap_label (PraxiKeymap *self, const PraxiAction *action)
{
  g_auto (GStrv) keys = praxi_keymap_keys (self, action);
  return keys[0] != NULL ? praxi_key_label (keys[0]) : g_strdup ("");
}

gboolean
praxi_keymap_is_changed (PraxiKeymap *self, const PraxiAction *action)
{
  g_auto (GStrv) own = own_keys (self, action);
  return own != NULL;
}

static gboolean
has_key (PraxiKeymap *self, const PraxiAction *action, const char *key)
{
  g_auto (GStrv) keys = praxi_keymap_keys (self, action);
  for (int i = 0; keys[i] != NULL; i++)
    if (is_same_key (keys[i], key))
      return TRUE;
  return FALSE;
}

const char *
praxi_keymap_find (PraxiKeymap *self, const char *key, const PraxiAction **action)
{
  *action = NULL;
  if (strlen (key) == 1 && g_ascii_isdigit (*key))
    return _ ("Choose a class");
  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    if (is_same_key (fixed[i].key, key))
      return _ (fixed[i].title);
  for (guint g = 0; g < praxi_n_action_groups; g++)
    for (guint i = 0; i < praxi_action_groups[g]->n_actions; i++)
      if (has_key (self, &praxi_action_groups[g]->actions[i], key)) {
        *action = &praxi_action_groups[g]->actions[i];
        return _ ((*action)->title);
      }
  return NULL;
}

/* The person's own keys of another action without this one; defaults give way by themselves. */
static void
take_from (PraxiKeymap *self, const PraxiAction *action, const char *key)
{
  g_auto (GStrv) own = own_keys (self, action);
  if (own == NULL)
    return;
  g_autoptr (GStrvBuilder) left = g_strv_builder_new ();
  for (int i = 0; own[i] != NULL; i++)
    if (!is_same_key (own[i], key))
      g_strv_builder_add (left, own[i]);
  g_auto (GStrv) keys = g_strv_builder_end (left);
  g_autofree char *text = g_strjoinv (" ", keys);
  praxi_settings_put (self->settings, GROUP, action->name, text);
}

void
praxi_keymap_set (PraxiKeymap *self, const PraxiAction *action, const char *key)
{
  for (guint g = 0; key != NULL && g < praxi_n_action_groups; g++)
    for (guint i = 0; i < praxi_action_groups[g]->n_actions; i++)
      if (&praxi_action_groups[g]->actions[i] != action)
        take_from (self, &praxi_action_groups[g]->actions[i], key);
  praxi_settings_put (self->settings, GROUP, action->name, key != NULL ? key : "");
  g_signal_emit (self, changed_signal, 0);
}

void
praxi_keymap_reset (PraxiKeymap *self, const PraxiAction *action)
{
  g_auto (GStrv) defaults = g_strsplit (action->keys != NULL ? action->keys : "", " ", 0);
  praxi_settings_put (self->settings, GROUP, action->name, NULL);
  for (guint g = 0; g < praxi_n_action_groups; g++)
    for (guint i = 0; i < praxi_action_groups[g]->n_actions; i++)
      for (int k = 0; defaults[k] != NULL; k++)
        take_from (self, &praxi_action_groups[g]->actions[i], defaults[k]);
  g_signal_emit (self, changed_signal, 0);
}

void
praxi_keymap_reset_all (PraxiKeymap *self)
{
  for (guint g = 0; g < praxi_n_action_groups; g++)
    for (guint i = 0; i < praxi_action_groups[g]->n_actions; i++)
      praxi_settings_put (self->settings, GROUP, praxi_action_groups[g]->actions[i].name, NULL);
  g_signal_emit (self, changed_signal, 0);
}

/* --- life ---------------------------------------------------------------------------------- */

static void
praxi_keymap_finalize (GObject *object)
{
  g_clear_object (&PRAXI_KEYMAP (object)->settings);
  G_OBJECT_CLASS (praxi_keymap_parent_class)->finalize (object);
}

static void
praxi_keymap_class_init (PraxiKeymapClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = praxi_keymap_finalize;
  changed_signal = g_signal_new ("changed", PRAXI_TYPE_KEYMAP, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

static void
praxi_keymap_init (PraxiKeymap *self)
{
}

PraxiKeymap *
praxi_keymap_new (PraxiSettings *settings)
{
  PraxiKeymap *self = g_object_new (PRAXI_TYPE_KEYMAP, NULL);
  self->settings = g_object_ref (settings);
  return self;
}

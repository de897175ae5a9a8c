#include "ui/media-item.h"

#include <glib/gi18n.h>
#include <math.h>

#include "engine/core/text.h"

struct _PraxiMediaItem {
  GObject parent_instance;
  char *path;
  char *name;
  char *state;
  char *error_text;
  char *live_text; /* of a camera, else NULL */
  gint64 length_ns;
  int width, height;
  int n_labels;
  double analysed;
  gboolean is_missing, is_reviewed;
  GdkTexture *thumbnail;
};

enum { PROP_STATE = 1, PROP_THUMBNAIL, N_PROPS };
static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (PraxiMediaItem, praxi_media_item, G_TYPE_OBJECT)

static void
praxi_media_item_finalize (GObject *object)
{
  PraxiMediaItem *self = PRAXI_MEDIA_ITEM (object);
  g_free (self->path);
  g_free (self->name);
  g_free (self->state);
  g_free (self->error_text);
  g_free (self->live_text);
  g_clear_object (&self->thumbnail);
  G_OBJECT_CLASS (praxi_media_item_parent_class)->finalize (object);
}

static void
praxi_media_item_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  PraxiMediaItem *self = PRAXI_MEDIA_ITEM (object);
  if (id == PROP_STATE)
    g_value_set_string (value, self->state);
  else
    g_value_set_object (value, self->thumbnail);
}

static void
praxi_media_item_class_init (PraxiMediaItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->finalize = praxi_media_item_finalize;
  object_class->get_property = praxi_media_item_get_property;
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  properties[PROP_STATE] = g_param_spec_string ("state", NULL, NULL, NULL, flags);
  properties[PROP_THUMBNAIL] =
      g_param_spec_object ("thumbnail", NULL, NULL, GDK_TYPE_TEXTURE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
praxi_media_item_init (PraxiMediaItem *self)
{
  self->state = g_strdup ("");
}

static void
take_path (PraxiMediaItem *self, const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_free (self->path);
  g_free (self->name);
  self->path = g_strdup (path);
  self->name = praxi_text_file_name (name);
}

PraxiMediaItem *
praxi_media_item_new (const char *path)
{
  PraxiMediaItem *self = g_object_new (PRAXI_TYPE_MEDIA_ITEM, NULL);
  take_path (self, path);
  return self;
}

static void
update_state (PraxiMediaItem *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  if (self->live_text != NULL) {
    g_string_append (text, self->live_text);
  } else if (self->is_missing) {
    g_string_append (text, _ ("missing; choose Find… in its menu"));
  } else if (self->error_text != NULL) {
    g_string_append (text, self->error_text);
  } else if (self->length_ns > 0) {
    g_autofree char *length = praxi_text_time (self->length_ns, 0);
    g_string_append (text, length);
    if (self->analysed >= 1)
      g_string_append_printf (text, " · %s", _ ("analysed"));
    else if (self->analysed > 0)
      g_string_append_printf (text, _ (" · analysed %d %%"), (int) floor (self->analysed * 100));
    if (self->n_labels > 0)
      g_string_append_printf (
          text, ngettext (" · %d label", " · %d labels", (gulong) self->n_labels), self->n_labels);
    if (self->is_reviewed)
      g_string_append_printf (text, " · %s", _ ("reviewed ✓"));
  }
  g_free (self->state);
  self->state = g_strdup (text->str);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

const char *
praxi_media_item_path (PraxiMediaItem *self)
{
  return self->path;
}

const char *
praxi_media_item_name (PraxiMediaItem *self)
{
  return self->name;
}

const char *
praxi_media_item_state (PraxiMediaItem *self)
{
  return self->state;
}

GdkTexture *
praxi_media_item_thumbnail (PraxiMediaItem *self)
{
  return self->thumbnail;
}

void
praxi_media_item_set_name (PraxiMediaItem *self, const char *name)
{
  if (g_str_equal (self->name, name))
    return;
  g_free (self->name);
  self->name = g_strdup (name);
  update_state (self);
}

gboolean
praxi_media_item_is_camera (PraxiMediaItem *self)
{
  return self->live_text != NULL;
}

void
praxi_media_item_set_live (PraxiMediaItem *self, const char *text)
{
  if (g_strcmp0 (self->live_text, text) == 0)
    return;
  g_free (self->live_text);
  self->live_text = g_strdup (text);
  update_state (self);
}

void
praxi_media_item_set_length (PraxiMediaItem *self, gint64 length_ns, int width, int height)
{
  if (self->length_ns == length_ns && self->width == width && self->height == height)
    return;
  self->length_ns = length_ns;
  self->width = width;
  self->height = height;
  update_state (self);
}

void
praxi_media_item_set_analysed (PraxiMediaItem *self, double share)
{
  if (self->analysed == share)
    return;
  self->analysed = share;
  update_state (self);
}

void
praxi_media_item_set_labels (PraxiMediaItem *self, int n_labels)
{
  if (self->n_labels == n_labels)
    return;
  self->n_labels = n_labels;
  update_state (self);
}

void
praxi_media_item_set_error (PraxiMediaItem *self, const char *error_text)
{
  g_free (self->error_text);
  self->error_text = g_strdup (error_text);
  update_state (self);
}

void
praxi_media_item_set_thumbnail (PraxiMediaItem *self, GdkTexture *thumbnail)
{
  if (g_set_object (&self->thumbnail, thumbnail))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_THUMBNAIL]);
}

gboolean
praxi_media_item_is_missing (PraxiMediaItem *self)
{
  return self->is_missing;
}

gboolean
praxi_media_item_is_analysed (PraxiMediaItem *self)
{
  return self->analysed >= 1;
}

void
praxi_media_item_set_path (PraxiMediaItem *self, const char *path)
{
  take_path (self, path);
  self->is_missing = FALSE;
  update_state (self);
}

void
praxi_media_item_set_missing (PraxiMediaItem *self, gboolean is_missing)
{
  if (self->is_missing == is_missing)
    return;
  self->is_missing = is_missing;
  update_state (self);
}

gboolean
praxi_media_item_is_reviewed (PraxiMediaItem *self)
{
  return self->is_reviewed;
}

void
praxi_media_item_set_reviewed (PraxiMediaItem *self, gboolean is_reviewed)
{
  if (self->is_reviewed == is_reviewed)
    return;
  self->is_reviewed = is_reviewed;
  update_state (self);
}

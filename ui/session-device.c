/* What analyses will run on: asked once at the start, so that nobody has to guess before the first
 * one. After an analysis the session knows what it really ran on.
 */
#include <glib/gi18n.h>

#include "ui/session-private.h"

static const char *
text_of (JsonObject *device, const char *name)
{
  return json_object_get_string_member_with_default (device, name, "");
}

/* "GPU · NVIDIA … " for the best one; why the others cannot be used goes into the details. */
static void
take_device (PraxiSession *self, JsonObject *device, GString *details)
{
  const gboolean is_usable = json_object_get_boolean_member_with_default (device, "usable", FALSE);
  const gboolean is_gpu = g_str_equal (text_of (device, "backend"), "cuda");
  if (g_str_equal (text_of (device, "backend"), "ref"))
    return;
  if (details->len > 0)
    g_string_append_c (details, '\n');
  g_string_append_printf (details, "%s: %s", is_gpu ? _ ("GPU") : _ ("CPU"),
                          text_of (device, is_usable ? "name" : "why"));
  if (is_usable && (is_gpu || self->expected_device == NULL)) {
    g_free (self->expected_device);
    self->expected_device = g_strdup (is_gpu ? _ ("GPU") : _ ("CPU"));
  }
}

static void
finished_cb (PraxiJob *job, gpointer user_data)
{
  PraxiSession *self = user_data;
  JsonObject *document = praxi_job_document (job);
  JsonNode *node = document != NULL ? json_object_get_member (document, "devices") : NULL;
  g_autoptr (GString) details = g_string_new (NULL);
  JsonArray *devices =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  for (guint i = 0; devices != NULL && i < json_array_get_length (devices); i++) {
    JsonNode *entry = json_array_get_element (devices, i);
    if (JSON_NODE_HOLDS_OBJECT (entry))
      take_device (self, json_node_get_object (entry), details);
  }
  g_free (self->device_details);
  self->device_details = g_strdup (details->str);
  g_clear_pointer (&self->device_job, praxi_job_free);
  praxi_session_changed (self, PRAXI_CHANGE_JOB);
}

void
praxi_session_ask_device (PraxiSession *self)
{
  static const PraxiJobEvents events = {.finished = finished_cb};
  const char *const argv[] = {self->praxi_path, "devices", "--json", NULL};
  if (self->device_job == NULL && self->device_details == NULL)
    self->device_job = praxi_job_start (argv, &events, self, NULL);
}

const char *
praxi_session_device (PraxiSession *self)
{
  if (self->device != NULL)
    return self->device;
  return self->expected_device != NULL ? self->expected_device : "";
}

const char *
praxi_session_device_details (PraxiSession *self)
{
  return self->device_details != NULL ? self->device_details : "";
}

void
praxi_session_device_close (PraxiSession *self)
{
  g_clear_pointer (&self->device_job, praxi_job_free);
  g_clear_pointer (&self->expected_device, g_free);
  g_clear_pointer (&self->device_details, g_free);
}

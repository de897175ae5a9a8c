#include "engine/train/tune-space.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"

static const char *const kind_names[] = {"float", "log", "int", "choice"};

static gboolean
fail (GError **error, const char *name, const char *why)
{
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "'%s' in the search space %s", name, why);
  return FALSE;
}

static gboolean
read_choices (JsonObject *object, PraxiTuneAxis *axis, GError **error)
{
  JsonNode *node = json_object_get_member (object, "values");
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return fail (error, axis->name, "needs a list of \"values\"");
  JsonArray *values = json_node_get_array (node);
  axis->n_choices = (int) json_array_get_length (values);
  axis->choices = g_new0 (char *, axis->n_choices + 1);
  for (int i = 0; i < axis->n_choices; i++) {
    JsonNode *value = json_array_get_element (values, (guint) i);
    if (!JSON_NODE_HOLDS_VALUE (value))
      return fail (error, axis->name, "may choose from numbers and texts alone");
    axis->choices[i] = json_node_get_value_type (value) == G_TYPE_STRING
                           ? g_strdup (json_node_get_string (value))
                           : json_to_string (value, FALSE);
  }
  return axis->n_choices > 0 || fail (error, axis->name, "has nothing to choose from");
}

static gboolean
read_limits (JsonObject *object, PraxiTuneAxis *axis, GError **error)
{
  for (int i = 0; i < 2; i++) {
    JsonNode *node = json_object_get_member (object, i == 0 ? "low" : "high");
    if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
        json_node_get_value_type (node) == G_TYPE_STRING)
      return fail (error, axis->name, "needs numbers \"low\" and \"high\"");
    *(i == 0 ? &axis->low : &axis->high) = json_node_get_double (node);
  }
  if (!isfinite (axis->low) || !isfinite (axis->high) || !(axis->low < axis->high))
    return fail (error, axis->name, "needs \"low\" below \"high\"");
  if (axis->kind == PRAXI_TUNE_LOG && !(axis->low > 0))
    return fail (error, axis->name, "has a logarithm: \"low\" has to be above 0");
  return TRUE;
}

static gboolean
read_axis (JsonNode *node, PraxiTuneAxis *axis, GError **error)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (error, axis->name, "is no object");
  JsonObject *object = json_node_get_object (node);
  JsonNode *type = json_object_get_member (object, "type");
  const char *name =
      type != NULL && JSON_NODE_HOLDS_VALUE (type) ? json_node_get_string (type) : NULL;
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (kind_names); i++)
    if (g_str_equal (name, kind_names[i])) {
      axis->kind = (PraxiTuneKind) i;
      return axis->kind == PRAXI_TUNE_CHOICE ? read_choices (object, axis, error)
                                             : read_limits (object, axis, error);
    }
  return fail (error, axis->name, "needs a \"type\": float, log, int or choice");
}

PraxiTuneSpace *
praxi_tune_space_parse (const char *json, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (JsonNode) root = json_from_string (json, &why);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "the search space is no JSON object%s%s",
                 why != NULL ? ": " : "", why != NULL ? why->message : "");
    return NULL;
  }
  JsonObject *object = json_node_get_object (root);
  g_autoptr (GList) names = json_object_get_members (object);
  g_autoptr (PraxiTuneSpace) space = g_new0 (PraxiTuneSpace, 1);
  space->axes = g_new0 (PraxiTuneAxis, g_list_length (names) + 1);
  for (GList *at = names; at != NULL; at = at->next) {
    PraxiTuneAxis *axis = &space->axes[space->n_axes++];
    axis->name = g_strdup (at->data);
    if (!read_axis (json_object_get_member (object, at->data), axis, error))
      return NULL;
  }
  if (space->n_axes > 0)
    return g_steal_pointer (&space);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "the search space is empty");
  return NULL;
}

void
praxi_tune_space_free (PraxiTuneSpace *space)
{
  if (space == NULL)
    return;
  for (int i = 0; i < space->n_axes; i++) {
    g_free (space->axes[i].name);
    g_strfreev (space->axes[i].choices);
  }
  g_free (space->axes);
  g_free (space);
}

double
praxi_tune_value (const PraxiTuneAxis *axis, double place)
{
  place = CLAMP (place, 0, 1);
  switch (axis->kind) {
  case PRAXI_TUNE_LOG:
    return exp (log (axis->low) + place * (log (axis->high) - log (axis->low)));
  case PRAXI_TUNE_INT: /* every number has a part of the line alike */
    return MIN (floor (axis->low + place * (axis->high - axis->low + 1)), axis->high);
  case PRAXI_TUNE_CHOICE:
    return MIN (floor (place * axis->n_choices), axis->n_choices - 1);
  default:
    return axis->low + place * (axis->high - axis->low);
  }
}

char *
praxi_tune_text (const PraxiTuneAxis *axis, double place)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  const double value = praxi_tune_value (axis, place);
  if (axis->kind == PRAXI_TUNE_CHOICE)
    return g_strdup (axis->choices[(int) value]);
  g_ascii_formatd (text, sizeof text, axis->kind == PRAXI_TUNE_INT ? "%.0f" : "%.6g", value);
  return g_strdup (text);
}

double
praxi_tune_place (const PraxiTuneAxis *axis, const char *text)
{
  char *end = NULL;
  if (axis->kind == PRAXI_TUNE_CHOICE) {
    for (int i = 0; i < axis->n_choices; i++)
      if (g_str_equal (text, axis->choices[i]))
        return (i + 0.5) / axis->n_choices;
    return (double) NAN;
  }
  const double value = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0')
    return (double) NAN;
  if (axis->kind == PRAXI_TUNE_INT)
    return (value - axis->low + 0.5) / (axis->high - axis->low + 1);
  if (axis->kind == PRAXI_TUNE_LOG)
    return value > 0 ? log (value / axis->low) / log (axis->high / axis->low) : (double) NAN;
  return (value - axis->low) / (axis->high - axis->low);
}

#include "engine/model/spec.h"

#include <json-glib/json-glib.h>
#include <math.h>

#include "engine/core/error.h"

static gboolean G_GNUC_PRINTF (2, 3) fail (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "praxi.spec %s", message);
  return FALSE;
}

/* The member's node where it is there and of that type; NULL else. */
static JsonNode *
member (JsonObject *object, const char *name, JsonNodeType type)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && json_node_get_node_type (node) == type ? node : NULL;
}

static const char *
get_string (JsonObject *object, const char *name, const char *by_default)
{
  JsonNode *node = member (object, name, JSON_NODE_VALUE);
  if (node == NULL || json_node_get_value_type (node) != G_TYPE_STRING)
    return by_default;
  return json_node_get_string (node);
}

static double
get_number (JsonObject *object, const char *name, double by_default)
{
  JsonNode *node = member (object, name, JSON_NODE_VALUE);
  if (node == NULL || (json_node_get_value_type (node) != G_TYPE_DOUBLE &&
                       json_node_get_value_type (node) != G_TYPE_INT64))
    return by_default;
  return json_node_get_double (node);
}

static gboolean
get_size (JsonObject *object, const char *name, int limit, int *size, GError **error)
{
  const double value = get_number (object, name, NAN);
  if (!(value >= 1 && value <= limit) || value != floor (value))
    return fail (error, "has no usable input.%s", name);
  *size = (int) value;
  return TRUE;
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name, JSON_NODE_OBJECT);
  return node != NULL ? json_node_get_object (node) : NULL;
}

static JsonArray *
get_array (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name, JSON_NODE_ARRAY);
  return node != NULL ? json_node_get_array (node) : NULL;
}

static gboolean
parse_classes (PraxiModelSpec *spec, JsonObject *root, GError **error)
{
  JsonArray *classes = get_array (root, "classes");
  const guint n = classes != NULL ? json_array_get_length (classes) : 0;
  if (n < 1 || n > PRAXI_SPEC_MAX_CLASSES)
    return fail (error, "names %u classes; 1 to %d are possible", n, PRAXI_SPEC_MAX_CLASSES);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  spec->classes = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (classes, i);
    const char *name =
        JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
            ? json_node_get_string (node)
            : "";
    if (name[0] == '\0' || strlen (name) > 200)
      return fail (error, "has a class without a usable name");
    spec->classes[i] = g_strdup (name);
    spec->n_classes++;
    if (!g_hash_table_add (seen, spec->classes[i]))
      return fail (error, "names the class '%s' twice", name);
  }
  return TRUE;
}

static gboolean
parse_triple (JsonObject *input, const char *name, float by_default, float *values, GError **error)
{
  JsonArray *array = get_array (input, name);
  for (guint i = 0; i < 3; i++) {
    values[i] = by_default;
    if (array == NULL)
      continue;
    JsonNode *node = i < json_array_get_length (array) ? json_array_get_element (array, i) : NULL;
    const double value =
        node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
    if (!isfinite (value))
      return fail (error, "has an input.%s that is not three numbers", name);
    values[i] = (float) value;
  }
  return TRUE;
}

const char *
praxi_model_layout_name (PraxiModelLayout layout)
{
  static const char *const names[] = {"NTHWC", "NCTHW", "NTJD"};
  return names[layout];
}

static int
find_layout (const char *name)
{
  for (int layout = PRAXI_LAYOUT_NTHWC; layout <= PRAXI_LAYOUT_NTJD; layout++)
    if (g_str_equal (praxi_model_layout_name ((PraxiModelLayout) layout), name))
      return layout;
  return -1;
}

static gboolean
parse_input (PraxiModelSpec *spec, JsonObject *root, GError **error)
{
  JsonObject *input = get_object (root, "input");
  if (input == NULL)
    return fail (error, "has no input");
  const char *layout = get_string (input, "layout", "NTHWC");
  const char *type = get_string (input, "type", "uint8");
  spec->input_name = g_strdup (get_string (input, "name", ""));
  spec->rate_hz = get_number (input, "rate_hz", NAN);
  if (!get_size (input, "frames", 4096, &spec->frames, error) ||
      !get_size (input, "height", 8192, &spec->height, error) ||
      !get_size (input, "width", 8192, &spec->width, error))
    return FALSE;
  if (!(spec->rate_hz > 0 && spec->rate_hz <= 1000))
    return fail (error, "has no usable input.rate_hz");
  const int place = find_layout (layout);
  if (place < 0)
    return fail (error, "has the unknown layout '%s'; NTHWC, NCTHW and NTJD are possible", layout);
  if (!g_str_equal (type, "uint8") && !g_str_equal (type, "float32"))
    return fail (error, "has the unknown input type '%s'; uint8 and float32 are possible", type);
  spec->layout = (PraxiModelLayout) place;
  spec->is_float = g_str_equal (type, "float32");
  if (!parse_triple (input, "mean", 0, spec->mean, error) ||
      !parse_triple (input, "std", 1, spec->std, error))
    return FALSE;
  for (int i = 0; i < 3; i++)
    if (spec->std[i] <= 0)
      return fail (error, "has an input.std that is not above zero");
  return TRUE;
}

static gboolean
parse_output (PraxiModelSpec *spec, JsonObject *root, GError **error)
{
  JsonObject *output = get_object (root, "output");
  const char *kind = get_string (output, "kind", "probabilities");
  if (!g_str_equal (kind, "probabilities") && !g_str_equal (kind, "logits"))
    return fail (error, "has the unknown output kind '%s'", kind);
  spec->output_name = g_strdup (get_string (output, "name", ""));
  spec->is_logits = g_str_equal (kind, "logits");
  return TRUE;
}

static gboolean
parse_thresholds (PraxiModelSpec *spec, JsonObject *root, GError **error)
{
  JsonObject *thresholds = get_object (root, "thresholds");
  spec->enter = g_new (double, (gsize) spec->n_classes);
  spec->exit = g_new (double, (gsize) spec->n_classes);
  for (int i = 0; i < spec->n_classes; i++) {
    JsonObject *of_class = get_object (thresholds, spec->classes[i]);
    spec->enter[i] = get_number (of_class, "enter", NAN);
    spec->exit[i] = get_number (of_class, "exit", spec->enter[i]);
    if (of_class != NULL && !(spec->enter[i] >= 0 && spec->enter[i] <= 1 && spec->exit[i] >= 0 &&
                              spec->exit[i] <= spec->enter[i]))
      return fail (error, "has thresholds for '%s' that are not 0 ≤ exit ≤ enter ≤ 1",
                   spec->classes[i]);
  }
  return TRUE;
}

static void
parse_lineage (PraxiModelSpec *spec, JsonObject *root)
{
  JsonArray *lineage = get_array (root, "lineage");
  const guint n = lineage != NULL ? MIN (json_array_get_length (lineage), 1000) : 0;
  spec->lineage = g_new0 (PraxiLineageStep, n + 1);
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (lineage, i);
    JsonObject *step = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
    spec->lineage[i].name = g_strdup (get_string (step, "name", ""));
    spec->lineage[i].step = g_strdup (get_string (step, "step", ""));
    spec->n_lineage++;
  }
}

PraxiModelSpec *
praxi_model_spec_parse (const char *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (PraxiModelSpec) spec = g_new0 (PraxiModelSpec, 1);
  if (!g_utf8_validate (json, -1, NULL) || !json_parser_load_from_data (parser, json, -1, NULL) ||
      json_parser_get_root (parser) == NULL ||
      !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser))) {
    fail (error, "is not a JSON object");
    return NULL;
  }
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  if (!parse_classes (spec, root, error) || !parse_input (spec, root, error) ||
      !parse_output (spec, root, error) || !parse_thresholds (spec, root, error))
    return NULL;
  parse_lineage (spec, root);
  spec->name = g_strdup (get_string (root, "name", ""));
  spec->precision = g_strdup (get_string (root, "precision", ""));
  spec->licence = g_strdup (get_string (root, "licence", ""));
  return g_steal_pointer (&spec);
}

void
praxi_model_spec_free (PraxiModelSpec *spec)
{
  g_free (spec->name);
  g_strfreev (spec->classes);
  g_free (spec->input_name);
  g_free (spec->output_name);
  g_free (spec->precision);
  g_free (spec->enter);
  g_free (spec->exit);
  for (int i = 0; i < spec->n_lineage; i++) {
    g_free (spec->lineage[i].name);
    g_free (spec->lineage[i].step);
  }
  g_free (spec->lineage);
  g_free (spec->licence);
  g_free (spec);
}

static const PraxiValue *
only_value (const PraxiGraph *graph, const GArray *numbers, const char *name)
{
  for (guint i = 0; i < numbers->len; i++) {
    const PraxiValue *value = praxi_graph_value (graph, g_array_index (numbers, int, i));
    if (name[0] == '\0' ? numbers->len == 1 : g_str_equal (value->name, name))
      return value;
  }
  return NULL;
}

static gboolean
input_fits (const PraxiModelSpec *spec, const PraxiGraph *graph, GError **error)
{
  const PraxiValue *input = only_value (graph, graph->inputs, spec->input_name);
  const int64_t T = spec->frames, H = spec->height, W = spec->width;
  const int64_t wanted[][5] = {[PRAXI_LAYOUT_NTHWC] = {1, T, H, W, 3},
                               [PRAXI_LAYOUT_NCTHW] = {1, 3, T, H, W},
                               [PRAXI_LAYOUT_NTJD] = {1, T, H, W}};
  const int64_t *want = wanted[spec->layout];
  const int rank = spec->layout == PRAXI_LAYOUT_NTJD ? 4 : 5;
  if (input == NULL || graph->inputs->len != 1)
    return fail (error, "does not name the graph's only input");
  const PraxiTensor *tensor = &input->tensor;
  gboolean fits = tensor->rank == rank && tensor->dtype == (spec->is_float ? PRAXI_F32 : PRAXI_U8);
  for (int d = 0; fits && d < rank; d++)
    fits = tensor->dims[d] == want[d];
  return fits || fail (error, "describes another input than '%s' of the graph", input->name);
}

gboolean
praxi_model_spec_fits (const PraxiModelSpec *spec, const PraxiGraph *resolved, GError **error)
{
  const PraxiValue *output = only_value (resolved, resolved->outputs, spec->output_name);
  if (!input_fits (spec, resolved, error))
    return FALSE;
  if (output == NULL)
    return fail (error, "does not name an output of the graph");
  const PraxiTensor *tensor = &output->tensor;
  if (tensor->dtype != PRAXI_F32 || tensor->rank != 2 || tensor->dims[0] != 1)
    return fail (error, "needs an output '%s' of shape [N, classes]", output->name);
  if (tensor->dims[1] != spec->n_classes)
    return fail (error, "has %d classes, but the output is %" G_GINT64_FORMAT " wide",
                 spec->n_classes, (gint64) tensor->dims[1]);
  return TRUE;
}

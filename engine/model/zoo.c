#include "engine/model/zoo.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/onnx-write.h"
#include "engine/model/spec.h"
#include "engine/model/zoo-blocks.h"

typedef struct {
  const char *name;
  PraxiZooTensor (*build) (PraxiZooNet *net, PraxiZooTensor x);
  int frames, size_px;
  double rate_hz;
  PraxiZooTime time; /* DEFAULT: it sees time in its own way, and only so */
  gboolean has_no_image;
} Entry;

static const Entry entries[] = {
    {"i3d", praxi_zoo_i3d, 64, 224, 25, 0},
    {"slowfast-r50", praxi_zoo_slowfast, 32, 224, 15, 0},
    {"r2plus1d-18", praxi_zoo_r2plus1d, 16, 112, 15, 0},
    {"x3d-s", praxi_zoo_x3d, 13, 160, 5, 0},
    {"x3d-m", praxi_zoo_x3d, 16, 224, 6, 0},
    {"mobilenetv2", praxi_zoo_mobilenet_v2, 16, 224, 10, PRAXI_ZOO_TIME_CONV},
    {"mobilenetv2-tsm", praxi_zoo_mobilenet_v2, 8, 224, 5, PRAXI_ZOO_TIME_SHIFT},
    {"mobilenetv3-small", praxi_zoo_mobilenet_v3_small, 16, 224, 10, PRAXI_ZOO_TIME_CONV},
    {"mobilenetv3-small-tsm", praxi_zoo_mobilenet_v3_small, 16, 224, 10, PRAXI_ZOO_TIME_SHIFT},
    {"mobilenetv3-large", praxi_zoo_mobilenet_v3_large, 16, 224, 10, PRAXI_ZOO_TIME_CONV},
    {"mobilenetv3-large-tsm", praxi_zoo_mobilenet_v3_large, 16, 224, 10, PRAXI_ZOO_TIME_SHIFT},
    {"shufflenetv2", praxi_zoo_shufflenet_v2, 16, 224, 10, PRAXI_ZOO_TIME_CONV},
    {"shufflenetv2-tsm", praxi_zoo_shufflenet_v2, 16, 224, 10, PRAXI_ZOO_TIME_SHIFT},
    {"efficientnet-lite0", praxi_zoo_efficientnet_lite0, 16, 224, 10, PRAXI_ZOO_TIME_CONV},
    {"efficientnet-lite0-tsm", praxi_zoo_efficientnet_lite0, 16, 224, 10, PRAXI_ZOO_TIME_SHIFT},
    {"window-axial", praxi_zoo_window_axial, 16, 112, 10, PRAXI_ZOO_TIME_CONV, TRUE},
};

static const char *const names[] = {"i3d",
                                    "slowfast-r50",
                                    "r2plus1d-18",
                                    "x3d-s",
                                    "x3d-m",
                                    "mobilenetv2",
                                    "mobilenetv2-tsm",
                                    "mobilenetv3-small",
                                    "mobilenetv3-small-tsm",
                                    "mobilenetv3-large",
                                    "mobilenetv3-large-tsm",
                                    "shufflenetv2",
                                    "shufflenetv2-tsm",
                                    "efficientnet-lite0",
                                    "efficientnet-lite0-tsm",
                                    "window-axial",
                                    NULL};

G_STATIC_ASSERT (G_N_ELEMENTS (names) == G_N_ELEMENTS (entries) + 1);

static const char *const times[] = {"default", "conv", "shift", "shift-causal", "none", NULL};

enum { DEFAULT_CLASSES = 400, MIN_SIZE_PX = 32 };

static gboolean G_GNUC_PRINTF (2, 3) fail (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, message);
  return FALSE;
}

const char *const *
praxi_zoo_names (void)
{
  return names;
}

static const Entry *
find_entry (const char *name, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    if (g_str_equal (entries[i].name, name))
      return &entries[i];
  g_autofree char *all = g_strjoinv (", ", (char **) names);
  fail (error, "zoo:%s: no such network; there are %s", name, all);
  return NULL;
}

/* --- words ---------------------------------------------------------------------------------- */

static gboolean
read_number (const char *text, double low, double high, double *value)
{
  char *end = NULL;
  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && *value >= low && *value <= high;
}

static gboolean
read_int (const char *text, int low, int high, int *value)
{
  double number = 0;
  if (!read_number (text, low, high, &number) || number != floor (number))
    return FALSE;
  *value = (int) number;
  return TRUE;
}

/* "112" or "144x192" */
static gboolean
read_size (const char *text, PraxiZooOptions *options)
{
  g_auto (GStrv) sides = g_strsplit (text, "x", 2);
  if (sides[0] == NULL ||
      !read_int (sides[0], MIN_SIZE_PX, PRAXI_ZOO_MAX_SIZE_PX, &options->height_px))
    return FALSE;
  options->width_px = options->height_px;
  return sides[1] == NULL ||
         read_int (sides[1], MIN_SIZE_PX, PRAXI_ZOO_MAX_SIZE_PX, &options->width_px);
}

static gboolean
read_time (const char *text, PraxiZooOptions *options)
{
  for (int i = 1; times[i] != NULL; i++)
    if (g_str_equal (times[i], text)) {
      options->time = i;
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_option (const char *key, const char *value, PraxiZooOptions *options, gboolean *is_known)
{
  double number = 0;
  *is_known = TRUE;
  if (g_str_equal (key, "classes"))
    return read_int (value, 1, PRAXI_SPEC_MAX_CLASSES, &options->n_classes);
  if (g_str_equal (key, "frames"))
    return read_int (value, 1, PRAXI_ZOO_MAX_FRAMES, &options->frames);
  if (g_str_equal (key, "size"))
    return read_size (value, options);
  if (g_str_equal (key, "width"))
    return read_number (value, 0.1, 2, &options->width);
  if (g_str_equal (key, "depth"))
    return read_number (value, 0.1, 3, &options->depth);
  if (g_str_equal (key, "rate"))
    return read_number (value, 0.01, 1000, &options->rate_hz);
  if (g_str_equal (key, "time"))
    return read_time (value, options);
  if (g_str_equal (key, "seed")) {
    const gboolean is_good = read_number (value, 0, 4294967295., &number);
    options->seed = (guint64) number;
    return is_good;
  }
  *is_known = FALSE;
  return FALSE;
}

static gboolean
read_options (const char *text, PraxiZooOptions *options, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  for (int i = 0; words[i] != NULL; i++) {
    g_auto (GStrv) pair = g_strsplit (words[i], "=", 2);
    gboolean is_known = FALSE;
    if (pair[0] != NULL && pair[1] != NULL && read_option (pair[0], pair[1], options, &is_known))
      continue;
    if (is_known)
      return fail (error, "zoo: '%s' is out of range or not a value of that option", words[i]);
    return fail (error,
                 "zoo: '%s' is no option; there are classes=N, frames=N, size=PX or HxW, "
                 "width=R, depth=R, time=conv|shift|shift-causal|none, rate=HZ, seed=N",
                 words[i]);
  }
  return TRUE;
}

gboolean
praxi_zoo_parse (const char *text, char **name, PraxiZooOptions *options, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);
  *options = (PraxiZooOptions){0};
  if (parts[0] == NULL || find_entry (parts[0], error) == NULL)
    return parts[0] != NULL ? FALSE : fail (error, "zoo: names no network");
  if (parts[1] != NULL && !read_options (parts[1], options, error))
    return FALSE;
  *name = g_strdup (parts[0]);
  return TRUE;
}

/* --- nets ----------------------------------------------------------------------------------- */

static gboolean
check_options (const Entry *entry, const PraxiZooOptions *o, GError **error)
{
  if (o->n_classes < 1 || o->n_classes > PRAXI_SPEC_MAX_CLASSES || o->frames < 1 ||
      o->frames > PRAXI_ZOO_MAX_FRAMES || !(o->width >= 0.1 && o->width <= 2) ||
      !(o->depth >= 0.1 && o->depth <= 3))
    return fail (error, "zoo:%s: classes, frames, width or depth are out of range", entry->name);
  if (MIN (o->height_px, o->width_px) < MIN_SIZE_PX ||
      MAX (o->height_px, o->width_px) > PRAXI_ZOO_MAX_SIZE_PX)
    return fail (error, "zoo:%s: pictures have %d to %d pixels a side", entry->name, MIN_SIZE_PX,
                 PRAXI_ZOO_MAX_SIZE_PX);
  if (entry->time == PRAXI_ZOO_TIME_DEFAULT && o->time != PRAXI_ZOO_TIME_DEFAULT)
    return fail (error, "zoo:%s: sees time in its own way; leave the option time away",
                 entry->name);
  if (o->is_image && (entry->time == PRAXI_ZOO_TIME_DEFAULT || entry->has_no_image))
    return fail (error, "zoo:%s: was not made for pictures", entry->name);
  return TRUE;
}

static const Entry *
complete (const char *name, const PraxiZooOptions *given, PraxiZooOptions *o, GError **error)
{
  const Entry *entry = find_entry (name, error);
  if (entry == NULL)
    return NULL;
  *o = given != NULL ? *given : (PraxiZooOptions){0};
  o->n_classes = o->n_classes != 0 ? o->n_classes : DEFAULT_CLASSES;
  o->frames = o->frames != 0 ? o->frames : entry->frames;
  o->height_px = o->height_px != 0 ? o->height_px : entry->size_px;
  o->width_px = o->width_px != 0 ? o->width_px : o->height_px;
  o->width = o->width != 0 ? o->width : 1;
  o->depth = o->depth != 0 ? o->depth : 1;
  o->time = o->time != 0 ? o->time : entry->time;
  o->rate_hz = o->rate_hz > 0 ? o->rate_hz : entry->rate_hz;
  if (!check_options (entry, o, error))
    return NULL;
  if (o->is_image)
    o->time = PRAXI_ZOO_TIME_NONE;
  return entry;
}

PraxiGraph *
praxi_zoo_graph (const char *name, const PraxiZooOptions *options, GError **error)
{
  PraxiZooOptions full;
  const Entry *entry = complete (name, options, &full, error);
  if (entry == NULL)
    return NULL;
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  g_autoptr (GString) scope = g_string_new (NULL);
  PraxiZooNet net = {builder, &full, scope, 1};
  praxi_zoo_output (&net, entry->build (&net, praxi_zoo_input (&net)));
  return praxi_builder_finish (builder);
}

/* --- spec ----------------------------------------------------------------------------------- */

static char **
class_names (const PraxiZooOptions *o)
{
  char **classes = g_new0 (char *, o->n_classes + 1);
  for (int i = 0; i < o->n_classes; i++)
    classes[i] = o->classes != NULL ? g_strdup (o->classes[i]) : g_strdup_printf ("class %d", i);
  return classes;
}

static double *
no_thresholds (int n)
{
  double *values = g_new (double, n);
  for (int i = 0; i < n; i++)
    values[i] = NAN;
  return values;
}

char *
praxi_zoo_spec (const char *name, const PraxiZooOptions *options, GError **error)
{
  PraxiZooOptions o;
  if (complete (name, options, &o, error) == NULL)
    return NULL;
  g_autoptr (PraxiModelSpec) spec = g_new0 (PraxiModelSpec, 1);
  spec->name = g_strdup (name);
  spec->n_classes = o.n_classes;
  spec->classes = class_names (&o);
  spec->input_name = g_strdup ("frames");
  spec->frames = o.frames;
  spec->height = o.height_px;
  spec->width = o.width_px;
  spec->rate_hz = o.rate_hz;
  spec->layout = PRAXI_LAYOUT_NTHWC;
  for (int i = 0; i < 3; i++)
    spec->std[i] = 1;
  spec->output_name = g_strdup ("scores");
  spec->is_logits = TRUE;
  spec->precision = g_strdup ("f32");
  spec->enter = no_thresholds (o.n_classes);
  spec->exit = no_thresholds (o.n_classes);
  spec->n_lineage = 1;
  spec->lineage = g_new0 (PraxiLineageStep, 2);
  spec->lineage[0] = (PraxiLineageStep){g_strdup (name), g_strdup ("built, weights at random")};
  spec->licence = g_strdup ("as the project");
  return praxi_model_spec_write (spec);
}

PraxiModel *
praxi_zoo_model (const char *name, const PraxiZooOptions *options, GError **error)
{
  g_autoptr (PraxiGraph) graph = praxi_zoo_graph (name, options, error);
  g_autofree char *spec = graph != NULL ? praxi_zoo_spec (name, options, error) : NULL;
  Onnx__ModelProto *proto = spec != NULL ? praxi_onnx_write_graph (graph, error) : NULL;
  if (proto == NULL)
    return NULL;
  g_autoptr (GBytes) bytes = praxi_onnx_pack (proto, spec);
  onnx__model_proto__free_unpacked (proto, NULL);
  g_autofree char *shown = g_strconcat ("zoo:", name, NULL);
  return praxi_model_load_bytes (bytes, shown, error);
}

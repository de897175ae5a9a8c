#include <json-glib/json-glib.h>
#include <math.h>

#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/store/exchange-private.h"

enum { MAX_DEPTH = 32 };

/* The parser recurses; a file of a million brackets would take the stack. */
static gboolean
is_deep (const char *text)
{
  int depth = 0;
  gboolean is_string = FALSE;
  for (const char *c = text; *c != '\0'; c++) {
    if (is_string && *c == '\\' && c[1] != '\0')
      c++;
    else if (*c == '"')
      is_string = !is_string;
    else if (!is_string && (*c == '[' || *c == '{') && ++depth > MAX_DEPTH)
      return TRUE;
    else if (!is_string && (*c == ']' || *c == '}'))
      depth--;
  }
  return FALSE;
}

/* The member as a value, NULL where it is absent or null. */
static JsonNode *
value_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? node : NULL;
}

static char *
text_of (JsonObject *object, const char *name)
{
  JsonNode *node = value_of (object, name);
  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_dup_string (node)
             : NULL;
}

static gboolean
seconds_of (JsonObject *object, const char *name, gint64 *time_ns)
{
  JsonNode *node = value_of (object, name);
  const GType type = node != NULL ? json_node_get_value_type (node) : G_TYPE_INVALID;
  return (type == G_TYPE_DOUBLE || type == G_TYPE_INT64) &&
         praxi_exchange_parse_seconds (json_node_get_double (node), time_ns);
}

static int
frame_of (JsonObject *object, const char *name)
{
  JsonNode *node = value_of (object, name);
  if (node == NULL || json_node_get_value_type (node) != G_TYPE_INT64)
    return -1;
  const gint64 frame = json_node_get_int (node);
  return frame >= 0 && frame <= G_MAXINT ? (int) frame : -1;
}

static PraxiExchangeRow *
read_row (JsonObject *object, guint number, const char *shown, GError **error)
{
  g_autoptr (PraxiExchangeRow) row = praxi_exchange_row_new (0);
  g_autofree char *created = text_of (object, "created");
  row->media = text_of (object, "media");
  row->cls = text_of (object, "class");
  row->author = text_of (object, "author");
  row->source = text_of (object, "source");
  row->note = text_of (object, "note");
  row->start_frame = frame_of (object, "start_frame");
  row->end_frame = frame_of (object, "end_frame");
  row->has_times =
      seconds_of (object, "start_s", &row->start_ns) && seconds_of (object, "end_s", &row->end_ns);
  const gboolean is_dated =
      created == NULL || praxi_exchange_parse_date (created, &row->created_us);
  if (row->media != NULL && row->cls != NULL && is_dated &&
      (row->has_times || (row->start_frame >= 0 && row->end_frame >= 0)))
    return g_steal_pointer (&row);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "%s: label %u has no usable media, class, start_s and end_s; correct it", shown,
               number);
  return NULL;
}

static gboolean
read_labels (JsonArray *labels, const char *shown, GPtrArray *rows, GError **error)
{
  for (guint i = 0; i < json_array_get_length (labels); i++) {
    JsonNode *node = json_array_get_element (labels, i);
    if (!JSON_NODE_HOLDS_OBJECT (node)) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                   "%s: label %u is not an object; correct it", shown, i + 1);
      return FALSE;
    }
    PraxiExchangeRow *row = read_row (json_node_get_object (node), i + 1, shown, error);
    if (row == NULL)
      return FALSE;
    g_ptr_array_add (rows, row);
  }
  return TRUE;
}

gboolean
praxi_exchange_read_json (const char *text, const char *shown, GPtrArray *rows, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) why = NULL;
  if (is_deep (text) || !json_parser_load_from_data (parser, text, -1, &why)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "%s: not JSON (%s); export it again",
                 shown, why != NULL ? why->message : "nested too deep");
    return FALSE;
  }
  JsonNode *root = json_parser_get_root (parser);
  JsonNode *labels = root != NULL && JSON_NODE_HOLDS_OBJECT (root)
                         ? json_object_get_member (json_node_get_object (root), "labels")
                         : NULL;
  if (labels != NULL && JSON_NODE_HOLDS_ARRAY (labels))
    return read_labels (json_node_get_array (labels), shown, rows, error);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "%s: holds no list \"labels\"; export it again", shown);
  return FALSE;
}

static void
add_row (JsonBuilder *builder, const PraxiExchangeRow *row)
{
  g_autofree char *created = praxi_exchange_date (row->created_us);
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "id", row->id);
  praxi_json_add_string (builder, "media", row->media);
  praxi_json_add_string (builder, "class", row->cls);
  praxi_json_add_double (builder, "start_s", (double) row->start_ns / 1e9);
  praxi_json_add_double (builder, "end_s", (double) row->end_ns / 1e9);
  praxi_json_add_frame (builder, "start_frame", row->start_frame);
  praxi_json_add_frame (builder, "end_frame", row->end_frame);
  praxi_json_add_string (builder, "author", row->author);
  praxi_json_add_string (builder, "source", row->source);
  praxi_json_add_string (builder, "note", row->note);
  praxi_json_add_string (builder, "created", created);
  json_builder_end_object (builder);
}

GString *
praxi_exchange_write_json (const GPtrArray *rows)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "labels");
  json_builder_begin_array (builder);
  for (guint i = 0; i < rows->len; i++)
    add_row (builder, rows->pdata[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, TRUE);
  GString *json = g_string_new (text);
  return g_string_append_c (json, '\n');
}

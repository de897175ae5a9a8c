#include "engine/model/onnx-large.h"

#include <string.h>

#include "engine/core/pages.h"
#include "engine/model/onnx-field.h"

/* Numbers of fields in onnx.proto. */
enum { MODEL_GRAPH = 7, GRAPH_INITIALIZER = 5, TENSOR_RAW_DATA = 9 };

static void
add_varint (GByteArray *out, guint64 value)
{
  do {
    const guint8 byte = (guint8) ((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    g_byte_array_append (out, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

static void
add_bytes (GByteArray *out, const guint8 *begin, const guint8 *end)
{
  g_byte_array_append (out, begin, (guint) (end - begin));
}

static void
add_message (GByteArray *out, guint64 number, const GByteArray *message)
{
  add_varint (out, number << 3 | PRAXI_WIRE_BYTES);
  add_varint (out, message->len);
  g_byte_array_append (out, message->data, message->len);
}

typedef struct {
  const guint8 *data;
  GArray *spans;
  gboolean has_large;
} Walk;

/* Of several raw_data the last one counts: only the plain case stays behind. */
static gboolean
copy_tensor (Walk *walk, PraxiOnnxCursor tensor, GByteArray *out)
{
  PraxiOnnxSpan span = {0};
  PraxiOnnxCursor cursor = tensor, raw = {tensor.at, tensor.at};
  PraxiOnnxField field;
  int n_raw = 0;
  while (cursor.at < cursor.end) {
    const guint8 *const begin = cursor.at;
    if (!praxi_onnx_read_field (&cursor, &field))
      return FALSE;
    if (field.number != TENSOR_RAW_DATA)
      continue;
    n_raw++;
    if (field.wire_type == PRAXI_WIRE_BYTES &&
        field.body.end - field.body.at >= PRAXI_ONNX_LARGE_BYTES) {
      raw = (PraxiOnnxCursor){begin, cursor.at};
      span.at = (gsize) (field.body.at - walk->data);
      span.size = (gsize) (field.body.end - field.body.at);
    }
  }
  if (n_raw != 1) {
    raw.end = raw.at;
    span.size = 0;
  }
  add_bytes (out, tensor.at, raw.at);
  add_bytes (out, raw.end, tensor.end);
  walk->has_large = walk->has_large || span.size > 0;
  g_array_append_val (walk->spans, span);
  return TRUE;
}

typedef gboolean CopyPart (Walk *walk, PraxiOnnxCursor part, GByteArray *out);

/* Copies a message; its fields of that number as copy_part does it. */
static gboolean
copy_message (Walk *walk,
              PraxiOnnxCursor message,
              guint64 number,
              CopyPart *copy_part,
              GByteArray *out)
{
  while (message.at < message.end) {
    const guint8 *const begin = message.at;
    PraxiOnnxField field;
    if (!praxi_onnx_read_field (&message, &field))
      return FALSE;
    if (field.number != number || field.wire_type != PRAXI_WIRE_BYTES) {
      add_bytes (out, begin, message.at);
      continue;
    }
    g_autoptr (GByteArray) part = g_byte_array_new ();
    if (!copy_part (walk, field.body, part))
      return FALSE;
    add_message (out, number, part);
  }
  return TRUE;
}

static gboolean
copy_graph (Walk *walk, PraxiOnnxCursor graph, GByteArray *out)
{
  return copy_message (walk, graph, GRAPH_INITIALIZER, copy_tensor, out);
}

GByteArray *
praxi_onnx_leave_large (const guint8 *data, gsize size, GArray **spans)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (PraxiOnnxSpan));
  Walk walk = {.data = data, .spans = found};
  const PraxiOnnxCursor model = {data, data + size};
  *spans = NULL;
  if (!copy_message (&walk, model, MODEL_GRAPH, copy_graph, out) || !walk.has_large)
    return NULL;
  *spans = g_steal_pointer (&found);
  return g_steal_pointer (&out);
}

typedef struct {
  GBytes *file;
  guint8 *data;
  gsize size;
} Piece;

static void
piece_free_cb (gpointer data)
{
  Piece *piece = data;
  praxi_pages_give_back (piece->data, piece->size);
  g_bytes_unref (piece->file);
  g_free (piece);
}

GBytes *
praxi_onnx_take_span (GBytes *file, const PraxiOnnxSpan *span, gsize alignment)
{
  guint8 *data = (guint8 *) g_bytes_get_data (file, NULL) + span->at;
  const gsize odd = (gsize) data % alignment;
  if (odd > 0)
    memmove (data - odd, data, span->size);
  Piece *piece = g_new (Piece, 1);
  *piece = (Piece){g_bytes_ref (file), data - odd, span->size};
  return g_bytes_new_with_free_func (piece->data, piece->size, piece_free_cb, piece);
}

#include "engine/model/onnx-field.h"

static gboolean
read_varint (PraxiOnnxCursor *cursor, guint64 *value)
{
  *value = 0;
  for (int shift = 0; shift < 70 && cursor->at < cursor->end; shift += 7) {
    const guint8 byte = *cursor->at++;
    if (shift < 64)
      *value |= (guint64) (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
praxi_onnx_read_field (PraxiOnnxCursor *cursor, PraxiOnnxField *field)
{
  guint64 tag, length = 0;
  if (!read_varint (cursor, &tag) || tag >> 3 == 0 || tag > G_MAXUINT32)
    return FALSE;
  field->number = tag >> 3;
  field->wire_type = (int) (tag & 7);
  if (field->wire_type == PRAXI_WIRE_VARINT)
    return read_varint (cursor, &length);
  if (field->wire_type == 1)
    length = 8;
  else if (field->wire_type == 5)
    length = 4;
  else if (field->wire_type != PRAXI_WIRE_BYTES || !read_varint (cursor, &length))
    return FALSE;
  if (length > (guint64) (cursor->end - cursor->at))
    return FALSE;
  field->body = (PraxiOnnxCursor){cursor->at, cursor->at + length};
  cursor->at += length;
  return TRUE;
}

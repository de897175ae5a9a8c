#include "engine/model/flatbuffer.h"

#include <string.h>

static gboolean
holds (PraxiFlat *flat, gsize at, gsize bytes)
{
  if (flat->is_broken || at > flat->size || bytes > flat->size - at)
    flat->is_broken = TRUE;
  return !flat->is_broken;
}

static guint64
read_bytes (PraxiFlat *flat, gsize at, int size)
{
  guint64 value = 0;
  if (!holds (flat, at, (gsize) size))
    return 0;
  for (int i = 0; i < size; i++)
    value |= (guint64) flat->data[at + (gsize) i] << (8 * i);
  return value;
}

static gint64
read_int (PraxiFlat *flat, gsize at, int size)
{
  const guint64 value = read_bytes (flat, at, size);
  switch (size) {
  case 1:
    return (gint8) value;
  case 2:
    return (gint16) value;
  case 4:
    return (gint32) value;
  default:
    return (gint64) value;
  }
}

static float
read_float (PraxiFlat *flat, gsize at)
{
  const guint32 bits = (guint32) read_bytes (flat, at, 4);
  float value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

/* Offsets are unsigned and relative to where they stand. */
static gsize
follow (PraxiFlat *flat, gsize at)
{
  const gsize to = at + (gsize) read_bytes (flat, at, 4);
  return holds (flat, to, 4) && to > at ? to : 0;
}

/* Where the field stands; 0 where it is absent. */
static gsize
find_field (PraxiFlat *flat, PraxiFlatTable table, int field)
{
  if (table == 0 || flat->is_broken)
    return 0;
  const gint64 vtable = (gint64) table - read_int (flat, table, 4);
  if (vtable < 0 || !holds (flat, (gsize) vtable, 4)) {
    flat->is_broken = TRUE;
    return 0;
  }
  const gsize length = (gsize) read_bytes (flat, (gsize) vtable, 2);
  const gsize entry = 4 + 2 * (gsize) field;
  if (entry + 2 > length)
    return 0;
  const gsize offset = (gsize) read_bytes (flat, (gsize) vtable + entry, 2);
  return offset != 0 && holds (flat, table + offset, 1) ? table + offset : 0;
}

PraxiFlatTable
praxi_flat_root (PraxiFlat *flat)
{
  return follow (flat, 0);
}

gint64
praxi_flat_int (PraxiFlat *flat, PraxiFlatTable table, int field, int size, gint64 by_default)
{
  const gsize at = find_field (flat, table, field);
  return at != 0 ? read_int (flat, at, size) : by_default;
}

float
praxi_flat_float (PraxiFlat *flat, PraxiFlatTable table, int field, float by_default)
{
  const gsize at = find_field (flat, table, field);
  return at != 0 ? read_float (flat, at) : by_default;
}

PraxiFlatTable
praxi_flat_table (PraxiFlat *flat, PraxiFlatTable table, int field)
{
  const gsize at = find_field (flat, table, field);
  return at != 0 ? follow (flat, at) : 0;
}

PraxiFlatVector
praxi_flat_vector (PraxiFlat *flat, PraxiFlatTable table, int field, gsize element_size)
{
  const gsize field_at = find_field (flat, table, field);
  const gsize at = field_at != 0 ? follow (flat, field_at) : 0;
  if (at == 0)
    return (PraxiFlatVector){0};
  const guint32 n = (guint32) read_bytes (flat, at, 4);
  if (!holds (flat, at + 4, (gsize) n * element_size))
    return (PraxiFlatVector){0};
  return (PraxiFlatVector){at + 4, n};
}

gint64
praxi_flat_vector_int (PraxiFlat *flat, PraxiFlatVector vector, guint32 i, int size)
{
  return i < vector.n ? read_int (flat, vector.at + (gsize) i * (gsize) size, size) : 0;
}

float
praxi_flat_vector_float (PraxiFlat *flat, PraxiFlatVector vector, guint32 i)
{
  return i < vector.n ? read_float (flat, vector.at + (gsize) i * 4) : 0;
}

PraxiFlatTable
praxi_flat_vector_table (PraxiFlat *flat, PraxiFlatVector vector, guint32 i)
{
  return i < vector.n ? follow (flat, vector.at + (gsize) i * 4) : 0;
}

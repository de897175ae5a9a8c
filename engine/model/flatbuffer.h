/* Reading FlatBuffers of unknown origin: every offset is checked, and the first one that leads out
 * of the file, or to a place that was not aligned for what it should hold, breaks the reader for
 * good. After that everything reads as absent, so that callers look once, at the end.
 * Source: FlatBuffers' "Internals": tables, vtables, vectors; little-endian
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const guint8 *data; /* borrowed */
  gsize size;
  gboolean is_broken;
} PraxiFlat;

/* A table's place in the file; 0 where there is none. */
typedef gsize PraxiFlatTable;

typedef struct {
  gsize at; /* of the first element; 0 where the vector is absent */
  guint32 n;
} PraxiFlatVector;

PraxiFlatTable praxi_flat_root (PraxiFlat *flat);

/* Field number `field` of a table; by_default where it is absent. size: 1, 2, 4 or 8 bytes */
gint64
praxi_flat_int (PraxiFlat *flat, PraxiFlatTable table, int field, int size, gint64 by_default);
float praxi_flat_float (PraxiFlat *flat, PraxiFlatTable table, int field, float by_default);
PraxiFlatTable praxi_flat_table (PraxiFlat *flat, PraxiFlatTable table, int field);

/* A vector of elements of that size, wholly inside the file. */
PraxiFlatVector
praxi_flat_vector (PraxiFlat *flat, PraxiFlatTable table, int field, gsize element_size);
gint64 praxi_flat_vector_int (PraxiFlat *flat, PraxiFlatVector vector, guint32 i, int size);
float praxi_flat_vector_float (PraxiFlat *flat, PraxiFlatVector vector, guint32 i);
/* Of a vector of tables (element size 4). */
PraxiFlatTable praxi_flat_vector_table (PraxiFlat *flat, PraxiFlatVector vector, guint32 i);

G_END_DECLS

/* Fields of protobuf messages as they stand in a file. What looks at a file's bytes uses this; all
 * else takes protobuf-c's structs.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const guint8 *at;
  const guint8 *end;
} PraxiOnnxCursor;

enum { PRAXI_WIRE_VARINT = 0, PRAXI_WIRE_BYTES = 2 };

typedef struct {
  guint64 number;
  int wire_type;
  PraxiOnnxCursor body; /* of a length-delimited field */
} PraxiOnnxField;

/* Reads one field and moves behind it. Groups (wire types 3 and 4) are older than ONNX: whoever
 * has one is damaged.
 */
gboolean praxi_onnx_read_field (PraxiOnnxCursor *cursor, PraxiOnnxField *field);

G_END_DECLS

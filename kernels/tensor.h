/* A tensor: a typed view of memory somebody else owns. Dimensions are logical, in ONNX's order
 * (N, C, T, H, W for pictures); strides say where an element really lies, so that the same view
 * type serves dense row-major data, channels-last data (N, T, H, W, C in memory) and slices.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/status.h"

enum { PRAXI_MAX_RANK = 8 };

typedef enum {
  PRAXI_F32 = 1,
  PRAXI_F64,
  PRAXI_F16,
  PRAXI_BF16,
  PRAXI_U8,
  PRAXI_S8,
  PRAXI_U16,
  PRAXI_S16,
  PRAXI_U32,
  PRAXI_S32,
  PRAXI_U64,
  PRAXI_S64,
  PRAXI_BOOL,   /* one byte, 0 or 1 */
  PRAXI_STRING, /* a number as text: PRAXI_STRING_BYTES, filled up with 0, the last one 0 */
} PraxiDType;

enum { PRAXI_STRING_BYTES = 32 };

typedef struct {
  PraxiDType dtype;
  int rank;                        /* 0 for a scalar */
  int64_t dims[PRAXI_MAX_RANK];    /* elements; 0 is allowed: an empty tensor */
  int64_t strides[PRAXI_MAX_RANK]; /* elements, not bytes; 0 broadcasts */
  void *data;                      /* not owned; NULL while only the shape is known */
} PraxiTensor;

size_t praxi_dtype_size (PraxiDType dtype);
const char *praxi_dtype_name (PraxiDType dtype); /* ONNX's name: "float", "uint8" … */

static inline bool
praxi_dtype_is_byte (PraxiDType dtype)
{
  return dtype == PRAXI_U8 || dtype == PRAXI_S8;
}

/* The number of elements; SHAPE when it does not fit in int64 or a dimension is negative. */
PraxiStatus praxi_tensor_count (const PraxiTensor *tensor, int64_t *count);

/* Fill the strides of a dense tensor from its dims: last dimension fastest, or, for rank ≥ 3,
 * channels (dimension 1) fastest.
 */
void praxi_tensor_set_row_major (PraxiTensor *tensor);
void praxi_tensor_set_channels_last (PraxiTensor *tensor);
bool praxi_tensor_is_row_major (const PraxiTensor *tensor);
bool praxi_tensor_is_channels_last (const PraxiTensor *tensor);

/* dims alone, whatever the types and strides. */
bool praxi_tensor_is_same_shape (const PraxiTensor *a, const PraxiTensor *b);
bool praxi_tensor_is_empty (const PraxiTensor *tensor); /* no element */

/* Copies from to into, element by element in logical order; dims and dtype are equal, strides may
 * differ.
 */
void praxi_tensor_copy (const PraxiTensor *from, const PraxiTensor *to);

/* Element at a row-major logical index, converted; for shapes, axes and tests, not for loops. */
double praxi_tensor_get (const PraxiTensor *tensor, int64_t index);
int64_t praxi_tensor_get_int (const PraxiTensor *tensor, int64_t index);
void praxi_tensor_set (const PraxiTensor *tensor, int64_t index, double value);

float praxi_f16_to_f32 (uint16_t half);
uint16_t praxi_f32_to_f16 (float value); /* rounds to nearest even */

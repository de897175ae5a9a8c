/* Walks several tensors of one shape together, row by row, whatever their strides: the one loop
 * under all plain kernels.
 *
 *   PraxiRows rows = praxi_rows_over (out);      out is operand 0
 *   praxi_rows_add (&rows, in);                  in is operand 1, broadcast to out's shape
 *   while (praxi_rows_next (&rows))
 *     for (int64_t i = 0; i < rows.length; i++)
 *       y[rows.at[0] + i * rows.step[0]] = f (x[rows.at[1] + i * rows.step[1]]);
 *
 * The order of the walk is free: dimensions are sorted and merged so that rows are long.
 */
#pragma once

#include "kernels/tensor.h"

enum { PRAXI_ROWS_OPERANDS = 4 };

typedef struct {
  int64_t length;                    /* of the row; 0 never occurs */
  int64_t at[PRAXI_ROWS_OPERANDS];   /* element offset of the row's first element */
  int64_t step[PRAXI_ROWS_OPERANDS]; /* elements from one to the next */
  int n_operands, rank;
  int64_t dims[PRAXI_MAX_RANK], index[PRAXI_MAX_RANK];
  int64_t strides[PRAXI_ROWS_OPERANDS][PRAXI_MAX_RANK];
  enum { PRAXI_ROWS_FRESH, PRAXI_ROWS_WALKING, PRAXI_ROWS_DONE } state;
} PraxiRows;

PraxiRows praxi_rows_over (const PraxiTensor *tensor);

/* tensor: its dims are those of operand 0 or broadcast to them as in NumPy (aligned at the end) */
void praxi_rows_add (PraxiRows *rows, const PraxiTensor *tensor);

bool praxi_rows_next (PraxiRows *rows);
void praxi_rows_restart (PraxiRows *rows);

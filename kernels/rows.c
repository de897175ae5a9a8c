#include "kernels/rows.h"

#include <stdlib.h>

PraxiRows
praxi_rows_over (const PraxiTensor *tensor)
{
  PraxiRows rows = {.rank = tensor->rank};
  for (int d = 0; d < tensor->rank; d++)
    rows.dims[d] = tensor->dims[d];
  praxi_rows_add (&rows, tensor);
  return rows;
}

void
praxi_rows_add (PraxiRows *rows, const PraxiTensor *tensor)
{
  int64_t *strides = rows->strides[rows->n_operands++];
  const int lead = rows->rank - tensor->rank;
  for (int d = 0; d < tensor->rank; d++)
    strides[lead + d] = tensor->dims[d] == 1 ? 0 : tensor->strides[d];
}

static void
move_dim (PraxiRows *rows, int to, int from)
{
  rows->dims[to] = rows->dims[from];
  for (int k = 0; k < rows->n_operands; k++)
    rows->strides[k][to] = rows->strides[k][from];
}

static void
swap_dims (PraxiRows *rows, int a, int b)
{
  const int64_t dim = rows->dims[a];
  rows->dims[a] = rows->dims[b];
  rows->dims[b] = dim;
  for (int k = 0; k < rows->n_operands; k++) {
    const int64_t stride = rows->strides[k][a];
    rows->strides[k][a] = rows->strides[k][b];
    rows->strides[k][b] = stride;
  }
}

/* Large strides of operand 0 go outside. */
static void
sort_dims (PraxiRows *rows)
{
  const int64_t *key = rows->strides[0];
  for (int i = 1; i < rows->rank; i++)
    for (int j = i; j > 0 && llabs (key[j]) > llabs (key[j - 1]); j--)
      swap_dims (rows, j, j - 1);
}

static void
drop_ones (PraxiRows *rows)
{
  int rank = 0;
  for (int d = 0; d < rows->rank; d++)
    if (rows->dims[d] != 1)
      move_dim (rows, rank++, d);
  rows->rank = rank;
}

static bool
can_merge (const PraxiRows *rows, int outer, int inner)
{
  for (int k = 0; k < rows->n_operands; k++)
    if (rows->strides[k][outer] != rows->strides[k][inner] * rows->dims[inner])
      return false;
  return true;
}

static void
merge_dims (PraxiRows *rows)
{
  int rank = 0;
  for (int d = 0; d < rows->rank; d++) {
    if (rank > 0 && can_merge (rows, rank - 1, d)) {
      const int64_t outer = rows->dims[rank - 1];
      move_dim (rows, rank - 1, d);
      rows->dims[rank - 1] *= outer;
    } else {
      move_dim (rows, rank++, d);
    }
  }
  rows->rank = rank;
}

static bool
begin (PraxiRows *rows)
{
  rows->state = PRAXI_ROWS_DONE;
  for (int d = 0; d < rows->rank; d++)
    if (rows->dims[d] == 0)
      return false;
  rows->state = PRAXI_ROWS_WALKING;
  drop_ones (rows);
  sort_dims (rows);
  merge_dims (rows);
  const int last = rows->rank - 1;
  rows->length = rows->rank > 0 ? rows->dims[last] : 1;
  for (int k = 0; k < rows->n_operands; k++)
    rows->step[k] = rows->rank > 0 ? rows->strides[k][last] : 0;
  return true;
}

bool
praxi_rows_next (PraxiRows *rows)
{
  if (rows->state == PRAXI_ROWS_FRESH)
    return begin (rows);
  if (rows->state == PRAXI_ROWS_DONE)
    return false;
  for (int d = rows->rank - 2; d >= 0; d--) {
    const bool carry = ++rows->index[d] == rows->dims[d];
    for (int k = 0; k < rows->n_operands; k++)
      rows->at[k] += rows->strides[k][d] * (carry ? 1 - rows->dims[d] : 1);
    if (!carry)
      return true;
    rows->index[d] = 0;
  }
  rows->state = PRAXI_ROWS_DONE;
  return false;
}

void
praxi_rows_restart (PraxiRows *rows)
{
  for (int d = 0; d < PRAXI_MAX_RANK; d++)
    rows->index[d] = 0;
  for (int k = 0; k < PRAXI_ROWS_OPERANDS; k++)
    rows->at[k] = 0;
  rows->state = PRAXI_ROWS_FRESH;
}

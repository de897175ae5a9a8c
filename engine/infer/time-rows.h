/* Rows of time: which parts of a value repeat, shifted, when the clip moves on by some frames. Pure
 * arithmetic on shapes; the stream's inside, other modules use executor.h.
 *
 * Let v(k) be a value while the program runs on frames k … k + T − 1. Row r of v belongs to frames
 * from r · frames on, and for rows of [begin, end) it depends on nothing but frames:
 *
 *   v(k + s)[r] = v(k)[r + s / frames]     where both rows lie in [begin, end), frames divides s
 *
 * Rows outside feel the edge of the clip: padding, or a neighbour that is not there.
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef struct {
  int axis;      /* of the value's dims; −1: nothing repeats, the members below mean nothing */
  gint64 frames; /* between two rows */
  gint64 begin, end;
} PraxiTimeRows;

/* How an operator makes rows of its output from rows of its inputs: row r from row r of each, but
 * from rows [r · stride − lead, r · stride − lead + reach) of input 0, as far as it has them.
 */
typedef struct {
  gboolean can_split; /* it may run for some rows alone */
  int window, slice;  /* the entry of op.window, or of op.axes, that is along time; −1: none */
  gint64 stride, lead, reach;
} PraxiTimeRowRule;

/* in:      shapes of the node's inputs, constants with data; rows of each
 * out:     shape of its outputs, which share their rows
 * Returns: the rows of the outputs, axis −1 where nothing is known to repeat
 */
PraxiTimeRows praxi_time_rows_of_node (const PraxiNode *node,
                                       const PraxiTensor *const *in,
                                       const PraxiTimeRows *in_rows,
                                       const PraxiTensor *out,
                                       PraxiTimeRowRule *rule);

/* Whether inputs are broadcast, and each element is made of those at its place. */
gboolean praxi_time_rows_is_elementwise (PraxiOpKind kind);

/* Makes of rows [*first, *end) of the output those of an input that they are made from; n_rows:
 * that the input has.
 */
void praxi_time_rows_behind (const PraxiTimeRowRule *rule,
                             int input,
                             gint64 n_rows,
                             gint64 *first,
                             gint64 *end);

/* Whether rows along the axis lie one behind the other in memory. */
gboolean praxi_time_rows_are_outermost (const PraxiTensor *tensor, int axis);

/* Rows of a view into a value whose rows lie one behind the other; offset: elements from the
 * value's first. shift: how many rows the view begins behind the value.
 */
PraxiTimeRows praxi_time_rows_of_view (const PraxiTensor *of,
                                       const PraxiTimeRows *rows,
                                       const PraxiTensor *view,
                                       gint64 offset,
                                       gint64 *shift);

G_END_DECLS

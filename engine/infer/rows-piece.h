/* An operator prepared for some rows of its output alone, as streams and sections run it; rows as
 * time-rows.h has them. The inside of both; other modules use executor.h.
 */
#pragma once

#include "engine/infer/program.h"
#include "engine/infer/time-rows.h"

G_BEGIN_DECLS

/* Rows of a value, or all of it. */
typedef struct {
  PraxiTensor tensor;
  int value;        /* −1: absent */
  gint64 at_bytes;  /* of its first row behind the value's data */
  gboolean is_open; /* its data is set before each run; else it is a constant */
} PraxiRowsPart;

typedef struct {
  PraxiKernel *kernel;
  const PraxiBackend *backend;
  PraxiRowsPart *in, *out; /* of the node's inputs; one */
  const PraxiTensor **in_at, **out_at;
} PraxiRowsPiece;

/* The operator as it is for rows [first, end) of the output: only at the edges there is padding.
 * n_in_rows: of input 0
 */
PraxiOp praxi_rows_op (const PraxiNode *node,
                       const PraxiTimeRowRule *rule,
                       gint64 n_in_rows,
                       gint64 first,
                       gint64 end);

/* Rows [first, end) along an axis of a value, or a value whole; −1: absent. */
PraxiRowsPart
praxi_rows_part (const PraxiProgram *program, int value, int axis, gint64 first, gint64 end);
PraxiRowsPart praxi_rows_part_whole (const PraxiProgram *program, int value);

/* Prepares a piece whose parts are set, for a step of the program, on one of two backends.
 * Errors: UNSUPPORTED, MEMORY; clear frees what there is
 */
PraxiStatus praxi_rows_piece_prepare (const PraxiProgram *program,
                                      const PraxiNode *node,
                                      const PraxiOp *op,
                                      const PraxiBackend *backend,
                                      PraxiRowsPiece *piece);

/* Lets the packed constants of a piece go where another kernel of the operator, which lives longer,
 * has the very same. FALSE where it has not.
 */
gboolean praxi_rows_piece_share (PraxiRowsPiece *piece,
                                 const PraxiBackend *backend,
                                 const PraxiKernel *with);

/* Room for the parts of a node's inputs and its output. */
void praxi_rows_piece_init (PraxiRowsPiece *piece, const PraxiNode *node);
void praxi_rows_piece_clear (PraxiRowsPiece *piece);

PraxiStatus praxi_rows_piece_run (const PraxiProgram *program,
                                  const PraxiNode *node,
                                  PraxiRowsPiece *piece,
                                  void *scratch);

G_END_DECLS

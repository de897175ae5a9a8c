/* What the tests of the plain kernels share: tensors that lie anyhow in memory of exactly their
 * size, and one call that infers, prepares and runs.
 */
#pragma once

#include <glib.h>

#include "kernels/backend.h"

typedef enum {
  LIE_DENSE,
  LIE_CHANNELS_LAST,
  LIE_ANYHOW
} Lie; /* anyhow: permuted, gaps, reversed */

enum { CASE_MAX = 9, CASE_OUT_MAX = 3 };

/* One operator with its tensors. */
typedef struct {
  PraxiOp op;
  GRand *rand;
  Lie lie;
  int n_in, n_out;
  PraxiTensor in[CASE_MAX], out[CASE_OUT_MAX];
  void *memory[CASE_MAX + CASE_OUT_MAX];
  int n_memory;
  char why[PRAXI_OP_WHY_BYTES];
} Case;

Case *case_new (PraxiOpKind kind, guint32 seed, Lie lie);
void case_free (Case *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Case, case_free)

/* Adds an input of random elements: floats in [−scale, scale], whole numbers as they come. */
PraxiTensor *case_add (Case *c, PraxiDType dtype, int rank, const int64_t *dims, double scale);

/* Adds an input of these elements, row-major. */
PraxiTensor *
case_add_values (Case *c, PraxiDType dtype, int rank, const int64_t *dims, const double *values);
PraxiTensor *case_add_ints (Case *c, int n, const int64_t *values);
void case_add_nothing (Case *c);

/* Infers, gives the outputs memory, and runs. */
PraxiStatus case_run (Case *c);

int64_t case_count (const PraxiTensor *tensor);

/* Elements of out[i] in logical order equal expected, to a relative and absolute tolerance. */
void case_expect (const Case *c, int i, const double *expected, double tolerance);

/* Steps a row-major index; FALSE after the last. */
gboolean case_step (const PraxiTensor *tensor, int64_t *index);

/* The element at index, 0 outside. */
double case_at (const PraxiTensor *tensor, const int64_t *index);

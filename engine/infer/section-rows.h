/* How the steps of a program make rows of one value from rows of others: what sections are planned
 * with. Rows are those of the outermost dimension. The program's inside.
 */
#pragma once

#include "engine/infer/program.h"
#include "engine/infer/time-rows.h"

G_BEGIN_DECLS

/* What sections are planned of; all of it borrowed. */
typedef struct {
  const PraxiGraph *graph;
  const PraxiPlace *places;
  const PraxiTensor *tensors; /* one a value */
  const int *first, *last;    /* steps that touch each root; −1: none makes it */
} PraxiSectionSource;

typedef struct {
  int step;     /* that makes the value whose rows the input has; −1: none, or it is read whole */
  int axis;     /* of the input's own dims, along which its rows lie; −1: read whole */
  gint64 shift; /* the input's row 0 is this one of the value's */
} PraxiSectionInput;

/* How one step makes rows. */
typedef struct {
  int axis;  /* of the output; −1: no section has this step */
  int owner; /* the step in whose output this one's lies, itself mostly */
  int after; /* sections that have this step begin behind this one, whose output it reads whole */
  gint64 n_rows, frames; /* of the output; between two of them */
  gsize row_bytes;       /* of the owner's output, n_rows of them */
  PraxiTimeRowRule rule;
  PraxiSectionInput *in; /* [n_in of the node] */
} PraxiSectionStep;

/* One a node of the graph; free with praxi_section_steps_free. */
PraxiSectionStep *praxi_section_steps_new (const PraxiSectionSource *source);
void praxi_section_steps_free (PraxiSectionStep *steps, int n_steps);

/* Bytes of a value, at most so many that sums of them fit. */
gsize praxi_section_bytes (const PraxiTensor *tensor);

/* Rows [first, end) of input j that a step reads for rows [first, end) of its output. */
void praxi_section_rows_behind (const PraxiSectionStep *steps,
                                const PraxiSectionSource *source,
                                int step,
                                int j,
                                gint64 *first,
                                gint64 *end);

G_END_DECLS

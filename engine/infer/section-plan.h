/* Which steps of a program run depth first. The steps of a section make a few rows of what leaves
 * it, all the way through, then the next few: what lies between needs room for some rows instead of
 * all, and is read while it is still in the cache. Rows are those of the outermost dimension, of
 * clips mostly time (time-rows.h). Pure arithmetic on shapes; the program's inside.
 *
 * Source: M. Alwani, H. Chen, M. Ferdman, P. Milder, "Fused-layer CNN accelerators", MICRO 2016
 */
#pragma once

#include "engine/infer/section-rows.h"

G_BEGIN_DECLS

/* Entry (piece, step − first) of the tables is at piece · (end − first) + step − first. */
typedef struct {
  int first, end; /* steps [first, end) */
  int n_parts;    /* a step makes one of so many of its rows at once */
  int n_pieces;   /* some more: rows are on their way through the steps */
  gint64 *done;   /* [n_pieces + 1] rows of each step's output that are made before a piece */
  gint64 *base;   /* [n_pieces + 1] the first row that its memory holds during a piece */
  gint64 *room;   /* rows that its memory has room for */
  gboolean
      *is_kept; /* whether some of them are read by a later piece than the one that makes them */
} PraxiSection;

static inline gsize
praxi_section_entry (const PraxiSection *section, int piece, int step)
{
  return (gsize) piece * (gsize) (section->end - section->first) + (gsize) (step - section->first);
}

typedef struct {
  PraxiSectionStep *steps; /* one a node of the graph */
  int n_steps;
  GPtrArray *sections; /* of PraxiSection */
} PraxiSectionPlan;

/* A plan, maybe without sections. */
PraxiSectionPlan *praxi_section_plan_new (const PraxiSectionSource *source,
                                          const PraxiSectionLimits *limits);
void praxi_section_plan_free (PraxiSectionPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiSectionPlan, praxi_section_plan_free)

/* The section that has a step, or NULL. */
const PraxiSection *praxi_section_plan_at (const PraxiSectionPlan *plan, int step);

/* What a root that is made needs under the plan: bytes, and steps that touch it. */
void praxi_section_plan_life (const PraxiSectionPlan *plan,
                              const PraxiSectionSource *source,
                              int value,
                              gsize *bytes,
                              int *first,
                              int *last);

G_END_DECLS

/* Where values lie in one block of memory: those that never live at the same time share room. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  gsize bytes;
  int first, last; /* the steps during which it is needed, both included */
  gsize offset;    /* out: a multiple of PRAXI_PLAN_ALIGN */
} PraxiPlanItem;

enum { PRAXI_PLAN_ALIGN = 64 };

/* Fills the offsets and returns how large the block has to be. */
gsize praxi_plan_memory (PraxiPlanItem *items, int n);

/* The most bytes alive at any one step: no plan can need less. */
gsize praxi_plan_live_bytes (const PraxiPlanItem *items, int n);

G_END_DECLS

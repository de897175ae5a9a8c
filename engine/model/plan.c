/* Greedy by size: the largest item first, each at the lowest offset where it overlaps nothing that
 * lives at the same time.
 * Source: Y. Pisarchyk, J. Lee, "Efficient memory management for deep neural net inference", 2020
 */
#include "engine/model/plan.h"

static gsize
rounded (gsize bytes)
{
  return (MAX (bytes, 1) + PRAXI_PLAN_ALIGN - 1) / PRAXI_PLAN_ALIGN * PRAXI_PLAN_ALIGN;
}

static gint
larger_first_cb (gconstpointer a, gconstpointer b)
{
  const PraxiPlanItem *x = *(PraxiPlanItem *const *) a, *y = *(PraxiPlanItem *const *) b;
  if (x->bytes != y->bytes)
    return x->bytes < y->bytes ? 1 : -1;
  return x->first - y->first;
}

static gboolean
live_together (const PraxiPlanItem *a, const PraxiPlanItem *b)
{
  return a->first <= b->last && b->first <= a->last;
}

/* placed: ascending offsets. */
static gsize
lowest_gap (const PraxiPlanItem *item, const GPtrArray *placed)
{
  gsize offset = 0;
  for (guint i = 0; i < placed->len; i++) {
    const PraxiPlanItem *other = placed->pdata[i];
    if (!live_together (item, other))
      continue;
    if (other->offset >= offset + rounded (item->bytes))
      break;
    offset = MAX (offset, other->offset + rounded (other->bytes));
  }
  return offset;
}

static void
insert_by_offset (GPtrArray *placed, PraxiPlanItem *item)
{
  guint at = placed->len;
  while (at > 0 && ((PraxiPlanItem *) placed->pdata[at - 1])->offset > item->offset)
    at--;
  g_ptr_array_insert (placed, (gint) at, item);
}

gsize
praxi_plan_memory (PraxiPlanItem *items, int n)
{
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  g_autoptr (GPtrArray) placed = g_ptr_array_new ();
  gsize end = 0;
  for (int i = 0; i < n; i++)
    g_ptr_array_add (order, &items[i]);
  g_ptr_array_sort (order, larger_first_cb);
  for (guint i = 0; i < order->len; i++) {
    PraxiPlanItem *item = order->pdata[i];
    item->offset = lowest_gap (item, placed);
    end = MAX (end, item->offset + rounded (item->bytes));
    insert_by_offset (placed, item);
  }
  return end;
}

gsize
praxi_plan_live_bytes (const PraxiPlanItem *items, int n)
{
  gsize most = 0;
  for (int i = 0; i < n; i++) {
    gsize live = 0;
    for (int j = 0; j < n; j++)
      if (items[j].first <= items[i].first && items[i].first <= items[j].last)
        live += rounded (items[j].bytes);
    most = MAX (most, live);
  }
  return most;
}

#include "engine/infer/section-plan.h"

enum { MOST_CUTS = 8, MOST_PARTS = 32, MOST_PARTS_AGAIN = 8, MOST_SECTIONS = 16 };
#define ENOUGH 0.6 /* of the memory before is fine where rows are read again, which takes time */
#define SLACK 1.05 /* so much more memory is fine for fewer pieces */

typedef struct {
  const PraxiSectionSource *source;
  PraxiSectionPlan *plan;
  gint64 *alive; /* [n_steps + 1] */
} Planner;

static const PraxiNode *
node_of (const PraxiSectionSource *source, int step)
{
  return praxi_graph_node (source->graph, step);
}

/* --- pieces ----------------------------------------------------------------------------------- */

static void
section_free (PraxiSection *section)
{
  g_free (section->done);
  g_free (section->base);
  g_free (section->room);
  g_free (section->is_kept);
  g_free (section);
}

static int
root_of (const PraxiSectionSource *source, int step)
{
  return source->places[node_of (source, step)->out[0]].root;
}

static gboolean
leaves (const PraxiSectionSource *source, const PraxiSection *section, int step)
{
  return source->last[root_of (source, step)] >= section->end;
}

/* Rows of its output that a step can make of the first n rows of input j. */
static gint64
rows_of_first (const Planner *planner, int step, int j, gint64 n)
{
  const PraxiSectionStep *at = &planner->plan->steps[step];
  const PraxiSectionInput *input = &at->in[j];
  const int value = node_of (planner->source, step)->in[j];
  const gint64 all = planner->source->tensors[value].dims[input->axis];
  n -= input->shift;
  if (n >= all)
    return at->n_rows;
  if (j > 0)
    return n;
  const gint64 last = n + at->rule.lead - at->rule.reach;
  return last < 0 ? 0 : last / at->rule.stride + 1;
}

/* Rows that a step can have made behind a piece of which those before it are in `made`: as many as
 * it makes at once, or all that are left.
 */
static gint64
rows_after (const Planner *planner, const PraxiSection *section, int step, const gint64 *made)
{
  const PraxiSectionStep *at = &planner->plan->steps[step];
  const gint64 before = made[step - section->first];
  const gint64 at_once = (at->n_rows + section->n_parts - 1) / section->n_parts;
  const gint64 wanted = MIN (before + at_once, at->n_rows);
  for (int j = 0; j < node_of (planner->source, step)->n_in; j++) {
    const int maker = at->in[j].step;
    if (maker >= section->first &&
        rows_of_first (planner, step, j, made[maker - section->first]) < wanted)
      return before;
  }
  return wanted;
}

/* Rows flow through the section: each piece makes of each step as many as there are inputs for. */
static void
plan_done (const Planner *planner, PraxiSection *section)
{
  const int n = section->end - section->first;
  GArray *done = g_array_new (FALSE, TRUE, sizeof (gint64));
  g_array_set_size (done, (guint) n);
  for (gboolean goes_on = TRUE; goes_on; section->n_pieces += goes_on) {
    const guint before = done->len - (guint) n;
    goes_on = FALSE;
    g_array_set_size (done, done->len + (guint) n);
    gint64 *made = &g_array_index (done, gint64, before + (guint) n);
    memcpy (made, made - n, sizeof (gint64) * (gsize) n);
    for (int i = 0; i < n; i++) {
      made[i] = rows_after (planner, section, section->first + i, made);
      goes_on = goes_on || made[i] > made[i - n];
    }
  }
  section->done = (gint64 *) (void *) g_array_free (done, FALSE);
}

/* The first row that a piece or a later one touches of each output, from the last piece on. */
static void
plan_base (const Planner *planner, PraxiSection *section)
{
  const PraxiSectionPlan *plan = planner->plan;
  const int n = section->end - section->first;
  section->base = g_new (gint64, (gsize) n * ((gsize) section->n_pieces + 1));
  gint64 *last = section->base + (gsize) section->n_pieces * (gsize) n;
  for (int i = 0; i < n; i++)
    last[i] = leaves (planner->source, section, section->first + i)
                  ? 0
                  : plan->steps[section->first + i].n_rows;
  for (int p = section->n_pieces - 1; p >= 0; p--) {
    const gint64 *done = section->done + (gsize) p * (gsize) n, *made = done + n;
    gint64 *base = section->base + (gsize) p * (gsize) n;
    memcpy (base, base + n, sizeof (gint64) * (gsize) n);
    for (int i = 0; i < n; i++) {
      const int step = section->first + i;
      if (done[i] >= made[i])
        continue;
      gint64 *own = &base[plan->steps[step].owner - section->first];
      *own = MIN (*own, done[i]);
      for (int j = 0; j < node_of (planner->source, step)->n_in; j++) {
        const PraxiSectionInput *input = &plan->steps[step].in[j];
        gint64 first = done[i], end = made[i];
        if (input->step < section->first)
          continue;
        praxi_section_rows_behind (plan->steps, planner->source, step, j, &first, &end);
        gint64 *read = &base[plan->steps[input->step].owner - section->first];
        *read = MIN (*read, first + input->shift);
      }
    }
  }
}

static void
plan_room (const Planner *planner, PraxiSection *section)
{
  const int n = section->end - section->first;
  section->room = g_new0 (gint64, n);
  section->is_kept = g_new0 (gboolean, n);
  for (int p = 0; p < section->n_pieces; p++) {
    const gint64 *base = section->base + (gsize) p * (gsize) n;
    const gint64 *made = section->done + (gsize) (p + 1) * (gsize) n;
    for (int i = 0; i < n; i++) {
      const int owner = planner->plan->steps[section->first + i].owner - section->first;
      section->room[owner] = MAX (section->room[owner], made[i] - base[owner]);
      if (p + 1 < section->n_pieces && base[n + owner] < made[i] &&
          !leaves (planner->source, section, section->first + owner))
        section->is_kept[owner] = TRUE;
    }
  }
}

/* NULL where it cannot be: a step reads something whole that the section makes, or parts of one
 * value's memory lie within and without.
 */
static PraxiSection *
try_section (const Planner *planner, int first, int end, int n_parts)
{
  for (int step = first; step < end; step++) {
    const PraxiSectionStep *at = &planner->plan->steps[step];
    const int root = root_of (planner->source, step);
    if (at->axis < 0 || at->after >= first || at->owner < first || at->owner >= end ||
        planner->source->first[root] < first)
      return NULL;
  }
  PraxiSection *section = g_new0 (PraxiSection, 1);
  *section = (PraxiSection){.first = first, .end = end, .n_parts = n_parts};
  plan_done (planner, section);
  plan_base (planner, section);
  plan_room (planner, section);
  return section;
}

/* --- memory ----------------------------------------------------------------------------------- */

const PraxiSection *
praxi_section_plan_at (const PraxiSectionPlan *plan, int step)
{
  for (guint i = 0; i < plan->sections->len; i++) {
    const PraxiSection *section = plan->sections->pdata[i];
    if (section->first <= step && step < section->end)
      return section;
  }
  return NULL;
}

void
praxi_section_plan_life (const PraxiSectionPlan *plan,
                         const PraxiSectionSource *source,
                         int value,
                         gsize *bytes,
                         int *first,
                         int *last)
{
  *bytes = praxi_section_bytes (&source->tensors[value]);
  *first = source->first[value];
  *last = source->last[value];
  const PraxiSection *made = praxi_section_plan_at (plan, *first);
  const PraxiSection *read = praxi_section_plan_at (plan, *last);
  if (made == NULL || made != read) {
    *first = made != NULL ? made->first : *first;
    *last = read != NULL ? read->end - 1 : *last;
    return;
  }
  for (int i = 0; i < made->end - made->first; i++) {
    const PraxiSectionStep *step = &plan->steps[made->first + i];
    if (step->owner != made->first + i || root_of (source, step->owner) != value)
      continue;
    *bytes = (gsize) made->room[i] * step->row_bytes;
    if (made->is_kept[i]) {
      *first = made->first;
      *last = made->end - 1;
    }
  }
}

/* Fills alive: bytes at each step. Returns the step in [first, end) with the most. */
static int
count_alive (Planner *planner, int first, int end)
{
  const PraxiSectionSource *source = planner->source;
  const int n = planner->plan->n_steps;
  memset (planner->alive, 0, sizeof (gint64) * ((gsize) n + 2));
  for (guint v = 0; v < source->graph->values->len; v++) {
    gsize bytes;
    int from, to;
    if (source->first[v] < 0)
      continue;
    praxi_section_plan_life (planner->plan, source, (int) v, &bytes, &from, &to);
    planner->alive[from] += (gint64) bytes;
    planner->alive[MIN (to, n) + 1] -= (gint64) bytes;
  }
  for (int i = 1; i < n; i++)
    planner->alive[i] += planner->alive[i - 1];
  int most = first;
  for (int i = first; i < end; i++)
    most = planner->alive[i] > planner->alive[most] ? i : most;
  return most;
}

/* The most bytes at a step of a section, if it were part of the plan. */
static gint64
count_with (Planner *planner, PraxiSection *section)
{
  g_ptr_array_add (planner->plan->sections, section);
  const int most = count_alive (planner, section->first, section->end);
  g_ptr_array_steal_index (planner->plan->sections, planner->plan->sections->len - 1);
  return planner->alive[most];
}

/* --- choosing --------------------------------------------------------------------------------- */

/* What lives on across the place before a step. */
static gint64
bytes_across (const PraxiSectionSource *source, int step)
{
  gint64 bytes = 0;
  for (guint v = 0; v < source->graph->values->len; v++)
    if (source->first[v] >= 0 && source->first[v] < step && source->last[v] >= step)
      bytes += (gint64) praxi_section_bytes (&source->tensors[v]);
  return bytes;
}

/* Places from `from` towards `to` before which less is alive than before those nearer. */
static int
find_cuts (const PraxiSectionSource *source, int from, int to, int *cuts)
{
  int n = 0;
  gint64 least = G_MAXINT64;
  const int way = to < from ? -1 : 1;
  for (int step = from; n < MOST_CUTS && step != to + way; step += way) {
    const gint64 bytes = bytes_across (source, step);
    if (bytes < least)
      cuts[n++] = step;
    least = MIN (least, bytes);
  }
  return n;
}

static int
most_parts (const Planner *planner, int first, int end)
{
  gint64 most = 1;
  for (int step = first; step < end; step++)
    most = MAX (most, planner->plan->steps[step].n_rows);
  return (int) MIN (most, MOST_PARTS);
}

/* The longest run of steps around one that sections may have and none has; ends before it where
 * none may have it.
 */
static void
find_run (const Planner *planner, int step, int *first, int *end)
{
  const PraxiSectionPlan *plan = planner->plan;
  *first = *end = step;
  while (*first > 0 && plan->steps[*first - 1].axis >= 0 &&
         praxi_section_plan_at (plan, *first - 1) == NULL)
    --*first;
  while (*end < plan->n_steps && plan->steps[*end].axis >= 0 &&
         praxi_section_plan_at (plan, *end) == NULL)
    ++*end;
}

/* Whether a step reads rows for more than one of its own, which takes time in each piece. */
static gboolean
reads_again (const Planner *planner, const PraxiSection *section)
{
  for (int step = section->first; step < section->end; step++)
    if (planner->plan->steps[step].rule.reach > planner->plan->steps[step].rule.stride)
      return TRUE;
  return FALSE;
}

/* With as many parts as are sensible. */
static PraxiSection *
try_finest (const Planner *planner, int first, int end)
{
  const int n = most_parts (planner, first, end);
  PraxiSection *section = try_section (planner, first, end, n);
  if (section == NULL || n <= MOST_PARTS_AGAIN || !reads_again (planner, section))
    return section;
  section_free (section);
  return try_section (planner, first, end, MOST_PARTS_AGAIN);
}

/* The same steps in as few parts as do. Frees section. */
static PraxiSection *
with_fewer_parts (Planner *planner, PraxiSection *section, gint64 most_bytes)
{
  for (int n = 2; n < section->n_parts; n *= 2) {
    PraxiSection *other = try_section (planner, section->first, section->end, n);
    if ((double) count_with (planner, other) <= SLACK * (double) most_bytes) {
      section_free (section);
      return other;
    }
    section_free (other);
  }
  return section;
}

/* Adds the section that takes most of the memory at a step. FALSE where none does. */
static gboolean
add_section (Planner *planner, int step, gint64 before, const PraxiSectionLimits *limits)
{
  int low, high;
  find_run (planner, step, &low, &high);
  if (high <= step)
    return FALSE;
  int begins[MOST_CUTS], ends[MOST_CUTS];
  const int n_begins = find_cuts (planner->source, step, low, begins);
  const int n_ends = find_cuts (planner->source, step + 1, high, ends);
  PraxiSection *best = NULL;
  const gint64 enough = (gint64) limits->whole_bytes;
  gint64 least = MAX ((gint64) (limits->most_left * (double) before), enough) + 1;
  for (int k = 0; k < n_begins * n_ends; k++) {
    const int first = begins[k / n_ends], end = ends[k % n_ends];
    PraxiSection *section = try_finest (planner, first, end);
    const gint64 bytes = section != NULL ? MAX (count_with (planner, section), enough) : G_MAXINT64;
    if (bytes < least ||
        (best != NULL && bytes == least && end - first < best->end - best->first)) {
      g_clear_pointer (&best, section_free);
      best = g_steal_pointer (&section);
      least = bytes;
    }
    g_clear_pointer (&section, section_free);
  }
  if (best == NULL)
    return FALSE;
  if (reads_again (planner, best))
    least = MAX (least, (gint64) (ENOUGH * (double) before));
  g_ptr_array_add (planner->plan->sections, with_fewer_parts (planner, best, least));
  return TRUE;
}

PraxiSectionPlan *
praxi_section_plan_new (const PraxiSectionSource *source, const PraxiSectionLimits *limits)
{
  PraxiSectionPlan *plan = g_new0 (PraxiSectionPlan, 1);
  Planner planner = {.source = source, .plan = plan};
  plan->sections = g_ptr_array_new_with_free_func ((GDestroyNotify) section_free);
  plan->n_steps = (int) source->graph->nodes->len;
  plan->steps = praxi_section_steps_new (source);
  planner.alive = g_new0 (gint64, plan->n_steps + 2);
  const gint64 enough = (gint64) limits->whole_bytes;
  gint64 most = planner.alive[count_alive (&planner, 0, plan->n_steps)];
  const gint64 fine = (gint64) (limits->most_left * (double) most);
  for (gboolean goes_on = TRUE; goes_on && most > enough;) {
    const int at = count_alive (&planner, 0, plan->n_steps);
    most = planner.alive[at];
    goes_on = most > enough && plan->sections->len < MOST_SECTIONS &&
              add_section (&planner, at, most, limits);
  }
  if (most > fine)
    g_ptr_array_set_size (plan->sections, 0);
  g_free (planner.alive);
  return plan;
}

void
praxi_section_plan_free (PraxiSectionPlan *plan)
{
  praxi_section_steps_free (plan->steps, plan->n_steps);
  g_ptr_array_unref (plan->sections);
  g_free (plan);
}

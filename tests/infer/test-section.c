/* Programs that run in sections, some rows at a time, say what whole ones say: in floats and in
 * bytes, on every level, one clip and several, their weights kept and shed; and no step reads a row
 * that is not there.
 */
#include "engine/infer/section-plan.h"

#include <math.h>
#include <string.h>

#include "engine/infer/program-arena.h"
#include "engine/infer/section.h"
#include "kernels/cpu/cpu.h"
#include "tests/infer/time-nets.h"

enum { CLIP = FRAMES * SIDE * SIDE * CHANNELS };

/* Whatever saves anything. */
static const PraxiSectionLimits all = {.whole_bytes = 1, .most_left = 0.99};

static gboolean
is_cut (const TimeNet *net, int batch)
{
  return batch == 1 ? net->cuts_one : net->cuts_several;
}

static void
check_same (const TimeNet *net, int batch, const PraxiBackend *backend, PraxiProgramOptions options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (9);
  float clips[2][MOST_CLIPS * CLIP];
  double range = 0;
  for (int i = 0; i < 2 * MOST_CLIPS * CLIP; i++)
    clips[i / (MOST_CLIPS * CLIP)][i % (MOST_CLIPS * CLIP)] =
        (float) g_rand_double_range (random, -2, 2);
  TimeNetRunner whole =
      time_net_runner (net, batch, backend, (PraxiProgramOptions){.joins = options.joins});
  options.sections = &all;
  TimeNetRunner cut = time_net_runner (net, batch, backend, options);
  g_assert_null (whole.program->sections);
  g_assert_nonnull (cut.program->sections);
  g_assert_false (praxi_program_is_apart (cut.program));
  g_assert_cmpuint (cut.program->arena_bytes, <, whole.program->arena_bytes);
  /* Three kernels of a step or more have their weights once, but for those of single channels. */
  g_assert_cmpuint (cut.program->packed_bytes, <, 2 * whole.program->packed_bytes);
  for (int run = 0; run < 4; run++) { /* nothing of a clip is left for the next one */
    praxi_program_set_input (whole.program, 0, clips[run % 2]);
    praxi_program_set_input (cut.program, 0, clips[run % 2]);
    g_assert_true (praxi_program_run (whole.program, 0, &error));
    g_assert_true (praxi_program_run (cut.program, 0, &error));
    g_assert_cmpfloat (time_net_difference (praxi_program_output (whole.program, 0),
                                            praxi_program_output (cut.program, 0), &range),
                       <=, net->limit);
  }
  g_assert_cmpfloat (range, >, 0.1);
  for (int i = 0; i < cut.program->n_steps; i++)
    g_assert_true (cut.program->steps[i].backend == backend);
  time_net_runner_clear (&whole);
  time_net_runner_clear (&cut);
}

static void
test_same (gconstpointer data)
{
  const TimeNet *net = data;
  const PraxiBackend *backend;
  for (int level = 0; (backend = praxi_backend_cpu_level (level)) != NULL; level++)
    for (int batch = 1; batch <= MOST_CLIPS; batch += 2) {
      if (!is_cut (net, batch))
        continue;
      check_same (data, batch, backend, (PraxiProgramOptions){.joins = FALSE});
      check_same (data, batch, backend, (PraxiProgramOptions){.joins = TRUE, .sheds = TRUE});
    }
}

/* --- the plan --------------------------------------------------------------------------------- */

typedef struct {
  TimeNetRunner runner;
  int *first, *last;
  PraxiSectionSource source;
  PraxiSectionPlan *plan;
} Planned;

static Planned
planned (const TimeNet *net, int batch)
{
  Planned self = {
      time_net_runner (net, batch, praxi_backend_cpu (), (PraxiProgramOptions){.joins = TRUE})};
  const PraxiProgram *program = self.runner.program;
  const gsize n = program->graph->values->len;
  self.first = g_new (int, n);
  self.last = g_new (int, n);
  praxi_program_find_lives (program, self.first, self.last);
  self.source = (PraxiSectionSource){.graph = program->graph,
                                     .places = program->places,
                                     .tensors = program->tensors,
                                     .first = self.first,
                                     .last = self.last};
  self.plan = praxi_section_plan_new (&self.source, &all);
  return self;
}

static void
planned_clear (Planned *self)
{
  praxi_section_plan_free (self->plan);
  g_free (self->first);
  g_free (self->last);
  time_net_runner_clear (&self->runner);
}

/* What a step reads in a piece is made, and still there. Returns how many rows it makes. */
static gint64
check_step (const Planned *self, const PraxiSection *section, int piece, int step)
{
  const PraxiSectionStep *how = &self->plan->steps[step];
  const gint64 first = section->done[praxi_section_entry (section, piece, step)];
  const gint64 end = section->done[praxi_section_entry (section, piece + 1, step)];
  g_assert_cmpint (how->axis, >=, 0);
  g_assert_cmpint (how->after, <, section->first);
  if (first == end)
    return 0;
  const gint64 own = section->base[praxi_section_entry (section, piece, how->owner)];
  g_assert_cmpint (own, <=, first);
  g_assert_cmpint (end - own, <=, section->room[how->owner - section->first]);
  for (int j = 0; j < praxi_graph_node (self->source.graph, step)->n_in; j++) {
    gint64 from = first, to = end;
    const int maker = how->in[j].step;
    if (maker < section->first)
      continue;
    g_assert_cmpint (maker, <, step);
    praxi_section_rows_behind (self->plan->steps, &self->source, step, j, &from, &to);
    const int owner = self->plan->steps[maker].owner;
    g_assert_cmpint (from + how->in[j].shift, >=,
                     section->base[praxi_section_entry (section, piece, owner)]);
    g_assert_cmpint (to + how->in[j].shift, <=,
                     section->done[praxi_section_entry (section, piece + 1, maker)]);
  }
  return end - first;
}

static void
test_plan (gconstpointer data)
{
  const TimeNet *net = data;
  for (int batch = 1; batch <= MOST_CLIPS; batch += 2) {
    Planned self = planned (net, batch);
    g_assert_true ((self.plan->sections->len > 0) == is_cut (net, batch));
    for (guint k = 0; k < self.plan->sections->len; k++) {
      const PraxiSection *section = self.plan->sections->pdata[k];
      for (int step = section->first; step < section->end; step++) {
        gint64 rows = 0;
        g_assert_true (praxi_section_plan_at (self.plan, step) == section);
        for (int p = 0; p < section->n_pieces; p++)
          rows += check_step (&self, section, p, step);
        g_assert_cmpint (rows, ==, self.plan->steps[step].n_rows);
      }
    }
    planned_clear (&self);
  }
}

/* Several clips go through one by one, as nothing of one is read for another. */
static void
test_clips (void)
{
  Planned self = planned (&time_nets[0], 3);
  for (guint k = 0; k < self.plan->sections->len; k++) {
    const PraxiSection *section = self.plan->sections->pdata[k];
    g_assert_cmpint (section->n_pieces, ==, section->n_parts);
    for (int i = 0; i < section->end - section->first; i++)
      g_assert_false (section->is_kept[i]);
  }
  planned_clear (&self);
}

/* A channel shuffle is one copy, and nothing else moves. */
static void
test_shuffled (void)
{
  TimeNetRunner self =
      time_net_runner (&time_nets[SHUFFLED], 1, praxi_backend_cpu (), (PraxiProgramOptions){0});
  int n_copies = 0;
  for (int i = 0; i < self.program->n_steps; i++) {
    const PraxiOpKind kind = self.program->steps[i].node->op.kind;
    g_assert_true (kind == PRAXI_OP_CONV || kind == PRAXI_OP_IDENTITY);
    n_copies += kind == PRAXI_OP_IDENTITY;
  }
  g_assert_cmpint (n_copies, ==, 1);
  time_net_runner_clear (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < TIME_NETS; i++) {
    g_autofree char *same = g_strconcat ("/section/same/", time_nets[i].name, NULL);
    g_autofree char *plan = g_strconcat ("/section/plan/", time_nets[i].name, NULL);
    g_test_add_data_func (same, &time_nets[i], test_same);
    g_test_add_data_func (plan, &time_nets[i], test_plan);
  }
  g_test_add_func ("/section/clips", test_clips);
  g_test_add_func ("/section/shuffled", test_shuffled);
  return g_test_run ();
}

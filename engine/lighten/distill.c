#include "engine/lighten/distill.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/executor.h"
#include "engine/model/flow-net.h"
#include "engine/model/spec.h"
#include "engine/train/flow-source.h"

#define LEAST 1e-6

typedef struct {
  PraxiModel *model;
  PraxiExecutor *executor;
  PraxiTensor *inputs, *outputs; /* outputs: scores, then hints */
  int n_inputs, n_outputs;
  gboolean speaks_alone; /* of some files; of the others it says nothing */
  int *places;           /* [own classes]: which of the first member's classes each is */
} Member;

struct PraxiTeacher {
  PraxiDistillOptions options;
  GPtrArray *members;
  const PraxiModelSpec *spec; /* of the first member */
  const PraxiClips *clips;
  const PraxiFlowClips *flow;
  guint8 *pixels;
  float *converted;
  gsize *first; /* [files · views]: of its rows */
  float **rows; /* [n_rows]: mean scores and hints; NULL where it was not asked yet */
  gsize n_rows, n_hint_numbers;
  guint n_asked;
};

static void
member_free (gpointer data)
{
  Member *member = data;
  for (int i = 0; i < member->n_inputs; i++)
    g_free (member->inputs[i].data);
  for (int i = 0; i < member->n_outputs; i++)
    g_free (member->outputs[i].data);
  g_free (member->inputs);
  g_free (member->outputs);
  g_free (member->places);
  g_clear_pointer (&member->executor, praxi_executor_free);
  praxi_model_unref (member->model);
  g_free (member);
}

void
praxi_teacher_free (PraxiTeacher *teacher)
{
  if (teacher == NULL)
    return;
  for (gsize i = 0; i < teacher->n_rows; i++)
    g_free (teacher->rows[i]);
  g_free (teacher->rows);
  g_free (teacher->first);
  g_free (teacher->pixels);
  g_free (teacher->converted);
  g_ptr_array_unref (teacher->members);
  g_free (teacher);
}

/* --- the teachers' graphs ------------------------------------------------------------------- */

/* What comes before the maps and the statistics goes: they become the inputs. */
static gboolean
begin_at_maps (PraxiGraph *graph, GError **error)
{
  static const char *const names[] = {PRAXI_MAPS_VALUE, PRAXI_STATISTICS_VALUE};
  g_array_set_size (graph->inputs, 0);
  for (guint n = 0; n < G_N_ELEMENTS (names); n++) {
    const int value = praxi_graph_find (graph, names[n]);
    if (value < 0)
      continue;
    g_array_append_val (graph->inputs, value);
    for (guint i = graph->nodes->len; i-- > 0;)
      if (praxi_graph_node (graph, (int) i)->out[0] == value)
        g_ptr_array_remove_index (graph->nodes, i);
  }
  praxi_graph_prune (graph);
  g_autofree int *makers = praxi_graph_makers (graph);
  gboolean good = graph->inputs->len > 0;
  for (guint i = 0; good && i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; good && j < node->n_in; j++) {
      gboolean is_input = FALSE;
      for (guint k = 0; k < graph->inputs->len; k++)
        is_input = is_input || g_array_index (graph->inputs, int, k) == node->in[j];
      good = node->in[j] < 0 || is_input || makers[node->in[j]] >= 0 ||
             praxi_graph_value (graph, node->in[j])->bytes != NULL;
    }
  }
  if (!good)
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                         "the teacher reads more of the footage than the maps of its motion stem");
  return good;
}

static gboolean
add_hints (PraxiGraph *graph, const char *const *names, GError **error)
{
  g_array_set_size (graph->outputs, 1);
  for (int i = 0; names != NULL && names[i] != NULL; i++) {
    const int value = praxi_graph_find (graph, names[i]);
    if (value < 0 || praxi_graph_value (graph, value)->tensor.dtype != PRAXI_F32) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                   "the teacher computes no value '%s' of floats that could be imitated", names[i]);
      return FALSE;
    }
    g_array_append_val (graph->outputs, value);
  }
  return TRUE;
}

static gboolean
make_rooms (Member *member, GError **error)
{
  member->n_inputs = praxi_executor_n_inputs (member->executor);
  member->n_outputs = praxi_executor_n_outputs (member->executor);
  member->inputs = g_new0 (PraxiTensor, member->n_inputs + 1);
  member->outputs = g_new0 (PraxiTensor, member->n_outputs + 1);
  for (int i = 0; i < member->n_inputs; i++) {
    member->inputs[i] = *praxi_executor_input (member->executor, i);
    if (!praxi_tensor_allocate (&member->inputs[i], error))
      return FALSE;
  }
  for (int i = 0; i < member->n_outputs; i++) {
    member->outputs[i] = *praxi_executor_output (member->executor, i);
    if (!praxi_tensor_allocate (&member->outputs[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_member (PraxiTeacher *teacher, PraxiModel *model, int *places, GError **error)
{
  const gboolean is_first = teacher->members->len == 0;
  const PraxiExecutorOptions how = {.backend = "cpu", .threads = teacher->options.threads};
  Member *member = g_new0 (Member, 1);
  member->model = praxi_model_ref (model);
  member->places = places;
  g_ptr_array_add (teacher->members, member);
  g_autoptr (PraxiGraph) resolved =
      praxi_graph_resolve (praxi_model_graph (model), NULL, 0, 1, error);
  if (resolved == NULL)
    return FALSE;
  g_autoptr (PraxiGraph) graph = praxi_graph_copy (resolved);
  if (!add_hints (graph, is_first ? teacher->options.teacher_values : NULL, error) ||
      (teacher->flow != NULL && !begin_at_maps (graph, error)))
    return FALSE;
  if (teacher->flow != NULL && teacher->flow->statistics == NULL && graph->inputs->len > 1) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                         "the teacher reads statistics of the motion that were not computed");
    return FALSE;
  }
  member->executor = praxi_executor_new_for_graph (graph, NULL, 0, &how, error);
  return member->executor != NULL && make_rooms (member, error);
}

/* Which of the first member's classes each of a model's is, NULL where it has another one, or in
 * another order; one that scores events one by one may know some of them. Free with g_free.
 */
static int *
place_classes (const PraxiModelSpec *first, const PraxiModelSpec *spec)
{
  g_autofree int *places = g_new (int, spec->n_classes + 1);
  int at = 0;
  for (int c = 0; c < spec->n_classes; c++, at++) {
    while (at < first->n_classes && !g_str_equal (spec->classes[c], first->classes[at]))
      at++;
    if (at == first->n_classes)
      return NULL;
    places[c] = at;
  }
  const gboolean knows_all = spec->n_classes == first->n_classes;
  return knows_all || (places[0] == 0 && !first->is_logits && !spec->is_logits)
             ? g_steal_pointer (&places)
             : NULL;
}

static gboolean
fits (const PraxiTeacher *teacher, PraxiModel *model, int **places, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (model);
  *places = spec != NULL ? place_classes (teacher->spec, spec) : NULL;
  gboolean same = *places != NULL;
  if (same && teacher->clips != NULL)
    same = spec->frames == teacher->clips->frames && spec->height == teacher->clips->height &&
           spec->width == teacher->clips->width;
  if (!same)
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                         "the teachers do not have the same classes and input");
  return same;
}

/* --- what they say -------------------------------------------------------------------------- */

static gsize
rows_of (const PraxiFlowClips *flow, const PraxiFlowTrack *track)
{
  return (gsize) (MAX (track->n_pairs - flow->pairs, 0) / PRAXI_FLOW_STATISTICS_STRIDE) + 1;
}

static void
count_rows (PraxiTeacher *teacher)
{
  const PraxiFlowClips *flow = teacher->flow;
  if (flow == NULL) {
    teacher->n_rows = teacher->clips->clips->len;
  } else {
    teacher->first = g_new0 (gsize, flow->files->len + 1);
    for (guint i = 0; i < flow->files->len; i++) {
      const PraxiFlowFile *file = flow->files->pdata[i];
      teacher->first[i] = teacher->n_rows;
      teacher->n_rows += rows_of (flow, &file->tracks[0]);
    }
  }
  teacher->rows = g_new0 (float *, teacher->n_rows + 1);
}

/* The row of the first view that lies where the window's middle does. */
static int
row_at (const PraxiFlowClips *flow, const PraxiFlowPlace *of)
{
  const PraxiFlowFile *file = flow->files->pdata[of->file];
  const PraxiFlowTrack *seen = &file->tracks[of->view], *first = &file->tracks[0];
  const double half = flow->pairs / 2.0;
  const double middle_s = seen->begin_s + (of->start + half) * seen->pair_s;
  const double start = (middle_s - first->begin_s) / first->pair_s - half;
  const int row = (int) lrint (start / PRAXI_FLOW_STATISTICS_STRIDE);
  return CLAMP (row, 0, (int) rows_of (flow, first) - 1);
}

/* Softmax in place. */
static void
soften (float *scores, int n)
{
  float most = scores[0];
  double sum = 0;
  for (int i = 1; i < n; i++)
    most = MAX (most, scores[i]);
  for (int i = 0; i < n; i++)
    sum += exp ((double) (scores[i] - most));
  for (int i = 0; i < n; i++)
    scores[i] = (float) (exp ((double) (scores[i] - most)) / sum);
}

/* Whether a member speaks of a file. */
static gboolean
speaks (const PraxiTeacher *teacher, guint number, guint file)
{
  const int *speakers = teacher->options.speakers;
  if (speakers == NULL || teacher->flow == NULL)
    return TRUE;
  return speakers[file] == PRAXI_SPEAKS_NONE
             ? !((const Member *) teacher->members->pdata[number])->speaks_alone
             : (guint) speakers[file] == number;
}

/* Adds a member's scores to the sums of a row and counts which classes it knows. */
static void
add_scores (const Member *member, float *row, int *counts)
{
  const PraxiModelSpec *spec = praxi_model_spec (member->model);
  float *scores = member->outputs[0].data;
  if (spec->is_logits)
    soften (scores, spec->n_classes);
  for (int c = 0; c < spec->n_classes; c++) {
    row[member->places[c]] += scores[c];
    counts[member->places[c]]++;
  }
}

/* Runs the members that speak of a file, whose inputs are filled, into a new row; NaN for classes
 * that none of them knows.
 */
static float *
ask (PraxiTeacher *teacher, guint file, GError **error)
{
  const int n = teacher->spec->n_classes;
  g_autofree float *row = g_new0 (float, (gsize) n + teacher->n_hint_numbers + 1);
  g_autofree int *counts = g_new0 (int, n + 1);
  for (guint m = 0; m < teacher->members->len; m++) {
    const Member *member = teacher->members->pdata[m];
    if (!speaks (teacher, m, file))
      continue;
    if (!praxi_executor_run_tensors (member->executor, member->inputs, member->outputs, error))
      return NULL;
    add_scores (member, row, counts);
    float *to = row + n;
    for (int i = 1; i < member->n_outputs; i++) {
      int64_t count = 0;
      praxi_tensor_count (&member->outputs[i], &count);
      memcpy (to, member->outputs[i].data, sizeof *to * (gsize) count);
      to += count;
    }
  }
  for (int c = 0; c < n; c++)
    row[c] = counts[c] > 0 ? row[c] / (float) counts[c] : NAN;
  teacher->n_asked++;
  return g_steal_pointer (&row);
}

static gboolean
fill_from_clip (PraxiTeacher *teacher, guint clip, GError **error)
{
  if (!praxi_clips_read (teacher->clips, clip, teacher->pixels, error))
    return FALSE;
  for (guint m = 0; m < teacher->members->len; m++) {
    const Member *member = teacher->members->pdata[m];
    gsize bytes = 0;
    praxi_tensor_bytes (&member->inputs[0], &bytes);
    memcpy (
        member->inputs[0].data,
        praxi_clip_convert (praxi_model_spec (member->model), teacher->pixels, teacher->converted),
        bytes);
  }
  return TRUE;
}

static gboolean
fill_from_flow (PraxiTeacher *teacher, guint file, int start, GError **error)
{
  for (guint m = 0; m < teacher->members->len; m++) {
    const Member *member = teacher->members->pdata[m];
    for (int i = 0; i < member->n_inputs && speaks (teacher, m, file); i++) {
      float *to = member->inputs[i].data;
      if (g_str_equal (praxi_executor_input_name (member->executor, i), PRAXI_STATISTICS_VALUE))
        memcpy (to, praxi_flow_clips_statistics (teacher->flow, file, 0, start),
                sizeof *to * PRAXI_FLOW_STATISTICS);
      else if (!praxi_flow_clips_read (teacher->flow, file, 0, start, 1, to, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* What they say about the clip in a place of the lesson; NULL on errors. */
static const float *
row_of (PraxiTeacher *teacher, const PraxiLesson *lesson, int place, GError **error)
{
  gsize at = lesson->clips[place];
  guint file = 0;
  gboolean good = TRUE;
  if (teacher->flow == NULL) {
    if (teacher->rows[at] == NULL)
      good = fill_from_clip (teacher, (guint) at, error);
  } else {
    const PraxiFlowPlace *of = praxi_flow_source_place (lesson->source, place);
    const int row = row_at (teacher->flow, of);
    file = of->file;
    at = teacher->first[file] + (gsize) row;
    if (teacher->rows[at] == NULL)
      good = fill_from_flow (teacher, file, row * PRAXI_FLOW_STATISTICS_STRIDE, error);
  }
  if (good && teacher->rows[at] == NULL)
    teacher->rows[at] = ask (teacher, file, error);
  return good ? teacher->rows[at] : NULL;
}

/* --- teaching ------------------------------------------------------------------------------- */

/* Scores at a temperature, as far as the student decides them. */
static void
cool (const PraxiTrainable *trainable, const float *scores, int n_classes, double T, float *soft)
{
  const int n = trainable->n_outputs;
  const float *from = scores + n_classes - n;
  double sum = 0;
  for (int k = 0; k < n; k++) {
    const double p = CLAMP ((double) from[k], LEAST, 1 - LEAST), yes = pow (p, 1 / T);
    soft[k] = (float) (trainable->is_exclusive ? yes : yes / (yes + pow (1 - p, 1 / T)));
    sum += yes;
  }
  for (int k = 0; k < n && trainable->is_exclusive; k++)
    soft[k] = (float) ((double) soft[k] / sum);
}

static gboolean
check_hints (const PraxiTeacher *teacher, const PraxiLesson *lesson, GError **error)
{
  const PraxiBatch *batch = praxi_stepper_batch (lesson->stepper);
  const Member *first = teacher->members->pdata[0];
  for (int i = 0; i < lesson->trainable->n_hints; i++) {
    int64_t count = 0;
    if (i + 1 < first->n_outputs)
      praxi_tensor_count (&first->outputs[i + 1], &count);
    if ((gsize) count == batch->hint_numbers[i])
      continue;
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "the student's value '%s' has %" G_GSIZE_FORMAT " numbers a clip, the teacher's "
                 "'%s' has %" G_GINT64_FORMAT "; name values of one size",
                 teacher->options.student_values[i], batch->hint_numbers[i],
                 teacher->options.teacher_values[i], (gint64) count);
    return FALSE;
  }
  return TRUE;
}

static void
give_hints (const PraxiTeacher *teacher, const PraxiLesson *lesson, const float *row, int place)
{
  const PraxiBatch *batch = praxi_stepper_batch (lesson->stepper);
  for (int i = 0; i < lesson->trainable->n_hints; i++) {
    const gsize n = batch->hint_numbers[i];
    memcpy (batch->hints[i] + n * (gsize) place, row, sizeof *row * n);
    row += n;
  }
  if (lesson->trainable->n_hints > 0)
    *batch->hint_weight = (float) (teacher->options.hint_weight * (double) lesson->share /
                                   (double) MAX (teacher->n_hint_numbers, 1));
}

gboolean
praxi_teacher_teach (gpointer data, const PraxiLesson *lesson, GError **error)
{
  PraxiTeacher *teacher = data;
  const PraxiBatch *batch = praxi_stepper_batch (lesson->stepper);
  const int n = lesson->trainable->n_outputs, n_classes = teacher->spec->n_classes;
  const float share = (float) teacher->options.share;
  if (!check_hints (teacher, lesson, error))
    return FALSE;
  for (int b = 0; b < lesson->n; b++) {
    const float *row = row_of (teacher, lesson, b, error);
    if (row == NULL)
      return FALSE;
    const gboolean is_turned =
        teacher->flow != NULL && praxi_flow_source_place (lesson->source, b)->is_turned;
    cool (lesson->trainable, row, n_classes, teacher->options.temperature, batch->soft + b * n);
    for (int k = 0; k < n; k++) {
      const gboolean knows =
          !isnan (batch->soft[b * n + k]) &&
          (!is_turned || !praxi_flow_is_brief (teacher->spec->classes[n_classes - n + k]));
      batch->soft[b * n + k] = knows ? batch->soft[b * n + k] : 0;
      batch->soft_weight[b * n + k] = knows ? share * lesson->share : 0;
      batch->weight[b * n + k] *= knows ? 1 - share : 1;
    }
    give_hints (teacher, lesson, row + n_classes, b);
  }
  return TRUE;
}

double
praxi_teacher_temperature (const PraxiTeacher *teacher)
{
  return teacher->options.temperature;
}

guint
praxi_teacher_n_asked (const PraxiTeacher *teacher)
{
  return teacher->n_asked;
}

PraxiTeacher *
praxi_teacher_new (PraxiModel *const *models,
                   int n,
                   const PraxiClips *clips,
                   const PraxiFlowClips *flow,
                   const PraxiDistillOptions *options,
                   GError **error)
{
  g_autoptr (PraxiTeacher) teacher = g_new0 (PraxiTeacher, 1);
  teacher->options = *options;
  teacher->options.temperature = options->temperature > 0 ? options->temperature : 2;
  teacher->options.share = options->share > 0 ? options->share : 0.6;
  teacher->options.hint_weight = options->hint_weight > 0 ? options->hint_weight : 1;
  teacher->members = g_ptr_array_new_with_free_func (member_free);
  teacher->spec = praxi_model_spec (models[0]);
  teacher->clips = flow == NULL ? clips : NULL;
  teacher->flow = flow;
  for (int i = 0; i < n; i++) {
    int *places = NULL;
    if (!fits (teacher, models[i], &places, error) ||
        !add_member (teacher, models[i], places, error))
      return NULL;
  }
  for (guint i = 0; flow != NULL && options->speakers != NULL && i < flow->files->len; i++)
    if (options->speakers[i] != PRAXI_SPEAKS_NONE)
      ((Member *) teacher->members->pdata[options->speakers[i]])->speaks_alone = TRUE;
  const Member *first = teacher->members->pdata[0];
  for (int i = 1; i < first->n_outputs; i++) {
    int64_t count = 0;
    praxi_tensor_count (&first->outputs[i], &count);
    teacher->n_hint_numbers += (gsize) count;
  }
  if (teacher->clips != NULL) {
    teacher->pixels = g_malloc (clips->clip_bytes + 1);
    teacher->converted = g_new (float, clips->clip_bytes + 1);
  }
  count_rows (teacher);
  return g_steal_pointer (&teacher);
}

/* Distillation: a student learns from what a teacher says of a clip, at a temperature that lets
 * small scores count (Hinton et al., "Distilling the knowledge in a neural network", 2015), and may
 * imitate values inside it (Romero et al., "FitNets", ICLR 2015).
 *
 * A teacher is asked once about each clip, when it is first drawn; changed clips get the answer for
 * the clip as it is, other views of a window of motion that for the first. Several teachers are
 * asked together: the mean of their scores counts. Scores of footage that a teacher learned from
 * say little more than its labels do: there another one can speak that never saw it.
 */
#pragma once

#include "engine/train/flow-clips.h"
#include "engine/train/trainer.h"

G_BEGIN_DECLS

enum { PRAXI_SPEAKS_NONE = -1 };

typedef struct {
  double temperature; /* 0: 2 */
  double share;       /* of the loss that is the teacher's; 0: 0.6 */
  double hint_weight; /* of the mean squared distance to all hints; 0: 1 */
  /* Values of the student and of the first teacher that are to be alike, of as many numbers a clip;
   * NULL-terminated and equally long, or NULL.
   */
  const char *const *student_values, *const *teacher_values;
  /* [files of the flow]: which of the models speaks alone of a file, PRAXI_SPEAKS_NONE: all that
   * speak alone of none; NULL: all of all. Borrowed
   */
  const int *speakers;
  int threads; /* 0: one per core */
} PraxiDistillOptions;

typedef struct PraxiTeacher PraxiTeacher;

/* models:  [n] with the same classes, or after the first some of its events, which are all they
 *          speak of; referenced
 * clips:   decoded as the teachers' input takes them, one for each clip of the student's source;
 *          NULL: flow is given instead, and all models begin with its motion stem. Borrowed
 * options: copied, the names borrowed
 * Errors:  UNSUPPORTED (classes, input or a value's name), those of the executor
 */
PraxiTeacher *praxi_teacher_new (PraxiModel *const *models,
                                 int n,
                                 const PraxiClips *clips,
                                 const PraxiFlowClips *flow,
                                 const PraxiDistillOptions *options,
                                 GError **error);
void praxi_teacher_free (PraxiTeacher *teacher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiTeacher, praxi_teacher_free)

/* What the student's trainable has to be made with. */
double praxi_teacher_temperature (const PraxiTeacher *teacher);

/* `teach` of PraxiTrainOptions. The lesson's source is that of praxi_source_of_clips over as many
 * clips, or praxi_flow_source_new over the flow.
 */
gboolean praxi_teacher_teach (gpointer teacher, const PraxiLesson *lesson, GError **error);

/* How many clips it was asked about so far. */
guint praxi_teacher_n_asked (const PraxiTeacher *teacher);

G_END_DECLS

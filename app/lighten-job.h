/* One run of `praxi lighten`: what it is asked, what it read. */
#pragma once

#include "app/analysis.h"
#include "app/train-job.h"
#include "engine/lighten/recipe.h"

G_BEGIN_DECLS

typedef struct {
  char *data, *project, *more, *cache, *quantize, *ranges, *importance, *out, *progress;
  char *budget_bytes, *budget_vram;
  char *student, *width, *size, *fold, *fold_teachers, **teachers, **hints;
  int held_out, n_folds;  /* fold that is left out, from 1, of how many; 0: labels say */
  GArray *teacher_places; /* of fold_teachers; NULL without */
  int *speakers;          /* [files of train_flow]: who speaks alone of each; NULL */
  gint64 seed;
  PraxiRecipeOptions options;
  PraxiTrainJob school; /* of the student: the net, and how it is best trained */
  double stride_s;
  gboolean json, json_progress;

  char *path; /* of the model it begins with */
  PraxiModel *model;
  GPtrArray *more_teachers; /* of PraxiModel */
  char **pupil, **master;   /* hinted values */
  PraxiDataset *train, *val, *few;
  PraxiClips *train_clips, *val_clips, *teacher_clips;
  PraxiFlowClips *train_flow, *val_flow;
  PraxiCliProgress *bar;
} PraxiLightenJob;

/* What learns, or is calibrated; borrowed. */
PraxiModel *praxi_lighten_learner (const PraxiLightenJob *lighten);

/* Reads what the labels name: clips, or motion where all that learn and teach begin with the stem.
 * Errors: those of the labels and the footage; UNSUPPORTED (what student and teacher see differs,
 * --more without motion)
 */
gboolean praxi_lighten_read_footage (PraxiLightenJob *lighten, GError **error);

/* Progress of what runs now; one at a time. */
void praxi_lighten_begin_stage (PraxiLightenJob *lighten, const char *stage);
void praxi_lighten_end_stage (PraxiLightenJob *lighten, gboolean is_done);

/* data: PraxiLightenJob. Returns FALSE when a person stopped it. */
gboolean praxi_lighten_share (gpointer data, double share);

G_END_DECLS

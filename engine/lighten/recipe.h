/* Passes in order against limits: teach a student, prune and learn again, quantize, and learn again
 * in INT8 where too much was lost. Every pass is measured. Where no share of channels is given and
 * a budget is not met, more and more of them go, until it is met or too much is lost.
 */
#pragma once

#include "engine/lighten/distill.h"
#include "engine/lighten/prune.h"
#include "engine/lighten/quantize.h"

G_BEGIN_DECLS

/* What a model costs and is worth; NaN and 0 where it was not measured. */
typedef struct {
  gint64 file_bytes, weights_bytes, params, macs;
  double accuracy, macro_f1, auc_pr; /* on the validation footage */
  double clips_per_s, fps, latency_p50_ms;
  gint64 peak_rss_bytes, peak_device_bytes;
} PraxiFigures;

typedef struct {
  char *pass; /* "student", "prune", "fine-tune", "quantize", "fine-tune int8" */
  char *what; /* in words, for the lineage */
  PraxiFigures before, after;
  int round; /* 0, 1 …: with more channels gone each time */
} PraxiRecipeStep;

typedef struct {
  double prune;      /* share of channels; 0: none, unless a budget asks for it */
  gboolean quantize; /* to INT8 */
  int multiple;      /* see prune.h */
  PraxiImportance importance;
  PraxiQuantizeOptions quantizer;
  int calibration_clips;
  int epochs;  /* of learning again, at most; 0: none */
  double rate; /* 0: 0.0005 */
  int threads;

  double max_drop;     /* points of accuracy against the model it begins with; < 0: no limit */
  gint64 budget_bytes; /* of the file; 0: no limit */
  gint64 budget_vram;  /* of tensors on the device, or of the process where there is none */
  double min_fps;      /* frames of footage a second, decoding included */

  const PraxiClips *train, *val; /* NULL: calibration on noise, nothing is learned */
  /* Learned from instead, by models that begin with its motion stem; NULL: train and val are. */
  const PraxiFlowClips *train_flow, *val_flow;

  PraxiModel *student;          /* takes the model's place before all else and learns; NULL: none */
  PraxiTrainOptions schooling;  /* how a student learns; ticks and the like are set here */
  PraxiTrainableOptions school; /* the same, of its trainable */
  gboolean distills;            /* whatever learns is taught by the model it all begins with */
  PraxiModel *const *teachers;  /* [n_teachers], asked beside that model */
  int n_teachers;
  const PraxiClips *teacher_clips; /* train as the teachers' input takes it; NULL: train */
  PraxiDistillOptions distillation;
  guint32 seed;
  double checkpoint_s;  /* between two while something learns; 0: 20 */
  const char *data_key; /* what footage it is, so that another run's work is not gone on with */
  gboolean resume;      /* goes on where a run with the same out, models and options was cut off */

  /* Judges the model in a file. FALSE without an error: there is nothing to judge by. */
  gboolean (*judge) (gpointer data, const char *path, PraxiFigures *figures, GError **error);
  void (*stage) (gpointer data, const char *name); /* something new begins; NULL: it ends */
  gboolean (*tick) (gpointer data, double share);  /* FALSE stops */
  void (*step) (gpointer data, const PraxiRecipeStep *step);
  gpointer data;
} PraxiRecipeOptions;

typedef struct {
  GPtrArray *steps; /* of PraxiRecipeStep */
  char *unmet;      /* the limit that cannot be met and the best that was found, in words; NULL */
  PraxiFigures first, last; /* of the model it began with and of the one that was written */
} PraxiRecipe;

/* Writes the best model to out, also where a limit is not met.
 * path:   of the file the model came from
 * Errors: those of the passes, CANCELLED
 */
PraxiRecipe *praxi_recipe_run (PraxiModel *model,
                               const char *path,
                               const char *out,
                               const PraxiRecipeOptions *options,
                               GError **error);
void praxi_recipe_free (PraxiRecipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiRecipe, praxi_recipe_free)

G_END_DECLS

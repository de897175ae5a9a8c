/* One pass of the recipe in which a model learns: from clips or motion, by itself or taught. */
#pragma once

#include "engine/lighten/recipe.h"

G_BEGIN_DECLS

typedef struct {
  const PraxiRecipeOptions *options;
  const char *out;         /* of the recipe */
  PraxiTeacher *teacher;   /* NULL: by itself */
  const char *teacher_key; /* of the models it was made of; "" without */
  gboolean is_student;     /* learns from nothing, by options.schooling */
  gboolean (*tick) (gpointer data, double done_epochs, double total_epochs);
  gpointer data;
} PraxiLearn;

/* Where what this pass makes is to be kept, so that a run that was cut off finds it: beside out,
 * under a name made of all it depends on. While it learns a checkpoint lies beside it. Free with
 * g_free.
 */
char *praxi_learn_path (const PraxiLearn *learn, PraxiModel *model, const char *pass);

/* path: that of praxi_learn_path
 * what: in words, for the lineage; free with g_free
 * Errors: those of praxi_train_on; CANCELLED
 */
PraxiGraph *praxi_learn (const PraxiLearn *learn,
                         PraxiModel *model,
                         const char *path,
                         char **what,
                         GError **error);

/* The root of the mean square, over some batches, of the loss's derivative by each weight, for
 * pruning by what a channel is worth. Batch normalization stays as it is: its own statistics would
 * make every channel's Σ gradient · weight nought.
 * Returns name of the constant → float *; free with g_hash_table_unref
 * Errors: as praxi_learn
 */
GHashTable *praxi_learn_slopes (const PraxiLearn *learn, PraxiModel *model, GError **error);

G_END_DECLS

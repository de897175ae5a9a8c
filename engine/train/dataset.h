/* Labelled clips: a folder with labels.csv, or the labels of a project.
 *
 * labels.csv has the header file,class,start_s,end_s,group,split in any order; more columns are
 * passed over. It is CSV as RFC 4180 has it, with or without a byte order mark, lines ended by LF
 * or CRLF, spaces around a field left out. Empty times mean the whole file.
 *
 * A class the model does not know (sit, walk, stand) counts as "normal", where the model has that;
 * else its rows are left out and named among the warnings. Spans of the same file that overlap or
 * touch and count as "normal" are one: sitting while talking is one stretch without an event.
 */
#pragma once

#include <glib.h>

#include "engine/store/store.h"

G_BEGIN_DECLS

typedef struct {
  char *file;        /* as labels.csv or the project names it; valid UTF-8 */
  char *path;        /* that can be opened */
  char *group;       /* footage of one group never straddles splits; the file where none is given */
  char *split;       /* "train", "val", "test" or "" */
  int class_index;   /* of the model's classes */
  gboolean is_extra; /* learned from only: no fold holds it out, nothing is judged by it */
  gboolean is_timed;
  gint64 start_ns; /* pts for labels of a project, seconds from the first frame for a folder */
  gint64 end_ns;   /* half-open; both 0 when not timed */
} PraxiSample;

typedef struct {
  GPtrArray *samples;   /* of PraxiSample, by file in the order of first mention, then by start */
  GPtrArray *warnings;  /* of char *: rows and files that were left out, and why */
  gboolean starts_at_0; /* times count from the first frame, not in pts */
} PraxiDataset;

typedef struct {
  const char *const *classes; /* of the model */
  int n_classes;
  const char *split; /* only these; "all": everything; NULL: val where there are any, else all */
} PraxiDatasetOptions;

/* Reads folder/labels.csv. Files that cannot be seen are named among the warnings.
 * Errors: NOT_FOUND (no labels.csv), FORMAT (columns are missing), FAILED (nothing is left)
 */
PraxiDataset *
praxi_dataset_load_folder (const char *folder, const PraxiDatasetOptions *options, GError **error);

/* The labels of a project, and as "normal", where the model has that, what a person looked at and
 * labelled nothing in (engine/store/seen.h). The group of footage without one is its file.
 * Errors: those of the store; FAILED (nothing is left)
 */
PraxiDataset *
praxi_dataset_load_project (PraxiStore *store, const PraxiDatasetOptions *options, GError **error);

/* The classes that labels are of, "normal" first, then in the order of their first mention (of a
 * project: of its classes, with "normal" where something was looked at and labelled nothing in),
 * each once whatever its case. NULL-terminated; free with g_strfreev.
 * Errors: as the two above
 */
char **praxi_dataset_folder_classes (const char *folder, GError **error);
char **praxi_dataset_project_classes (PraxiStore *store, GError **error);

/* Moves the samples of another set to the end, as extra ones. Events that no extra sample shows are
 * not taught by them either: who watched for falls alone says nothing of fights.
 * more: is freed; times have to count from the same moment
 */
void praxi_dataset_add_extra (PraxiDataset *dataset, PraxiDataset *more);

void praxi_dataset_free (PraxiDataset *dataset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiDataset, praxi_dataset_free)

G_END_DECLS

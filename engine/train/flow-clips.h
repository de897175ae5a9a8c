/* The motion of labelled footage: maps of whole files, computed once and kept as halves in a file
 * without a name, so that an epoch reads no picture. Every file is there in several views: three
 * phases of the model's sampling grid, and four changed ones (contrast and noise, blur, slower and
 * faster with a part of the picture cut out). Extra footage is there in the first view alone.
 */
#pragma once

#include "engine/model/model.h"
#include "engine/train/dataset.h"

G_BEGIN_DECLS

enum { PRAXI_FLOW_VIEWS = 7, PRAXI_FLOW_CLEAN_VIEWS = 3, PRAXI_FLOW_STATISTICS_STRIDE = 5 };

/* One file in one view. */
typedef struct {
  gsize first;      /* of its pairs in the store */
  int n_pairs;      /* 0: the file could not be read */
  double begin_s;   /* pts of the first grid point */
  double pair_s;    /* of footage from pair to pair */
  gsize statistics; /* of its first row, where its view has any; a row every
                       PRAXI_FLOW_STATISTICS_STRIDE pairs */
} PraxiFlowTrack;

typedef struct {
  guint first, end; /* samples of the dataset */
  char *kind;       /* first folder of the name, "" without one */
  PraxiFlowTrack tracks[PRAXI_FLOW_VIEWS];
} PraxiFlowFile;

typedef struct {
  const PraxiDataset *dataset; /* borrowed */
  GPtrArray *files;            /* of PraxiFlowFile */
  GPtrArray *warnings;         /* of char *: files that could not be read, and why */
  int n_views, pairs;          /* pairs: of a window, frames − 1 */
  int height, width;           /* of a map */
  gsize pair_numbers;          /* 6 · height · width */
  int background;              /* class; −1: the model has none */
  gboolean *taught;            /* [classes]: by extra footage too */
  float *statistics;           /* [rows][58]; NULL where nobody asked for them */
  gsize n_statistics;          /* rows */
  int store;                   /* a descriptor: f16 [pairs of all tracks][6,height,width] */
} PraxiFlowClips;

typedef struct {
  int n_views;          /* 0: PRAXI_FLOW_VIEWS; 1: the grid's first phase alone, for validation */
  int statistics_views; /* of how many views, the first ones, the 58 statistics too; 0: none */
  int threads;
  const char *cache; /* a folder that motion is kept in from run to run; NULL: none */
  /* Called after every view of a file with the share that is done; FALSE stops. */
  gboolean (*tick) (gpointer data, double share);
  gpointer data;
} PraxiFlowClipsOptions;

/* Whether a model begins with the motion stem that these maps come from. */
gboolean praxi_flow_clips_fit (PraxiModel *model);

/* Errors: CANCELLED, DISK, MEMORY, FAILED (no file could be read). A file that fails is a warning.
 */
PraxiFlowClips *praxi_flow_clips_load (const PraxiModelSpec *spec,
                                       const PraxiDataset *dataset,
                                       const PraxiFlowClipsOptions *options,
                                       GError **error);
void praxi_flow_clips_free (PraxiFlowClips *clips);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiFlowClips, praxi_flow_clips_free)

/* In how many views a file is there, and whether it is extra. */
int praxi_flow_clips_views (const PraxiFlowClips *clips, guint file);
gboolean praxi_flow_clips_is_extra (const PraxiFlowClips *clips, guint file);

/* Maps of a window of the view from pair `start` on, played `speed` times as fast. Past the end of
 * the file nothing moves.
 * maps:   f32 [pairs,6,height,width], caller-allocated
 * Errors: DISK
 */
gboolean praxi_flow_clips_read (const PraxiFlowClips *clips,
                                guint file,
                                int view,
                                int start,
                                double speed,
                                float *maps,
                                GError **error);

/* IEEE halves to floats; of read alone, here for its test. */
void praxi_flow_widen (const guint16 *halves, float *floats, gsize n);

/* The statistics of the kept window nearest to a start, [58]; of a view that has them. */
const float *
praxi_flow_clips_statistics (const PraxiFlowClips *clips, guint file, int view, int start);

G_END_DECLS

/* The labelled clips a trainer draws from: every window of the labelled footage that shows one
 * class clearly, decoded once and kept as u8 in a file of its own that has no name.
 *
 * A window belongs to an event when one lies over half of it or it holds the whole event, to the
 * background when the footage says so there (a label of that class, or a whole file of it) and no
 * event touches it. Windows in between, and footage nobody labelled, teach nothing.
 */
#pragma once

#include "engine/model/model.h"
#include "engine/train/dataset.h"

G_BEGIN_DECLS

typedef struct {
  int class_index;
  int sample; /* of the dataset */
} PraxiClip;

typedef struct {
  GArray *clips; /* of PraxiClip */
  int frames, height, width;
  gsize clip_bytes;
  GPtrArray *warnings; /* of char *: files that could not be read, and why */
  int file;            /* a descriptor; [n_clips, T, H, W, 3] */
} PraxiClips;

typedef struct {
  double stride_s; /* between windows; 0: 0.5 */
  int threads;     /* of the decoder; 0: one per core */
  /* Called after every clip with the share that is done; FALSE stops. */
  gboolean (*tick) (gpointer data, double share);
  gpointer data;
} PraxiClipsOptions;

/* Errors: CANCELLED, DISK, MEMORY, FAILED (no clip could be read). A file that fails is a warning.
 */
PraxiClips *praxi_clips_load (const PraxiModelSpec *spec,
                              const PraxiDataset *dataset,
                              const PraxiClipsOptions *options,
                              GError **error);
void praxi_clips_free (PraxiClips *clips);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiClips, praxi_clips_free)

/* pixels: u8 [T,H,W,3], caller-allocated. Errors: DISK */
gboolean praxi_clips_read (const PraxiClips *clips, guint i, guint8 *pixels, GError **error);

/* A clip as the model's input takes it: the bytes themselves, or f32 (x/255 − mean)/std in the
 * order of the spec's layout, in converted.
 * clip:      u8 [T,H,W,3]; borrowed
 * converted: f32, as many; of models that take floats
 */
const void *praxi_clip_convert (const PraxiModelSpec *spec, const guint8 *clip, float *converted);

G_END_DECLS

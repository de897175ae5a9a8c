/* The field's networks, built in C from their papers' tables. Weights are drawn by a seed: they are
 * there to be trained, timed and compared, batch normalization stays in the graph. Each takes
 * "frames", u8 [N,T,H,W,3] RGB, normalises in the graph with one DequantizeLinear, (x − 128) / 64,
 * so that an INT8 form reads the frames as they come, and gives "scores", f32 [N,classes], logits.
 */
#pragma once

#include "engine/model/model.h"

G_BEGIN_DECLS

/* How a net that was made for pictures sees time. */
typedef enum {
  PRAXI_ZOO_TIME_DEFAULT = 0,
  PRAXI_ZOO_TIME_CONV,         /* (2+1)D: a depthwise 3×1×1 behind each depthwise 1×k×k */
  PRAXI_ZOO_TIME_SHIFT,        /* an eighth of the channels one frame on, an eighth one back */
  PRAXI_ZOO_TIME_SHIFT_CAUSAL, /* an eighth one frame on; nothing looks ahead */
  PRAXI_ZOO_TIME_NONE,         /* frame by frame, averaged */
} PraxiZooTime;

enum { PRAXI_ZOO_MAX_SIZE_PX = 1024, PRAXI_ZOO_MAX_FRAMES = 512 };

/* Zero means the net's own. */
typedef struct {
  int n_classes;              /* 400; 1 to PRAXI_SPEC_MAX_CLASSES */
  const char *const *classes; /* [n_classes] names for the spec; NULL: "class 0" … */
  int frames, height_px, width_px;
  double width, depth; /* multiply the channels and the repeats of blocks */
  PraxiZooTime time;
  double rate_hz;    /* for the spec */
  guint64 seed;      /* of the weights */
  gboolean is_image; /* the two-dimensional net of pictures: f32 "image" [N,3,H,W], normalised */
} PraxiZooOptions;

/* NULL-terminated, in the order people should see them. */
const char *const *praxi_zoo_names (void);

/* Reads "NAME" or "NAME:key=value,…" with the keys classes, frames, size (PX or HxW), width, depth,
 * time (conv, shift, shift-causal, none), rate and seed.
 * name: free with g_free
 * Errors: USAGE: what is wrong and what is possible
 */
gboolean praxi_zoo_parse (const char *text, char **name, PraxiZooOptions *options, GError **error);

/* options: NULL for the net's own
 * Errors:  USAGE: no such net, an option out of range or that this net does not have
 */
PraxiGraph *praxi_zoo_graph (const char *name, const PraxiZooOptions *options, GError **error);

/* The praxi.spec that fits the graph of the same options, as JSON. Free with g_free. NULL as above.
 */
char *praxi_zoo_spec (const char *name, const PraxiZooOptions *options, GError **error);

/* Graph and spec as a model in memory. */
PraxiModel *praxi_zoo_model (const char *name, const PraxiZooOptions *options, GError **error);

G_END_DECLS

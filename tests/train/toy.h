/* A toy for tests of what learns: half of each picture is lighter, the class says which. */
#pragma once

#include "engine/train/clips.h"

enum { TOY_CLIPS = 48, TOY_BYTES = 2 * 6 * 8 * 3 };

typedef struct {
  guint32 seed;
  int64_t channels;
  gboolean has_inside, is_int8, is_logits;
} ToyNet;

/* frames u8 [1,2,6,8,3] → Conv, ReLU → means of the halves → "inside" [1,4] → scores [1,2] */
PraxiModel *toy_net (const ToyNet *net);

/* A graph of that input and output as a model. */
PraxiModel *toy_keep (const PraxiGraph *graph, gboolean is_int8, gboolean is_logits);

/* lies: the share of labels that are wrong */
PraxiClips *toy_clips (guint32 seed, double lies);

/* Networks of pictures become networks of clips whose answer to a still clip is the picture's.
 * Source: Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017, section 2.4
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_INFLATE_3D,      /* k×k → t×k×k, weights repeated t times and divided by t */
  PRAXI_INFLATE_2PLUS1D, /* k×k → 1×k×k, then a depthwise t×1×1 of weights 1/t */
} PraxiInflateKind;

typedef struct {
  PraxiInflateKind kind;
  int frames; /* T of the clips; 1 to 512 */
  int time;   /* t, odd; 0: 3 */
} PraxiInflateOptions;

/* Gives a graph of one picture an axis of time. Convolutions larger than one pixel see t frames; at
 * the ends of a clip its first and last frames are repeated, so that a still clip stays still. What
 * pools over the whole picture pools over time too; the first operator that cannot carry time gets
 * the mean over it.
 * graph:  one input, f32 or u8, [N,3,H,W] (made [N,3,T,H,W]) or [N,H,W,3] ([N,T,H,W,3]); H and W
 *         known
 * Errors: UNSUPPORTED (another input, weights in bytes, no convolution that could see time), FORMAT
 */
PraxiGraph *
praxi_inflate (const PraxiGraph *graph, const PraxiInflateOptions *options, GError **error);

G_END_DECLS

/* What the nets of the zoo are made of, so that each reads like its paper's table. The zoo's
 * inside.
 *
 * Beside its shape every value carries `power`, the mean square it is expected to have. Batch
 * normalization gets as its running variance what comes in by that estimate, so that signals keep
 * their size through the net before a single clip was seen.
 */
#pragma once

#include "engine/model/builder.h"
#include "engine/model/zoo.h"

G_BEGIN_DECLS

typedef struct {
  PraxiBuilder *builder;
  const PraxiZooOptions *options; /* all filled in */
  GString *scope;                 /* "stage2/block0/": stands before names */
  float residual_gain;            /* first scale of what is added to a shortcut: 1/√blocks */
} PraxiZooNet;

typedef struct {
  int value;
  int channels, frames, height, width; /* of a flat one the last three are 0 */
  double power;
} PraxiZooTensor;

typedef struct {
  const char *name;
  int out;                    /* channels */
  int kernel[3], stride[3];   /* T, H, W; odd kernels; a stride of 0 is 1; padded by kernel/2 */
  int group;                  /* 0: 1 */
  PraxiActivation activation; /* after the norm; CLIP is ReLU6 */
  float gain;                 /* first scale of the norm; 0: 1 */
  gboolean has_no_norm;       /* a bias instead */
  gboolean is_bare;           /* neither norm nor bias */
} PraxiZooConv;

/* Names in between get PREFIX/. Ends with the returned length handed to praxi_zoo_leave. */
gsize praxi_zoo_enter (PraxiZooNet *net, const char *format, ...) G_GNUC_PRINTF (2, 3);
void praxi_zoo_leave (PraxiZooNet *net, gsize length);

/* c channels times the width multiplier, in eights; exactly c at 1. */
int praxi_zoo_channels (const PraxiZooNet *net, int c);
/* n repeats of a block times the depth multiplier, rounded up, at least one. */
int praxi_zoo_repeats (const PraxiZooNet *net, int n);
/* To the next multiple of eight, never below nine tenths (MobileNetV2's rule). */
int praxi_zoo_round_channels (double c);

/* The input, normalised: [N,3,T,H,W]. */
PraxiZooTensor praxi_zoo_input (PraxiZooNet *net);
/* A fully connected layer; what is not flat [N,C] yet is flattened. */
PraxiZooTensor praxi_zoo_linear (PraxiZooNet *net,
                                 PraxiZooTensor x,
                                 const char *name,
                                 int out,
                                 PraxiActivation activation);
/* Mean over time and space: [N,C,1,1,1]. */
PraxiZooTensor praxi_zoo_pool_all (PraxiZooNet *net, PraxiZooTensor x);
void praxi_zoo_output (PraxiZooNet *net, PraxiZooTensor x);

/* Convolution, batch norm, activation. */
PraxiZooTensor praxi_zoo_conv (PraxiZooNet *net, PraxiZooTensor x, const PraxiZooConv *conv);
PraxiZooTensor praxi_zoo_activate (PraxiZooNet *net, PraxiZooTensor x, PraxiActivation activation);
PraxiZooTensor praxi_zoo_add (PraxiZooNet *net, PraxiZooTensor a, PraxiZooTensor b);
/* relu (shortcut + x); is_projected: the shortcut comes from a convolution, not from a ReLU */
PraxiZooTensor praxi_zoo_join_shortcut (PraxiZooNet *net,
                                        PraxiZooTensor shortcut,
                                        PraxiZooTensor x,
                                        gboolean is_projected);
PraxiZooTensor praxi_zoo_concat (PraxiZooNet *net, const PraxiZooTensor *parts, int n);
PraxiZooTensor praxi_zoo_max_pool (PraxiZooNet *net,
                                   PraxiZooTensor x,
                                   const int kernel[3],
                                   const int stride[3],
                                   const int pad[3]);
/* kernel as large as asked for or as the picture, stride 1 */
PraxiZooTensor praxi_zoo_average_pool (PraxiZooNet *net, PraxiZooTensor x, const int kernel[3]);
/* Elements [start, end) of an axis (1: channels, 2: frames), every step-th. */
PraxiZooTensor
praxi_zoo_slice (PraxiZooNet *net, PraxiZooTensor x, int axis, int start, int end, int step);

/* Squeeze-and-excitation: x · gate (W2 relu (W1 mean x)).
 * Source: Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018
 */
PraxiZooTensor
praxi_zoo_squeeze_excite (PraxiZooNet *net, PraxiZooTensor x, int squeezed, PraxiActivation gate);

/* Channels one frame on, one frame back.
 * Source: Lin et al., "TSM: Temporal Shift Module for Efficient Video Understanding", ICCV 2019
 */
PraxiZooTensor praxi_zoo_shift (PraxiZooNet *net, PraxiZooTensor x);

/* An inverted residual and its time: 1×1×1 up, depthwise 1×k×k, time, squeeze-excite, 1×1×1 down.
 */
typedef struct {
  int kernel, expanded, out, stride;
  gboolean has_squeeze_excite;
  PraxiActivation activation;
} PraxiZooInverted;
PraxiZooTensor
praxi_zoo_inverted_residual (PraxiZooNet *net, PraxiZooTensor x, const PraxiZooInverted *block);

/* Multi-head self-attention in windows of t × h × w, each head's scale in the norm of q.
 * Source: Vaswani et al., "Attention Is All You Need", NIPS 2017; windows as in Liu et al., "Video
 *         Swin Transformer", CVPR 2022, norms as in Graham et al., "LeViT", ICCV 2021
 */
PraxiZooTensor
praxi_zoo_attention (PraxiZooNet *net, PraxiZooTensor x, const int window[3], int n_heads);

/* Nets; zoo.c has the table. */
PraxiZooTensor praxi_zoo_i3d (PraxiZooNet *net, PraxiZooTensor x);
PraxiZooTensor praxi_zoo_slowfast (PraxiZooNet *net, PraxiZooTensor x);
PraxiZooTensor praxi_zoo_r2plus1d (PraxiZooNet *net, PraxiZooTensor x);
PraxiZooTensor praxi_zoo_x3d (PraxiZooNet *net, PraxiZooTensor x);
PraxiZooTensor praxi_zoo_mobilenet_v2 (PraxiZooNet *net, PraxiZooTensor x);
PraxiZooTensor praxi_zoo_mobilenet_v3_small (PraxiZooNet *net, PraxiZooTensor x);
PraxiZooTensor praxi_zoo_mobilenet_v3_large (PraxiZooNet *net, PraxiZooTensor x);
PraxiZooTensor praxi_zoo_efficientnet_lite0 (PraxiZooNet *net, PraxiZooTensor x);
PraxiZooTensor praxi_zoo_shufflenet_v2 (PraxiZooNet *net, PraxiZooTensor x);
PraxiZooTensor praxi_zoo_window_axial (PraxiZooNet *net, PraxiZooTensor x);

G_END_DECLS

/* Weights packed for the dense loops. */
#pragma once

#include "kernels/cpu/cpu.h"

/* A run of channels that one call of a dense loop computes. */
typedef struct {
  int64_t group, channel; /* first output channel, over all groups */
  int blocks, n_channels;
  size_t weights_at; /* bytes */
  size_t arrays_at;  /* entries into bias, multiplier and start */
} DenseChunk;

typedef struct {
  const CpuLoops *loops;
  bool is_s8;    /* else f32 */
  bool is_wide;  /* int8: weights of 16 bits, for dense_s16 */
  bool in_pairs; /* for dense_s8_pairs or dense_f32_pairs: one group */
  bool in_tiles; /* int8: for dense_tiles */
  int64_t groups, group_in, group_out;
  int64_t taps;   /* over all planes */
  int64_t planes; /* of the input that taps lie in; 0 counts as 1 */
  int depth;      /* units of channels, as in DenseCall */
  DenseChunk *chunks;
  int n_chunks;
  void *weights;                  /* NULL between plan and fill */
  bool shares;                    /* the weights are another pack's */
  size_t weights_bytes, n_arrays; /* of weights; entries of each array */
  float *bias, *multiplier;
  int32_t *start;
  int32_t *plane_start; /* int8 of several planes: [planes][n_arrays], whose sum is start */
  size_t bytes;         /* of all of the above */
} DensePack;

/* Where the weights are: element (o, c, tap) of group g at g group_step + o out_step + c in_step +
 * tap tap_step; o and c within a group.
 */
typedef struct {
  const void *data; /* f32 or s8 */
  int64_t group_step, out_step, in_step, tap_step;
  int64_t run, run_step; /* run > 0: channel c is at (c % run) in_step + c / run run_step */
  const int64_t *taps;   /* [taps of the pack] their numbers here; NULL: 0, 1, 2 … */
  float scale;           /* f32: multiplies every weight */
} DenseSource;

/* Packs; groups, group_in, group_out, taps, planes, is_s8, is_wide, in_pairs, in_tiles and loops
 * are set by the caller.
 * in_zero: int8: the input's zero in u8 terms, that is 128 more for s8
 * Errors:  MEMORY; what was allocated is freed by praxi_cpu_pack_clear
 */
PraxiStatus praxi_cpu_pack (DensePack *pack, const DenseSource *source, int32_t in_zero);
void praxi_cpu_pack_clear (DensePack *pack);

/* Takes the weights of another pack, which lives longer, where they are the very same. */
bool praxi_cpu_pack_share (DensePack *pack, const DensePack *with);

/* Plans without weights: for those that are known only when the kernel runs. They are f32 then, and
 * fill writes them into weights, weights_bytes of memory aligned to 64.
 */
PraxiStatus praxi_cpu_pack_plan (DensePack *pack);
void praxi_cpu_pack_fill (const DensePack *pack, const DenseSource *source, void *weights);

/* Sets channel o of the arrays. */
void praxi_cpu_pack_set (DensePack *pack, float *array, int64_t channel, float value);

/* Fills weights, epilogue arrays and sizes of a call for one chunk. */
void praxi_cpu_pack_call (const DensePack *pack, const DenseChunk *chunk, DenseCall *call);

/* Leaves a filled call the planes [first, end), where the others are padding.
 * start: room for the call's blocks × lanes
 */
void
praxi_cpu_pack_keep (const DensePack *pack, int first, int end, int32_t *start, DenseCall *call);
enum { DENSE_WIDTH_MAX = 64 }; /* outputs of a chunk: four vectors of 16 */

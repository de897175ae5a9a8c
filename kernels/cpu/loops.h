/* The inner loops of the cpu backend, one table a level. Everything that packs, plans and splits
 * work between threads is compiled once and calls these.
 */
#pragma once

#include "kernels/motion-stem.h"

/* Where the loops of one source have their level's name: praxi_loop_dense_s8_avx2 … */
#define LEVEL_PASTE(name, level) praxi_loop_##name##_##level
#define LEVEL_EXPAND(name, level) LEVEL_PASTE (name, level)
#define LEVEL_NAME(name) LEVEL_EXPAND (name, PRAXI_LEVEL)

/* Sizes of the motion stem for one kernel; rows of work buffers have MOTION_MARGIN floats before
 * and after them.
 */
enum { MOTION_MARGIN = 32, MOTION_SCALES = 4 };

typedef struct {
  PraxiMotionStem motion;
  int n_frames, height, width;
  int h[MOTION_SCALES], w[MOTION_SCALES];
  size_t grey_at[MOTION_SCALES]; /* floats from the start of a pyramid */
  size_t grey_floats, ring_row_floats, work_floats, half_floats;
} MotionPlan;

typedef struct {
  int lanes;

  /* u8 [H,W,3] → the grey pyramid of a frame */
  void (*motion_grey) (const MotionPlan *plan, const uint8_t *rgb, float *grey);
  /* two pyramids → flow [2,H/2,W/2]; work: work_floats */
  void (*motion_flow) (const MotionPlan *plan,
                       const float *a,
                       const float *b,
                       float *work,
                       float *flow);
  /* flow and the one before (or NULL) → row y of the six maps, [6,W/4] */
  void (*motion_maps) (const MotionPlan *plan,
                       const float *flow,
                       const float *before,
                       int y,
                       float *maps);
} CpuLoops;

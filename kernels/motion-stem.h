/* PRAXI_OP_MOTION_STEM: multi-scale Lucas–Kanade flow between neighbouring frames and the six maps
 * a network reads, as one operator. The formula stands in kernels/ref/motion-stem.c.
 *
 * in 0:   frames, u8 [1,T,H,W,3] RGB, row-major, T ≥ 2
 * in 1:   first_pair, s64 scalar, may be absent (= 0). Pairs [first_pair, T−1) are computed; the
 *         rows before are in the outputs already: rows T−1−first_pair … of the previous run of the
 *         same kernel, moved to the front. The fourth map of row 0 is set anew, for the first pair
 *         has no acceleration. A kernel that never ran computes all.
 * out 0:  maps, f32 [T−1,6,H/4,W/4], row-major or channels-last
 * out 1:  flow, f32 [T−1,2,H/2,W/2], row-major, less its median; may be absent
 *
 * H and W are multiples of 4 and of 2^(n_scales − 1), and the smallest scale holds the box.
 */
#pragma once

#include "kernels/op.h"

enum { PRAXI_MOTION_MAPS = 6, PRAXI_MOTION_CELL = 6, PRAXI_MOTION_BOX_MAX = 31 };

/* OK where a motion stem of these parameters can take these frames, else SHAPE or VALUE. */
PraxiStatus praxi_motion_stem_check (const PraxiMotionStem *motion, const PraxiTensor *frames);

/* The plain one; computes every pair whatever first_pair says.
 * scratch: praxi_ref_motion_stem_scratch_bytes
 * Errors: SHAPE, VALUE
 */
PraxiStatus praxi_ref_motion_stem (const PraxiOp *op,
                                   const PraxiTensor *const *in,
                                   const PraxiTensor *const *out,
                                   int n_out,
                                   void *scratch);
size_t praxi_ref_motion_stem_scratch_bytes (const PraxiTensor *frames);

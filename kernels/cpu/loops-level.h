/* For the sources that are compiled once a level, with PRAXI_LEVEL as its name. */
#pragma once

#include "kernels/cpu/loops.h"
#include "kernels/cpu/simd.h"

void LEVEL_NAME (dense_s8) (const DenseCall *call);
void LEVEL_NAME (dense_f32) (const DenseCall *call);
void LEVEL_NAME (depthwise_s8) (const DepthwiseCall *call);
void LEVEL_NAME (depthwise_f32) (const DepthwiseCall *call);
void LEVEL_NAME (motion_grey) (const MotionPlan *plan, const uint8_t *rgb, float *grey);
void LEVEL_NAME (
    motion_flow) (const MotionPlan *plan, const float *a, const float *b, float *work, float *flow);
void LEVEL_NAME (motion_maps) (const MotionPlan *plan,
                               const float *flow,
                               const float *before,
                               int y,
                               float *maps);

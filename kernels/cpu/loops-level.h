/* For the sources that are compiled once a level, with PRAXI_LEVEL as its name. */
#pragma once

#include "kernels/cpu/loops.h"
#include "kernels/cpu/simd.h"

void LEVEL_NAME (dense_s8) (const DenseCall *call);
void LEVEL_NAME (dense_s8_pairs) (const DenseCall *call);
void LEVEL_NAME (dense_s8_stem) (const DenseCall *call);
void LEVEL_NAME (dense_f32_pairs) (const DenseCall *call);
void LEVEL_NAME (dense_tiles) (const DenseCall *calls, int n);
void LEVEL_NAME (dense_s16) (const DenseCall *call);
void LEVEL_NAME (widen) (const uint8_t *x, bool is_signed, uint16_t *y, int64_t n);
void LEVEL_NAME (dense_f32) (const DenseCall *call);
void LEVEL_NAME (depthwise_s8) (const DepthwiseCall *call);
void LEVEL_NAME (depthwise_s16) (const DepthwiseCall *call);
void LEVEL_NAME (depthwise_f32) (const DepthwiseCall *call);
void LEVEL_NAME (depthwise_row_f32) (const DepthwiseRow *row);
void LEVEL_NAME (depthwise_row_s16) (const DepthwiseRow *row);
void LEVEL_NAME (depthwise_row_s8) (const DepthwiseRow *row);
void LEVEL_NAME (depthwise_band_s8) (const DepthwiseBand *call);
void LEVEL_NAME (winograd_in_s16) (const WinogradIn *in);
void LEVEL_NAME (winograd_product_s16) (const WinogradProduct *product);
void LEVEL_NAME (winograd_out_s16) (const WinogradOut *out);
void LEVEL_NAME (winograd_in_f32) (const WinogradIn *in);
void LEVEL_NAME (winograd_product_f32) (const WinogradProduct *product);
void LEVEL_NAME (winograd_out_f32) (const WinogradOut *out);
void LEVEL_NAME (outer_f32) (const OuterCall *call);
void LEVEL_NAME (inner_f32) (const InnerCall *call);
bool LEVEL_NAME (unary) (const UnaryOp *op, const float *x, float *y, int64_t n);
bool LEVEL_NAME (binary) (PraxiOpKind kind,
                          const float *a,
                          int a_step,
                          const float *b,
                          int b_step,
                          float *y,
                          int64_t n);
void LEVEL_NAME (compare) (PraxiOpKind kind,
                           const float *a,
                           int a_step,
                           const float *b,
                           int b_step,
                           uint8_t *y,
                           int64_t n);
void LEVEL_NAME (where) (const uint8_t *pick,
                         const float *a,
                         int a_step,
                         const float *b,
                         int b_step,
                         float *y,
                         int64_t n);
void LEVEL_NAME (
    quantize) (const float *x, float scale, int zero, int low, int high, uint8_t *q, int64_t n);
void LEVEL_NAME (
    dequantize) (const uint8_t *q, bool is_signed, float scale, int zero, float *x, int64_t n);
void LEVEL_NAME (add_bytes) (const CpuEpilogue *epilogue,
                             const uint8_t *a,
                             bool a_signed,
                             int a_zero,
                             const uint8_t *b,
                             uint8_t *q,
                             int64_t n);
void LEVEL_NAME (look_up) (const uint8_t table[256], const uint8_t *x, uint8_t *y, int64_t n);
void LEVEL_NAME (look_up_columns) (const uint8_t *tables,
                                   int n_columns,
                                   const uint8_t *x,
                                   uint8_t *y,
                                   int64_t n_rows);
void LEVEL_NAME (
    sum_bytes) (const uint8_t *x, bool is_signed, int64_t rows, int32_t *sums, int64_t n);
void LEVEL_NAME (sum_hard_swish) (const ByteScale *scale,
                                  const uint8_t *x,
                                  int64_t rows,
                                  float *sums,
                                  int64_t n);
float LEVEL_NAME (reduce_row) (PraxiOpKind kind, const float *x, int64_t n);
void LEVEL_NAME (reduce_columns) (PraxiOpKind kind,
                                  const float *x,
                                  int64_t row_step,
                                  int64_t rows,
                                  float *y,
                                  int64_t n);
void LEVEL_NAME (
    max_rows) (PraxiDType dtype, const void *const *rows, int n_rows, void *y, int64_t n);
void LEVEL_NAME (norm_sums) (const NormCall *call);
void LEVEL_NAME (norm_map) (const NormCall *call);
void
    LEVEL_NAME (motion_grey) (const MotionPlan *plan, const uint8_t *rgb, float *work, float *grey);
void LEVEL_NAME (motion_scale) (const MotionPlan *plan,
                                int s,
                                const float *a,
                                const float *b,
                                float *work,
                                MotionSink *sink);
void LEVEL_NAME (
    motion_flow) (const MotionPlan *plan, const float *a, const float *b, float *work, float *flow);
void LEVEL_NAME (motion_maps) (const MotionPlan *plan,
                               const float *flow,
                               const float *before,
                               int y,
                               float *maps);

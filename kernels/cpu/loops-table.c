#include "kernels/cpu/loops-level.h"

const CpuLoops LEVEL_NAME (table) = {
    .lanes = LANES,
    .dense_blocks_max = LANES == 16 ? 4 : 2,
#if defined(__AVX2__) && !defined(__AVXVNNI__) && !defined(__AVX512VNNI__)
    .is_wide = true,
    .depthwise_row_s16 = LEVEL_NAME (depthwise_row_s16),
#endif
#ifdef SIMD_QUADS
    .depthwise_row_bytes = SIMD_QUADS,
    .depthwise_row_s8 = LEVEL_NAME (depthwise_row_s8),
#endif
#if defined(__AVX512VNNI__)
    .depthwise_band_s8 = LEVEL_NAME (depthwise_band_s8),
#endif
#ifdef SIMD_PAIRS
    .dense_s8_pairs = LEVEL_NAME (dense_s8_pairs),
    .dense_f32_pairs = LEVEL_NAME (dense_f32_pairs),
#endif
#ifdef SIMD_STEM
    .dense_s8_stem = LEVEL_NAME (dense_s8_stem),
#endif
#ifdef SIMD_WINOGRAD
    .winograd_s16 = {LEVEL_NAME (winograd_in_s16), LEVEL_NAME (winograd_product_s16),
                     LEVEL_NAME (winograd_out_s16)},
#endif
    .winograd_f32 = {LEVEL_NAME (winograd_in_f32), LEVEL_NAME (winograd_product_f32),
                     LEVEL_NAME (winograd_out_f32)},
    .dense_s8 = LEVEL_NAME (dense_s8),
    .dense_s16 = LEVEL_NAME (dense_s16),
    .widen = LEVEL_NAME (widen),
    .dense_f32 = LEVEL_NAME (dense_f32),
    .depthwise_s8 = LEVEL_NAME (depthwise_s8),
    .depthwise_s16 = LEVEL_NAME (depthwise_s16),
    .depthwise_f32 = LEVEL_NAME (depthwise_f32),
    .depthwise_row_f32 = LEVEL_NAME (depthwise_row_f32),
    .outer_f32 = LEVEL_NAME (outer_f32),
    .inner_f32 = LEVEL_NAME (inner_f32),
    .unary = LEVEL_NAME (unary),
    .binary = LEVEL_NAME (binary),
    .compare = LEVEL_NAME (compare),
    .where = LEVEL_NAME (where),
    .quantize = LEVEL_NAME (quantize),
    .dequantize = LEVEL_NAME (dequantize),
    .add_bytes = LEVEL_NAME (add_bytes),
    .look_up = LEVEL_NAME (look_up),
    .look_up_columns = LEVEL_NAME (look_up_columns),
    .reduce_row = LEVEL_NAME (reduce_row),
    .reduce_columns = LEVEL_NAME (reduce_columns),
    .sum_bytes = LEVEL_NAME (sum_bytes),
    .sum_hard_swish = LEVEL_NAME (sum_hard_swish),
    .max_rows = LEVEL_NAME (max_rows),
    .norm_sums = LEVEL_NAME (norm_sums),
    .norm_map = LEVEL_NAME (norm_map),
    .motion_grey = LEVEL_NAME (motion_grey),
    .motion_flow = LEVEL_NAME (motion_flow),
    .motion_maps = LEVEL_NAME (motion_maps),
};

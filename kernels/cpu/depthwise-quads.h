/* Depthwise convolution of bytes for levels with VNNI: four inputs at once, interleaved so that a
 * lane holds the four bytes of its channel. QUADS_BODY, which who includes this defines, is
 * included for every width of a group of channels.
 */
#pragma once

#include "kernels/cpu/loops-level.h"

#if defined(__AVX512VNNI__)
#define DOT(prefix) prefix##dpbusd_epi32
#else
#define DOT(prefix) prefix##dpbusd_avx_epi32
#endif

#define QUADS 16
#define QUADS_VEC __m128i
#define QUADS_OP(name) _mm_##name
#define QUADS_DOT DOT (_mm_)
#include "kernels/cpu/depthwise-width.h"

#define QUADS 32
#define QUADS_VEC __m256i
#define QUADS_OP(name) _mm256_##name
#define QUADS_DOT DOT (_mm256_)
#include "kernels/cpu/depthwise-width.h"

#if SIMD_QUADS == 64
#define QUADS 64
#define QUADS_VEC __m512i
#define QUADS_OP(name) _mm512_##name
#define QUADS_DOT DOT (_mm512_)
#include "kernels/cpu/depthwise-width.h"
#endif

/* run_16, run_32 or run_64 (…), by the width of a group */
#if SIMD_QUADS == 64
#define BY_WIDTH(width, run, ...)                                                                  \
  ((width) == 64   ? run##_64 (__VA_ARGS__)                                                        \
   : (width) == 32 ? run##_32 (__VA_ARGS__)                                                        \
                   : run##_16 (__VA_ARGS__))
#else
#define BY_WIDTH(width, run, ...) ((width) == 32 ? run##_32 (__VA_ARGS__) : run##_16 (__VA_ARGS__))
#endif

/* Tables of bytes, one for all or one a column. */
#include "kernels/cpu/loops-level.h"

#if defined(__AVX512BW__)
#define SIMD_VBMI __attribute__ ((target ("avx512vbmi")))
#endif

#if defined(__AVX2__)
/* 16 bytes of the table at a time answer the bytes that begin with their number: others have an
 * index whose highest bit is set, which makes 0. Returns how many bytes are done.
 */
static int64_t
look_up_32 (const uint8_t table[256], const uint8_t *x, uint8_t *y, int64_t n)
{
  int64_t i = 0;
  __m256i parts[16];
  for (int k = 0; k < 16 && n >= 32; k++)
    parts[k] = _mm256_broadcastsi128_si256 (
        _mm_loadu_si128 ((const __m128i *) (const void *) (table + 16 * k)));
  for (; i + 32 <= n; i += 32) {
    __m256i left = _mm256_loadu_si256 ((const __m256i *) (const void *) (x + i));
    __m256i bytes = _mm256_setzero_si256 ();
#pragma GCC unroll 16
    for (int k = 0; k < 16; k++) {
      const __m256i index = _mm256_adds_epu8 (left, _mm256_set1_epi8 (0x70));
      bytes = _mm256_or_si256 (bytes, _mm256_shuffle_epi8 (parts[k], index));
      left = _mm256_sub_epi8 (left, _mm256_set1_epi8 (16));
    }
    _mm256_storeu_si256 ((__m256i *) (void *) (y + i), bytes);
  }
  return i;
}
#endif

#if defined(__AVX512BW__)
/* The same where a table of 128 bytes is one instruction, which not all of this level have. */
SIMD_VBMI static int64_t
look_up_64 (const uint8_t table[256], const uint8_t *x, uint8_t *y, int64_t n)
{
  int64_t i = 0;
  __m512i parts[4];
  memcpy (parts, table, sizeof parts);
  for (; i + 64 <= n; i += 64) {
    const __m512i index = _mm512_loadu_si512 (x + i);
    const __m512i low = _mm512_permutex2var_epi8 (parts[0], index, parts[1]);
    const __m512i high = _mm512_permutex2var_epi8 (parts[2], index, parts[3]);
    _mm512_storeu_si512 (y + i, _mm512_mask_mov_epi8 (low, _mm512_movepi8_mask (index), high));
  }
  return i;
}
#endif

void
LEVEL_NAME (look_up) (const uint8_t table[256], const uint8_t *x, uint8_t *y, int64_t n)
{
  int64_t i = 0;
#if defined(__AVX512BW__)
  if (__builtin_cpu_supports ("avx512vbmi"))
    i = look_up_64 (table, x, y, n);
  else
#endif
#if defined(__AVX2__)
    i = look_up_32 (table, x, y, n);
#endif
  for (; i < n; i++)
    y[i] = table[x[i]];
}

#if defined(__AVX512BW__)
enum { TILE = 64 }; /* rows and columns */

typedef struct {
  __m512i at[TILE / 8][8];
} Tile;

/* 8 × 8 numbers of 8 bytes: v[i][k] and v[k][i] change places. */
SIMD_VBMI SIMD_INLINE void
transpose (__m512i *v)
{
  __m512i a[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    a[i] = _mm512_unpacklo_epi64 (v[i], v[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi64 (v[i], v[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    const __m512i b = _mm512_shuffle_i64x2 (a[i], a[i + 2], 0x44);
    const __m512i c = _mm512_shuffle_i64x2 (a[i], a[i + 2], 0xee);
    const __m512i d = _mm512_shuffle_i64x2 (a[i + 4], a[i + 6], 0x44);
    const __m512i e = _mm512_shuffle_i64x2 (a[i + 4], a[i + 6], 0xee);
    v[i] = _mm512_shuffle_i64x2 (b, d, 0x88);
    v[i + 2] = _mm512_shuffle_i64x2 (b, d, 0xdd);
    v[i + 4] = _mm512_shuffle_i64x2 (c, e, 0x88);
    v[i + 6] = _mm512_shuffle_i64x2 (c, e, 0xdd);
  }
}

/* 8 columns of 64 rows, a vector each, through their tables. */
SIMD_VBMI SIMD_INLINE void
look_up_octet (const uint8_t *tables, int n_columns, __m512i *v)
{
  transpose (v);
#pragma GCC unroll 8
  for (int k = 0; k < 8; k++) {
    const uint8_t *table = tables + (k < n_columns ? 256 * k : 0);
    const __m512i low = _mm512_permutex2var_epi8 (_mm512_loadu_si512 (table), v[k],
                                                  _mm512_loadu_si512 (table + 64));
    const __m512i high = _mm512_permutex2var_epi8 (_mm512_loadu_si512 (table + 128), v[k],
                                                   _mm512_loadu_si512 (table + 192));
    v[k] = _mm512_mask_mov_epi8 (low, _mm512_movepi8_mask (v[k]), high);
  }
  transpose (v);
}

/* 64 rows of at most 64 columns: bytes are turned by eights, then eights as a whole, so that a
 * vector is a column, and back. by_eights: the order in which 8 × 8 bytes are turned
 */
SIMD_VBMI static void
look_up_tile (const uint8_t *tables,
              int n_columns,
              const uint8_t *x,
              uint8_t *y,
              int64_t step,
              __m512i by_eights)
{
  const __mmask64 mask = n_columns < TILE ? ((__mmask64) 1 << n_columns) - 1 : ~(__mmask64) 0;
  Tile tile;
  for (int r = 0; r < 8; r++) {
    __m512i v[8];
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++)
      v[k] = _mm512_maskz_loadu_epi8 (mask, x + (8 * r + k) * step);
    transpose (v);
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++)
      tile.at[k][r] = _mm512_permutexvar_epi8 (by_eights, v[k]);
  }
  for (int k = 0; 8 * k < n_columns; k++)
    look_up_octet (tables + 256 * 8 * k, n_columns - 8 * k, tile.at[k]);
  for (int r = 0; r < 8; r++) {
    __m512i v[8];
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++)
      v[k] = _mm512_permutexvar_epi8 (by_eights, tile.at[k][r]);
    transpose (v);
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++)
      _mm512_mask_storeu_epi8 (y + (8 * r + k) * step, mask, v[k]);
  }
}

/* Returns how many rows are done. */
static int64_t
look_up_tiles (const uint8_t *tables, int n_columns, const uint8_t *x, uint8_t *y, int64_t n_rows)
{
  uint8_t order[64];
  for (int i = 0; i < 64; i++)
    order[i] = (uint8_t) (i % 8 * 8 + i / 8);
  const __m512i by_eights = _mm512_loadu_si512 (order);
  int64_t row = 0;
  for (; row + TILE <= n_rows; row += TILE)
    for (int c = 0; c < n_columns; c += TILE)
      look_up_tile (tables + 256 * c, n_columns - c < TILE ? n_columns - c : TILE,
                    x + row * n_columns + c, y + row * n_columns + c, n_columns, by_eights);
  return row;
}
#endif

/* Eight columns are read and stored as one number. */
static void
look_up_row (const uint8_t *tables, int n_columns, const uint8_t *x, uint8_t *y)
{
  int c = 0;
  for (; c + 8 <= n_columns; c += 8, tables += 8 * 256) {
    uint64_t bytes, found = 0;
    memcpy (&bytes, x + c, sizeof bytes);
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++)
      found |= (uint64_t) tables[256 * k + (bytes >> 8 * k & 0xff)] << 8 * k;
    memcpy (y + c, &found, sizeof found);
  }
  for (; c < n_columns; c++, tables += 256)
    y[c] = tables[x[c]];
}

void
LEVEL_NAME (look_up_columns) (const uint8_t *tables,
                              int n_columns,
                              const uint8_t *x,
                              uint8_t *y,
                              int64_t n_rows)
{
  int64_t row = 0;
#if defined(__AVX512BW__)
  if (__builtin_cpu_supports ("avx512vbmi"))
    row = look_up_tiles (tables, n_columns, x, y, n_rows);
#endif
  for (; row < n_rows; row++)
    look_up_row (tables, n_columns, x + row * n_columns, y + row * n_columns);
}

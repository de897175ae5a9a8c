/* Source: FIPS 180-4; Intel, "SHA extensions" (2013). */
#include "engine/model/sha256.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

enum { BLOCK = 64, ROUNDS = 64 };

/* The fractional parts of the cube roots of the first 64 primes. */
static const guint32 constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static guint32
turn (guint32 x, int n)
{
  return x >> n | x << (32 - n);
}

/* One round; what it gives are the words of the next one in another order. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                           \
  do {                                                                                             \
    const guint32 sum = h + (turn (e, 6) ^ turn (e, 11) ^ turn (e, 25)) + (g ^ (e & (f ^ g))) +    \
                        constants[i] + w[i];                                                       \
    d += sum;                                                                                      \
    h = sum + (turn (a, 2) ^ turn (a, 13) ^ turn (a, 22)) + ((a & b) | (c & (a | b)));             \
  } while (0)

static void
add_block_plain (guint32 *state, const guint8 *data)
{
  guint32 w[ROUNDS];
  for (int i = 0; i < 16; i++) {
    memcpy (&w[i], data + i * 4, 4);
    w[i] = GUINT32_FROM_BE (w[i]);
  }
  for (int i = 16; i < ROUNDS; i++)
    w[i] = w[i - 16] + w[i - 7] + (turn (w[i - 15], 7) ^ turn (w[i - 15], 18) ^ w[i - 15] >> 3) +
           (turn (w[i - 2], 17) ^ turn (w[i - 2], 19) ^ w[i - 2] >> 10);
  guint32 a = state[0], b = state[1], c = state[2], d = state[3];
  guint32 e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < ROUNDS; i += 8) {
    ROUND (a, b, c, d, e, f, g, h, i);
    ROUND (h, a, b, c, d, e, f, g, i + 1);
    ROUND (g, h, a, b, c, d, e, f, i + 2);
    ROUND (f, g, h, a, b, c, d, e, i + 3);
    ROUND (e, f, g, h, a, b, c, d, i + 4);
    ROUND (d, e, f, g, h, a, b, c, i + 5);
    ROUND (c, d, e, f, g, h, a, b, i + 6);
    ROUND (b, c, d, e, f, g, h, a, i + 7);
  }
  const guint32 more[] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++)
    state[i] += more[i];
}

static void
add_blocks_plain (guint32 *state, const guint8 *data, gsize n_blocks)
{
  for (; n_blocks > 0; n_blocks--, data += BLOCK)
    add_block_plain (state, data);
}

#if defined(__x86_64__)
#define SHA __attribute__ ((target ("sha,sse4.1")))

static gboolean
has_sha (void)
{
  unsigned a, b, c, d;
  if (!__get_cpuid (1, &a, &b, &c, &d) || !(c & bit_SSE4_1))
    return FALSE;
  return __get_cpuid_count (7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

SHA static void
add_blocks_sha (guint32 *state, const guint8 *data, gsize n_blocks)
{
  const __m128i order = _mm_set_epi8 (12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  /* The instructions want the words A B E F and C D G H. */
  const __m128i abcd = _mm_loadu_si128 ((const __m128i *) state);
  const __m128i efgh = _mm_loadu_si128 ((const __m128i *) state + 1);
  const __m128i cdab = _mm_shuffle_epi32 (abcd, 0xb1), hgfe = _mm_shuffle_epi32 (efgh, 0x1b);
  __m128i abef = _mm_alignr_epi8 (cdab, hgfe, 8), cdgh = _mm_blend_epi16 (hgfe, cdab, 0xf0);
  for (; n_blocks > 0; n_blocks--, data += BLOCK) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; i++)
      w[i] = _mm_shuffle_epi8 (_mm_loadu_si128 ((const __m128i *) data + i), order);
    for (int i = 0; i < ROUNDS / 4; i++) {
      const __m128i last = w[(i + 3) % 4];
      const __m128i k = _mm_loadu_si128 ((const __m128i *) constants + i);
      const __m128i sum = _mm_add_epi32 (w[i % 4], k);
      cdgh = _mm_sha256rnds2_epu32 (cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32 (abef, cdgh, _mm_shuffle_epi32 (sum, 0x0e));
      /* The four words of sixteen rounds on. */
      const __m128i begin = _mm_sha256msg1_epu32 (w[i % 4], w[(i + 1) % 4]);
      const __m128i seventh = _mm_alignr_epi8 (last, w[(i + 2) % 4], 4);
      w[i % 4] = _mm_sha256msg2_epu32 (_mm_add_epi32 (begin, seventh), last);
    }
    abef = _mm_add_epi32 (abef, abef_before);
    cdgh = _mm_add_epi32 (cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32 (abef, 0x1b), dchg = _mm_shuffle_epi32 (cdgh, 0xb1);
  _mm_storeu_si128 ((__m128i *) state, _mm_blend_epi16 (feba, dchg, 0xf0));
  _mm_storeu_si128 ((__m128i *) state + 1, _mm_alignr_epi8 (dchg, feba, 8));
}
#else
static gboolean
has_sha (void)
{
  return FALSE;
}
#define add_blocks_sha add_blocks_plain
#endif

static void
add_blocks (PraxiSha256 *sum, const guint8 *data, gsize n_blocks)
{
  if (sum->is_plain)
    add_blocks_plain (sum->state, data, n_blocks);
  else
    add_blocks_sha (sum->state, data, n_blocks);
}

void
praxi_sha256_init (PraxiSha256 *sum, gboolean is_plain)
{
  /* The fractional parts of the square roots of the first 8 primes. */
  static const guint32 first[] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  *sum = (PraxiSha256){.is_plain = is_plain || !has_sha ()};
  memcpy (sum->state, first, sizeof first);
}

void
praxi_sha256_update (PraxiSha256 *sum, const void *data, gsize size)
{
  const guint8 *at = data;
  const gsize n_rest = sum->n_bytes % BLOCK;
  sum->n_bytes += size;
  if (n_rest > 0) {
    const gsize n = MIN (BLOCK - n_rest, size);
    memcpy (sum->rest + n_rest, at, n);
    if (n_rest + n < BLOCK)
      return;
    add_blocks (sum, sum->rest, 1);
    at += n;
    size -= n;
  }
  add_blocks (sum, at, size / BLOCK);
  if (size % BLOCK > 0)
    memcpy (sum->rest, at + size / BLOCK * BLOCK, size % BLOCK);
}

char *
praxi_sha256_finish (PraxiSha256 *sum)
{
  static const guint8 padding[BLOCK] = {0x80};
  const guint64 n_bits = GUINT64_TO_BE (sum->n_bytes * 8);
  const gsize n_rest = sum->n_bytes % BLOCK;
  praxi_sha256_update (sum, padding, (n_rest < BLOCK - 8 ? BLOCK : 2 * BLOCK) - 8 - n_rest);
  praxi_sha256_update (sum, &n_bits, sizeof n_bits);
  GString *hex = g_string_sized_new (PRAXI_SHA256_HEX);
  for (int i = 0; i < 8; i++)
    g_string_append_printf (hex, "%08x", sum->state[i]);
  return g_string_free (hex, FALSE);
}

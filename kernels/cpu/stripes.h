/* A row of w numbers cut into STRIPES pieces of length ⌈w / STRIPES⌉ that lie side by side: vector
 * k holds place k of every piece. The neighbours of a vector's numbers are then the vectors before
 * and after it, so that a filter along the row reads whole aligned vectors and can slide. What lies
 * before vector 0 is the end of the piece to the left.
 *
 * Source: M. Farrar, "Striped Smith–Waterman speeds database searches", Bioinformatics 2007
 */
#pragma once

#include <string.h>

#if defined(__AVX2__)
enum { STRIPES = 8 };
#define STRIPES_AFTER 8, 0, 1, 2, 3, 4, 5, 6
#define STRIPES_BEFORE 1, 2, 3, 4, 5, 6, 7, 15
#else
enum { STRIPES = 4 };
#define STRIPES_AFTER 4, 0, 1, 2
#define STRIPES_BEFORE 1, 2, 3, 7
#endif

typedef float Stripes __attribute__ ((vector_size (4 * STRIPES)));
typedef float Quad __attribute__ ((vector_size (16)));

static inline int
stripes_length (int w)
{
  return (w + STRIPES - 1) / STRIPES;
}

/* Where place x of a row lies, in floats; x in 0 … STRIPES length − 1 */
static inline int
stripes_place (int x, int length)
{
  return x % length * STRIPES + x / length;
}

/* out[i * out_step + j] = in[j * in_step + i], i and j in 0 … 3 */
static inline void
transpose_quads (const float *in, int in_step, float *out, int out_step)
{
  Quad r[4];
  for (int j = 0; j < 4; j++)
    memcpy (&r[j], in + j * in_step, sizeof r[j]);
  const Quad a = __builtin_shufflevector (r[0], r[1], 0, 4, 1, 5);
  const Quad b = __builtin_shufflevector (r[2], r[3], 0, 4, 1, 5);
  const Quad c = __builtin_shufflevector (r[0], r[1], 2, 6, 3, 7);
  const Quad d = __builtin_shufflevector (r[2], r[3], 2, 6, 3, 7);
  r[0] = __builtin_shufflevector (a, b, 0, 1, 4, 5);
  r[1] = __builtin_shufflevector (a, b, 2, 3, 6, 7);
  r[2] = __builtin_shufflevector (c, d, 0, 1, 4, 5);
  r[3] = __builtin_shufflevector (c, d, 2, 3, 6, 7);
  for (int i = 0; i < 4; i++)
    memcpy (out + i * out_step, &r[i], sizeof r[i]);
}

/* row: STRIPES length floats, those from w on may be anything */
static inline void
stripe_row (const float *row, int length, float *out)
{
  int k = 0;
  for (; k + 4 <= length; k += 4)
    for (int j = 0; j < STRIPES; j += 4)
      transpose_quads (row + j * length + k, length, out + k * STRIPES + j, STRIPES);
  for (; k < length; k++)
    for (int j = 0; j < STRIPES; j++)
      out[k * STRIPES + j] = row[j * length + k];
}

/* The way back. */
static inline void
unstripe_row (const float *in, int length, float *row)
{
  int k = 0;
  for (; k + 4 <= length; k += 4)
    for (int j = 0; j < STRIPES; j += 4)
      transpose_quads (in + k * STRIPES + j, STRIPES, row + j * length + k, length);
  for (; k < length; k++)
    for (int j = 0; j < STRIPES; j++)
      row[j * length + k] = in[k * STRIPES + j];
}

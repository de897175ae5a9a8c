/* The flow of one frame pair at one scale, fused: a row of gradients is multiplied into a ring of
 * box rows, and every row of flow leaves it solved, so that only the ring is touched. The formula
 * is that of kernels/ref/motion-stem.c, up to the order of sums: with sums instead of means in the
 * box, xx … yt are n = box² times larger; so is nε beside them, and the quotient stays.
 *
 * All rows are striped (kernels/cpu/stripes.h).
 */
#include "kernels/cpu/loops-level.h"
#include "kernels/cpu/stripes.h"

enum { N_GRADIENTS = 3, N_PRODUCTS = 5, RENEW_ROWS = 24 };

typedef struct {
  int h, w, length, box;
  const float *a, *b;      /* the grey pictures */
  Stripes *sums[3];        /* a + b of rows y − 1, y, y + 1 */
  Stripes *smooth, *slope; /* (1 2 1) and (−1 0 1) down the column, with a margin of 1 */
  Stripes *ring;           /* [box][length][3] gradients gx, gy, gt */
  Stripes *column;      /* [length][5] sums of products down the column, with a margin of box/2 */
  Stripes *u[2], *v[2]; /* two rows of flow */
} Strip;

static int
reflect (int i, int n)
{
  return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

/* Place x of a row, which may lie beyond its ends. */
static float
reflected (const Stripes *row, int step, const Strip *strip, int x)
{
  while (x < 0 || x >= strip->w)
    x = reflect (x, strip->w);
  return row[x % strip->length * step][x / strip->length];
}

/* Sets the n vectors before and behind a row whose vectors lie a step apart: neighbouring pieces'
 * ends, and the row's ends reflected.
 */
static inline void
fill_margins (const Strip *strip, Stripes *row, int step, int n)
{
  Stripes *end = row + (strip->length - 1) * step;
  for (int i = 1; i <= n; i++) {
    row[-i * step] = __builtin_shufflevector (end[(1 - i) * step], row[i * step], STRIPES_AFTER);
    end[i * step] = __builtin_shufflevector (row[(i - 1) * step], end[-i * step], STRIPES_BEFORE);
  }
}

/* The same where pieces are shorter than the margin or the last one is not full. */
static void
fill_any_margins (const Strip *strip, Stripes *row, int step, int n)
{
  const int length = strip->length;
  for (int x = strip->w; x < STRIPES * length; x++)
    row[x % length * step][x / length] = reflected (row, step, strip, x);
  for (int i = 1; i <= n; i++)
    for (int j = 0; j < STRIPES; j++) {
      row[-i * step][j] = reflected (row, step, strip, j * length - i);
      row[(length - 1 + i) * step][j] = reflected (row, step, strip, (j + 1) * length - 1 + i);
    }
}

static bool
is_regular (const Strip *strip, int margin)
{
  return strip->w == STRIPES * strip->length && margin < strip->length;
}

static inline const Stripes *
picture_row (const Strip *strip, const float *picture, int y)
{
  return (const Stripes *) picture + y * strip->length;
}

static void
add_rows (const Strip *strip, int y)
{
  const Stripes *restrict a = picture_row (strip, strip->a, y);
  const Stripes *restrict b = picture_row (strip, strip->b, y);
  Stripes *restrict sum = strip->sums[y % 3];
  for (int k = 0; k < strip->length; k++)
    sum[k] = a[k] + b[k];
}

/* Rows y − 1 and y of the sums stand; row y + 1 is added on the way. */
static void
filter_columns (const Strip *strip, int y)
{
  const int next = y + 1 < strip->h ? y + 1 : y - 1;
  const Stripes *restrict a = picture_row (strip, strip->a, next);
  const Stripes *restrict b = picture_row (strip, strip->b, next);
  const Stripes *s0 = strip->sums[reflect (y - 1, strip->h) % 3];
  const Stripes *restrict s1 = strip->sums[y % 3];
  Stripes *s2 = strip->sums[next % 3];
  Stripes *restrict smooth = strip->smooth, *restrict slope = strip->slope;
  for (int k = 0; k < strip->length; k++) {
    const Stripes sum = a[k] + b[k], before = y > 0 ? s0[k] : sum;
    s2[k] = sum;
    smooth[k] = (before + 2 * s1[k] + sum) * 0.125f;
    slope[k] = (sum - before) * 0.25f;
  }
  if (is_regular (strip, 1)) {
    fill_margins (strip, strip->smooth, 1, 1);
    fill_margins (strip, strip->slope, 1, 1);
  } else {
    fill_any_margins (strip, strip->smooth, 1, 1);
    fill_any_margins (strip, strip->slope, 1, 1);
  }
}

/* slides: the row that leaves the box is still in q; the columns' sums move down by one */
static inline void
differentiate (const Strip *strip, int y, Stripes *restrict q, bool slides)
{
  const Stripes *restrict s = strip->smooth, *restrict d = strip->slope;
  const Stripes *restrict a = picture_row (strip, strip->a, y);
  const Stripes *restrict b = picture_row (strip, strip->b, y);
  Stripes *restrict column = strip->column;
  for (int k = 0; k < strip->length; k++, q += N_GRADIENTS, column += N_PRODUCTS) {
    const Stripes gx = (s[k + 1] - s[k - 1]) * 0.5f;
    const Stripes gy = (d[k - 1] + 2 * d[k] + d[k + 1]) * 0.25f;
    const Stripes gt = b[k] - a[k];
    if (slides) {
      const Stripes ox = q[0], oy = q[1], ot = q[2];
      column[0] = column[0] + gx * gx - ox * ox;
      column[1] = column[1] + gy * gy - oy * oy;
      column[2] = column[2] + gx * gy - ox * oy;
      column[3] = column[3] + gx * gt - ox * ot;
      column[4] = column[4] + gy * gt - oy * ot;
    }
    q[0] = gx;
    q[1] = gy;
    q[2] = gt;
  }
}

static Stripes *
ring_row (const Strip *strip, int y)
{
  return strip->ring + y % strip->box * N_GRADIENTS * strip->length;
}

/* Row y of the gradients goes into the ring. Rows come in order. */
static void
push_gradients (const Strip *strip, int y, bool slides)
{
  if (y == 0)
    add_rows (strip, 0);
  filter_columns (strip, y);
  if (slides)
    differentiate (strip, y, ring_row (strip, y), true);
  else
    differentiate (strip, y, ring_row (strip, y), false);
}

/* column += sign × the products of a row of the ring; anew: from zero */
static inline void
add_products (const Strip *strip, int y, float sign, bool anew)
{
  const Stripes *restrict q = ring_row (strip, y);
  Stripes *restrict column = strip->column;
  for (int k = 0; k < strip->length; k++, q += N_GRADIENTS, column += N_PRODUCTS) {
    const Stripes gx = q[0], gy = q[1], gt = q[2], sx = sign * gx, sy = sign * gy;
    for (int c = 0; anew && c < N_PRODUCTS; c++)
      column[c] = (Stripes){0};
    column[0] += sx * gx;
    column[1] += sy * gy;
    column[2] += sx * gy;
    column[3] += sx * gt;
    column[4] += sy * gt;
  }
}

/* Σ of the box rows around y, for all five products. */
static void
sum_columns (const Strip *strip, int y)
{
  const int p = strip->box / 2;
  add_products (strip, reflect (y - p, strip->h), 1, true);
  for (int j = 1 - p; j <= p; j++)
    add_products (strip, reflect (y + j, strip->h), 1, false);
}

/* One row of flow. Along the row the box slides too: every sum starts anew at its piece. */
static inline void
solve_row (const Strip *strip,
           float epsilon,
           float weight,
           Stripes *restrict u,
           Stripes *restrict v)
{
  const int p = strip->box / 2;
  const Stripes *restrict enters = strip->column + p * N_PRODUCTS;
  const Stripes *restrict leaves = strip->column - p * N_PRODUCTS;
  Stripes xx = {0}, yy = xx, xy = xx, xt = xx, yt = xx;
  for (const Stripes *c = leaves; c <= enters; c += N_PRODUCTS) {
    xx += c[0];
    yy += c[1];
    xy += c[2];
    xt += c[3];
    yt += c[4];
  }
  for (int k = 0;; leaves += N_PRODUCTS) {
    const Stripes ex = xx + epsilon, ey = yy + epsilon;
    const Stripes scale = weight / (ex * ey - xy * xy);
    u[k] = (xy * yt - ey * xt) * scale;
    v[k] = (xy * xt - ex * yt) * scale;
    if (++k == strip->length)
      break;
    enters += N_PRODUCTS;
    xx += enters[0] - leaves[0];
    yy += enters[1] - leaves[1];
    xy += enters[2] - leaves[2];
    xt += enters[3] - leaves[3];
    yt += enters[4] - leaves[4];
  }
}

static void
fill_column_margins (const Strip *strip)
{
  enum { USUAL = 3 }; /* spelled out, so that the loop unrolls */
  const int p = strip->box / 2;
  const bool regular = is_regular (strip, p);
  for (int c = 0; c < N_PRODUCTS; c++) {
    if (regular && p == USUAL)
      fill_margins (strip, strip->column + c, N_PRODUCTS, USUAL);
    else if (regular)
      fill_margins (strip, strip->column + c, N_PRODUCTS, p);
    else
      fill_any_margins (strip, strip->column + c, N_PRODUCTS, p);
  }
}

static Stripes *
take (Stripes **room, int before, int vectors, int behind)
{
  Stripes *taken = *room + before;
  *room = taken + vectors + behind;
  return taken;
}

static Strip
make_strip (const MotionPlan *plan, int s, const float *a, const float *b, float *work)
{
  Strip strip = {.h = plan->h[s], .w = plan->w[s], .box = plan->motion.box};
  strip.length = stripes_length (strip.w);
  strip.a = a + plan->grey_at[s];
  strip.b = b + plan->grey_at[s];
  const int n = strip.length, p = strip.box / 2;
  Stripes *room = (Stripes *) work;
  for (int i = 0; i < 3; i++)
    strip.sums[i] = take (&room, 0, n, 0);
  strip.smooth = take (&room, 1, n, 1);
  strip.slope = take (&room, 1, n, 1);
  for (int i = 0; i < 2; i++) {
    strip.u[i] = take (&room, 0, n, 0);
    strip.v[i] = take (&room, 0, n, 0);
  }
  strip.column = take (&room, p * N_PRODUCTS, n * N_PRODUCTS, p * N_PRODUCTS);
  strip.ring = take (&room, 0, strip.box * N_GRADIENTS * n, 0);
  return strip;
}

/* Runs down one scale. The columns' sums slide, and are summed anew every RENEW_ROWS, so that
 * rounding errors do not pile up. Away from the borders the row that enters the box takes the place
 * in the ring of the one that leaves, and both happen at once.
 */
void
LEVEL_NAME (motion_scale) (const MotionPlan *plan,
                           int s,
                           const float *a,
                           const float *b,
                           float *work,
                           MotionSink *sink)
{
  const Strip strip = make_strip (plan, s, a, b, work);
  const int p = strip.box / 2, h = strip.h;
  const float epsilon = plan->motion.epsilon * (float) (strip.box * strip.box);
  int pushed = 0;
  for (int y = 0; y < h; y++) {
    const bool anew = y % RENEW_ROWS == 0, inside = y > p && y < h - p;
    for (; pushed < h && pushed <= y + p; pushed++)
      push_gradients (&strip, pushed, inside && !anew);
    if (anew) {
      sum_columns (&strip, y);
    } else if (!inside) {
      add_products (&strip, reflect (y + p, h), 1, false);
      add_products (&strip, reflect (y - p - 1, h), -1, false);
    }
    fill_column_margins (&strip);
    Stripes *u = strip.u[y % 2], *v = strip.v[y % 2];
    solve_row (&strip, epsilon, plan->motion.scale_weight[s], u, v);
    const float *const uv[] = {(const float *) u, (const float *) v};
    sink->row_done (sink, y, uv);
  }
}

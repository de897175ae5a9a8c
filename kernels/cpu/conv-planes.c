#include "kernels/cpu/conv-planes.h"

#include <stdlib.h>
#include <string.h>

enum { TAIL_BYTES = 64, SPAN_PIXELS = 96, SPAN_BYTES = 1 << 16, TILE_PIXELS = 12 };

static bool
reads_in_a_row (const ConvShape *s)
{
  return s->taps == 1 && s->stride[1] == 1 && s->stride[2] == 1 && s->pad[1] == 0 &&
         s->pad[2] == 0 && s->in[1] == s->out[1] && s->in[2] == s->out[2];
}

static bool
can_gather (const ConvShape *s)
{
  return s->taps == 1 && s->kernel[0] == 1 && s->pad[1] == 0 && s->pad[2] == 0 &&
         (s->out[1] - 1) * s->stride[1] < s->in[1] && (s->out[2] - 1) * s->stride[2] < s->in[2];
}

/* One pixel after the other through all planes: one plane of everything. */
static void
join_planes (ConvShape *s)
{
  if (s->kernel[0] == 1 && s->stride[0] == 1 && s->pad[0] == 0 && s->in[0] == s->out[0]) {
    s->in[2] = s->out[2] = s->batch * s->in[0] * s->in[1] * s->in[2];
    s->batch = s->in[0] = s->out[0] = s->in[1] = s->out[1] = 1;
  }
}

/* Copying pays for few channels, or where bytes are copied anyway. */
static bool
can_merge (const ConvPlanes *planes, bool is_s8, bool in_tiles)
{
  const ConvShape *s = &planes->source;
  if (s->groups != 1 || s->kernel[2] == 1 || s->dilation[2] != 1)
    return false;
  return in_tiles || planes->widens || s->in_channels <= 8 ||
         (is_s8 && s->in_channels <= 32 && s->in_channels % 4 != 0);
}

static void
merge_rows (ConvPlanes *planes)
{
  const ConvShape *from = &planes->source;
  ConvShape *s = &planes->shape;
  const int64_t reach = (from->out[2] - 1) * from->stride[2] + from->kernel[2];
  const int64_t padded = from->in[2] + from->pad[2];
  s->in[2] = reach > padded ? reach : padded;
  s->pad[2] = 0;
  s->kernel[2] = 1;
  s->taps = s->kernel[1];
}

/* Of the rows of tiles, how many make pixels that are stored: rows by themselves, or running on. */
static double
use_of_tiles (int64_t pixels, int64_t places)
{
  return (double) pixels / (double) praxi_cpu_round_up ((size_t) places, TILE_ROWS);
}

static bool
should_run_on (const ConvPlanes *planes)
{
  const ConvShape *s = &planes->source;
  const double clear = 1.08; /* a little is lost where their pixels are stored */
  const int64_t pixels = s->out[1] * s->out[2], places = s->out[1] * planes->shape.in[2];
  return s->stride[1] == 1 && s->stride[2] == 1 &&
         use_of_tiles (pixels, places) > clear * use_of_tiles (s->out[2], s->out[2]);
}

/* After merge_rows: rows above and below, so that all taps of a pixel are as far from each other.
 */
static void
pad_rows (ConvPlanes *planes)
{
  ConvShape *s = &planes->shape;
  const int64_t reach = (s->out[1] - 1) * s->stride[1] + (s->kernel[1] - 1) * s->dilation[1] + 1;
  const int64_t padded = s->in[1] + s->pad[1];
  planes->pads_rows = true;
  s->in[1] = reach > padded ? reach : padded;
  s->pad[1] = 0;
}

static void
plan_slots (ConvPlanes *planes)
{
  const ConvShape *s = &planes->shape;
  const int64_t n_pixels = s->out[1] * s->out[2];
  planes->ring = (int) ((s->kernel[0] - 1) * s->dilation[0] + 1);
  planes->span_max = n_pixels;
  if (planes->in_a_row && s->kernel[0] == 1 && planes->copies) {
    int64_t span = SPAN_BYTES / planes->pixel_bytes / TILE_PIXELS * TILE_PIXELS;
    span = span > SPAN_PIXELS ? SPAN_PIXELS : span < TILE_PIXELS ? TILE_PIXELS : span;
    planes->span_max = span < n_pixels ? span : n_pixels;
  }
  const int64_t pixels = planes->in_a_row ? planes->span_max : s->in[1] * s->in[2];
  planes->slot_bytes =
      praxi_cpu_round_up ((size_t) (pixels * planes->pixel_bytes) + TAIL_BYTES, 64);
}

bool
praxi_cpu_planes_plan (ConvPlanes *planes,
                       const ConvShape *shape,
                       const CpuPlace *place,
                       bool in_tiles)
{
  const bool is_s8 = place->op->kind == PRAXI_OP_QCONV;
  *planes = (ConvPlanes){.loops = place->loops, .source = *shape, .shape = *shape};
  planes->widens = is_s8 && place->loops->is_wide;
  planes->in_signed = place->in[0]->dtype == PRAXI_S8;
  planes->merges = can_merge (planes, is_s8, in_tiles);
  planes->copies = planes->merges || planes->widens;
  planes->channels = shape->in_channels * (planes->merges ? shape->kernel[2] : 1);
  planes->element = !is_s8 ? 4 : planes->widens ? 2 : 1;
  if (is_s8)
    planes->zero =
        place->op->requantize.input_zero + (planes->widens && planes->in_signed ? 128 : 0);
  planes->in_a_row = reads_in_a_row (shape);
  planes->gathers = planes->widens && !planes->in_a_row && can_gather (shape);
  if (planes->gathers) {
    planes->in_a_row = true;
    for (int axis = 1; axis < 3; axis++) {
      planes->shape.in[axis] = shape->out[axis];
      planes->shape.stride[axis] = 1;
    }
  }
  if (planes->merges) {
    merge_rows (planes);
    pad_rows (planes);
  } else if (planes->in_a_row && !planes->gathers &&
             (planes->copies || !is_s8 || in_tiles || shape->in_channels / shape->groups % 4 == 0))
    join_planes (&planes->shape);
  planes->runs_on = in_tiles && planes->merges && should_run_on (planes);
  if (planes->runs_on)
    planes->shape.out[2] = planes->shape.in[2];
  planes->pixel_bytes = shape->in_channels * (int64_t) planes->element;
  planes->row_bytes = planes->shape.in[2] * planes->pixel_bytes;
  planes->plane_bytes = planes->shape.in[1] * planes->row_bytes;
  plan_slots (planes);
  return planes->ring <= CONV_RING_MAX || !planes->copies;
}

size_t
praxi_cpu_planes_bytes (const ConvPlanes *planes)
{
  return planes->copies ? (size_t) planes->ring * planes->slot_bytes : 0;
}

static void
fill (const ConvPlanes *planes, void *to, int64_t n)
{
  if (planes->element == 2)
    for (int64_t i = 0; i < n; i++)
      ((uint16_t *) to)[i] = (uint16_t) planes->zero;
  else
    memset (to, (uint8_t) planes->zero, (size_t) n * planes->element);
}

void *
praxi_cpu_planes_padding (const ConvPlanes *planes)
{
  const int64_t n = planes->channels + TAIL_BYTES;
  void *padding = praxi_cpu_alloc ((size_t) n * planes->element);
  if (padding)
    fill (planes, padding, n);
  return padding;
}

void
praxi_cpu_ring_begin (ConvRing *ring, const ConvPlanes *planes, void *memory)
{
  ring->planes = planes;
  ring->memory = memory;
  for (int i = 0; i < planes->ring && planes->copies; i++)
    ring->plane[i] = -1;
}

/* n elements as they lie in the input. */
static void
copy (const ConvPlanes *planes, const uint8_t *from, uint8_t *to, int64_t n)
{
  if (planes->widens)
    planes->loops->widen (from, planes->in_signed, (uint16_t *) (void *) to, n);
  else
    memcpy (to, from, (size_t) n * planes->element);
}

/* Rows of a plane, each between its padding. */
static void
copy_rows (const ConvPlanes *planes, const uint8_t *plane, uint8_t *to, int64_t row, int64_t end)
{
  const ConvShape *s = &planes->source;
  const int64_t before = planes->merges ? s->pad[2] : 0, c = s->in_channels;
  const int64_t above = planes->pads_rows ? s->pad[1] : 0;
  const int64_t after = planes->shape.in[2] - before - s->in[2];
  const int64_t n = s->in[2] * c, bytes = (int64_t) planes->element;
  const int64_t from_bytes = n * (planes->element == 4 ? 4 : 1);
  if (before == 0 && after == 0 && !planes->pads_rows) {
    copy (planes, plane + row * from_bytes, to + row * planes->row_bytes, (end - row) * n);
    return;
  }
  for (; row < end; row++) {
    uint8_t *at = to + row * planes->row_bytes;
    if (row < above || row >= above + s->in[1]) {
      fill (planes, at, planes->shape.in[2] * c);
      continue;
    }
    fill (planes, at, before * c);
    copy (planes, plane + (row - above) * from_bytes, at + before * c * bytes, n);
    fill (planes, at + (before * c + n) * bytes, after * c);
  }
}

/* The input under output pixels [begin, end), one after the other. */
static void
copy_pixels (const ConvPlanes *planes,
             const uint8_t *plane,
             uint8_t *to,
             int64_t begin,
             int64_t end)
{
  const ConvShape *s = &planes->source;
  for (int64_t i = begin; i < end; i++, to += planes->pixel_bytes) {
    const int64_t row = i / s->out[2] * s->stride[1], column = i % s->out[2] * s->stride[2];
    copy (planes, plane + (row * s->in[2] + column) * s->in_channels, to, s->in_channels);
  }
}

/* The rows of input under output pixels [*begin, *end). */
static void
find_input_rows (const ConvPlanes *planes, int64_t *begin, int64_t *end)
{
  const ConvShape *s = &planes->shape;
  const int64_t first = *begin / s->out[2] * s->stride[1] - s->pad[1];
  const int64_t last =
      (*end - 1) / s->out[2] * s->stride[1] - s->pad[1] + (s->kernel[1] - 1) * s->dilation[1];
  *begin = first < 0 ? 0 : first < s->in[1] ? first : s->in[1];
  *end = last < 0 ? 0 : last < s->in[1] ? last + 1 : s->in[1];
  *end = *end < *begin ? *begin : *end;
}

const void *
praxi_cpu_ring_take (ConvRing *ring, const uint8_t *in, int64_t plane, int64_t begin, int64_t end)
{
  const ConvPlanes *planes = ring->planes;
  if (!planes->copies)
    return in + plane * planes->plane_bytes + (planes->in_a_row ? begin * planes->pixel_bytes : 0);
  const int64_t slot = plane % planes->ring;
  uint8_t *to = ring->memory + (size_t) slot * planes->slot_bytes;
  const int64_t c = planes->source.in_channels, from_bytes = planes->element == 4 ? 4 : 1;
  const uint8_t *from = in + plane * planes->source.in[1] * planes->source.in[2] * c * from_bytes;
  if (!planes->in_a_row)
    find_input_rows (planes, &begin, &end);
  const bool starts = planes->in_a_row ? ring->begin[slot] == begin : ring->begin[slot] <= begin;
  if (ring->plane[slot] == plane && starts && ring->end[slot] >= end)
    return to;
  if (planes->gathers)
    copy_pixels (planes, from, to, begin, end);
  else if (planes->in_a_row)
    copy (planes, from + begin * c * from_bytes, to, (end - begin) * c);
  else
    copy_rows (planes, from, to, begin, end);
  ring->plane[slot] = plane;
  ring->begin[slot] = begin;
  ring->end[slot] = end;
  return to;
}

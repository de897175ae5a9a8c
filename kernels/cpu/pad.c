/* Pad of f32 or bytes in any dense layout.
 *
 *   y[i…] = x[s(i)…]   s per axis: i − begin; beyond the ends a constant, the end, or mirrored
 *
 * Each axis has a table of offsets into x; the middle of the innermost one is copied as a block.
 */
#include "kernels/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>

enum { SPLIT_ELEMENTS = 32768 };

typedef struct {
  int64_t n, step; /* outputs along the axis; elements from one to the next */
  int64_t *from;   /* [n] element offset into x, −1: the constant */
} Axis;

typedef struct {
  PraxiKernel base;
  size_t element;
  int rank;
  Axis axes[PRAXI_MAX_RANK]; /* outermost in y's memory first; the last has step 1 */
  int64_t n_rows, middle, middle_from, middle_n;
  uint32_t constant; /* its bits */
  bool splits;
} PadKernel;

typedef struct {
  const PadKernel *kernel;
  const char *in;
  char *out;
} Job;

static void
copy_one (const PadKernel *kernel, const char *in, int64_t row, int64_t at, char *out)
{
  const void *from = row < 0 || at < 0 ? (const void *) &kernel->constant
                                       : in + (row + at) * (int64_t) kernel->element;
  memcpy (out, from, kernel->element);
}

/* row: offset of the row in x, −1 where all of it is constant */
static void
pad_row (const PadKernel *kernel, const char *in, int64_t row, char *out)
{
  const Axis *axis = &kernel->axes[kernel->rank - 1];
  const int64_t bytes = (int64_t) kernel->element;
  const int64_t n = row < 0 ? 0 : kernel->middle_n, end = n > 0 ? kernel->middle + n : 0;
  for (int64_t i = 0; i < (n > 0 ? kernel->middle : 0); i++)
    copy_one (kernel, in, row, axis->from[i], out + i * bytes);
  if (n > 0)
    memcpy (out + kernel->middle * bytes, in + (row + kernel->middle_from) * bytes,
            (size_t) (n * bytes));
  for (int64_t i = end; i < axis->n; i++)
    copy_one (kernel, in, row, axis->from[i], out + i * bytes);
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const PadKernel *kernel = job->kernel;
  int64_t begin, end;
  praxi_cpu_share (kernel->n_rows, i, n, &begin, &end);
  for (int64_t at = begin; at < end; at++) {
    int64_t rest = at, from = 0, to = 0;
    for (int d = kernel->rank - 2; d >= 0; d--) {
      const Axis *axis = &kernel->axes[d];
      const int64_t index = rest % axis->n;
      rest /= axis->n;
      to += index * axis->step;
      from = from < 0 || axis->from[index] < 0 ? -1 : from + axis->from[index];
    }
    pad_row (kernel, job->in, from, job->out + to * (int64_t) kernel->element);
  }
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const PadKernel *kernel = (PadKernel *) base;
  Job job = {kernel, in[0]->data, out[0]->data};
  praxi_pool_run (kernel->splits ? pool : NULL, run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  PadKernel *kernel = (PadKernel *) base;
  for (int d = 0; d < kernel->rank; d++)
    free (kernel->axes[d].from);
}

/* Where output i of an axis of n inputs comes from; −1: the constant. */
static int64_t
source_of (PraxiPadMode mode, int64_t i, int64_t n)
{
  if (i >= 0 && i < n)
    return i;
  if (mode == PRAXI_PAD_CONSTANT)
    return -1;
  if (mode == PRAXI_PAD_EDGE)
    return i < 0 ? 0 : n - 1;
  const int64_t period = n > 1 ? 2 * n - 2 : 1, m = (i % period + period) % period;
  return m < n ? m : period - m;
}

static PraxiStatus
fill_axis (const CpuPlace *place, int d, Axis *axis)
{
  const PraxiTensor *x = place->in[0], *y = place->out[0];
  axis->n = y->dims[d];
  axis->step = y->strides[d];
  axis->from = praxi_cpu_alloc (sizeof *axis->from * (size_t) axis->n);
  if (!axis->from)
    return PRAXI_STATUS_MEMORY;
  for (int64_t i = 0; i < axis->n; i++) {
    const int64_t s = source_of (place->op->pad_mode, i - place->op->pads_begin[d], x->dims[d]);
    axis->from[i] = s < 0 ? -1 : s * x->strides[d];
  }
  return PRAXI_OK;
}

/* The run of the innermost axis whose sources follow each other. */
static void
find_middle (PadKernel *kernel, int64_t begin, int64_t in_n, bool in_a_row)
{
  const Axis *axis = &kernel->axes[kernel->rank - 1];
  const int64_t first = begin > 0 ? begin : 0;
  const int64_t last = begin + in_n < axis->n ? begin + in_n : axis->n;
  if (!in_a_row || last <= first)
    return;
  kernel->middle = first;
  kernel->middle_n = last - first;
  kernel->middle_from = axis->from[first];
}

static bool
find_constant (const CpuPlace *place, uint32_t *bits)
{
  const PraxiTensor *value = praxi_cpu_input (place, 2);
  if (value && (!value->data || value->dtype != place->in[0]->dtype))
    return false;
  const float number = (float) place->op->value;
  const int8_t byte = (int8_t) (int64_t) place->op->value;
  if (place->in[0]->dtype == PRAXI_F32)
    memcpy (bits, value ? value->data : &number, sizeof number);
  else
    memset (bits, value ? *(const int8_t *) value->data : byte, sizeof *bits);
  return true;
}

PraxiStatus
praxi_cpu_pad (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiTensor *x = place->in[0], *y = place->out[0];
  uint32_t constant;
  if ((x->dtype != PRAXI_F32 && !praxi_dtype_is_byte (x->dtype)) || x->rank < 1 ||
      x->rank != y->rank || x->dtype != y->dtype || place->n_in > 3 ||
      !find_constant (place, &constant) ||
      !(praxi_cpu_is_row_major (y) || praxi_cpu_is_channels_last (y)))
    return PRAXI_STATUS_UNSUPPORTED;
  PadKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "pad", .run = run, .clear = clear};
  kernel->element = x->dtype == PRAXI_F32 ? 4 : 1;
  kernel->constant = constant;
  kernel->rank = x->rank;
  kernel->n_rows = 1;
  const bool last_is_channel = !praxi_cpu_is_row_major (y);
  for (int d = 0; d < x->rank; d++) {
    const int axis = !last_is_channel || d == 0 ? d : d == x->rank - 1 ? 1 : d + 1;
    const PraxiStatus status = fill_axis (place, axis, &kernel->axes[d]);
    if (status != PRAXI_OK)
      return status;
    kernel->n_rows *= d < x->rank - 1 ? kernel->axes[d].n : 1;
    if (d == x->rank - 1)
      find_middle (kernel, place->op->pads_begin[axis], x->dims[axis],
                   x->strides[axis] == 1 || x->dims[axis] == 1);
  }
  kernel->splits = kernel->n_rows * kernel->axes[x->rank - 1].n >= SPLIT_ELEMENTS;
  return PRAXI_OK;
}

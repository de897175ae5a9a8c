#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/tune.h"

typedef enum { REAL, TIES, FUSED, FULL, SETS } Set;

static const char *const set_names[] = {"the run's data", "ties", "products before sums",
                                        "the whole range"};

enum { CONSTANT_RESIDUAL = 100 };

static const float far_multiplier = 1000.37f;

/* One block of the device and its twin here. */
typedef struct {
  CudaConvBytes args; /* of the device */
  const float *base;
  uint8_t *there, *x, *residual; /* x …: of the processor */
  int8_t *w;
  int32_t *sums;
  float *float_sums, *multiplier, *offset;
  uint8_t *here;
  size_t bytes, input_bytes; /* input_bytes: in front, what is uploaded */
  size_t x_bytes, y_bytes, w_bytes;
  uint8_t *y[2]; /* of the device: own kernel's, cuDNN's */
  uint8_t *y_here[2];
  int channels, padded;
  int64_t taps;
  uint32_t random;
} Exam;

static uint32_t
next (Exam *exam)
{
  exam->random ^= exam->random << 13;
  exam->random ^= exam->random >> 17;
  return exam->random ^= exam->random << 5;
}

static size_t
take (size_t *at, size_t bytes)
{
  const size_t begin = *at;
  *at += praxi_cudnn_aligned (bytes);
  return begin;
}

/* Lays the parts out and allocates both blocks. */
static PraxiStatus
exam_new (Exam *exam, const CudnnBytesOwn *own, const CudaConvBytes *args)
{
  const CudaWindow *w = &args->w;
  const size_t vector = sizeof (float) * (size_t) w->outputs;
  exam->channels = w->channels;
  exam->padded = (w->channels + 15) / 16 * 16;
  exam->taps = praxi_cuda_taps (w);
  exam->x_bytes = (size_t) praxi_cudnn_inputs (w);
  exam->y_bytes = (size_t) praxi_cudnn_outputs (w);
  exam->w_bytes = (size_t) w->outputs * (size_t) exam->taps * (size_t) exam->padded;
  size_t n = 0;
  const size_t x = take (&n, exam->x_bytes);
  const size_t residual = take (&n, args->residual ? exam->y_bytes : 0);
  const size_t weight = take (&n, exam->w_bytes), sums = take (&n, vector);
  const size_t float_sums = take (&n, vector), multiplier = take (&n, vector);
  const size_t offset = take (&n, vector);
  exam->input_bytes = n;
  const size_t y0 = take (&n, exam->y_bytes), y1 = take (&n, exam->y_bytes);
  exam->bytes = n;
  exam->here = calloc (1, n);
  const PraxiBackend *base = &own->backend->base;
  const PraxiStatus status =
      exam->here ? base->device->reserve (base, n, (void **) &exam->there) : PRAXI_STATUS_MEMORY;
  if (status != PRAXI_OK)
    return status;
  uint8_t *here = exam->here, *there = exam->there;
  exam->x = here + x;
  exam->residual = here + residual;
  exam->w = (int8_t *) here + weight;
  exam->sums = (int32_t *) (void *) (here + sums);
  exam->float_sums = (float *) (void *) (here + float_sums);
  exam->multiplier = (float *) (void *) (here + multiplier);
  exam->offset = (float *) (void *) (here + offset);
  exam->y_here[0] = here + y0;
  exam->y_here[1] = here + y1;
  exam->y[0] = there + y0;
  exam->y[1] = there + y1;
  exam->args = *args;
  exam->args.x = there + x;
  exam->args.residual = args->residual ? there + residual : NULL;
  exam->args.weight = (const int8_t *) there + weight;
  exam->args.base = (const int32_t *) (const void *) (there + sums);
  exam->args.r.multiplier = (const float *) (const void *) (there + multiplier);
  exam->args.r.offset = (const float *) (const void *) (there + offset);
  exam->base = (const float *) (const void *) (there + float_sums);
  exam->random = 0x2545f491;
  return PRAXI_OK;
}

static void
exam_clear (Exam *exam, const CudnnBytesOwn *own)
{
  own->backend->base.device->release (&own->backend->base, exam->there);
  free (exam->here);
}

/* The place, beyond zero as far as it goes, around which FUSED's x lies. */
static int
far_from_zero (const CudaConvBytes *args)
{
  if (args->x_is_u8)
    return args->x_zero < 128 ? 240 : 4;
  return args->x_zero < 0 ? 112 : -124;
}

static void
fill_bytes (Exam *exam, Set set, const CudaConvBytes *args)
{
  const int least = args->x_is_u8 ? 0 : -128, most = least + 255, far = far_from_zero (args);
  for (size_t i = 0; i < exam->x_bytes; i++) {
    const int random = (int) (next (exam) >> 8);
    int value = set == TIES    ? args->x_zero + random % 3 - 1
                : set == FUSED ? far + (random % 64 == 0)
                               : random;
    if (set == TIES)
      value = value < least ? least : value > most ? most : value;
    exam->x[i] = (uint8_t) value;
  }
  for (size_t i = 0; args->residual && i < exam->y_bytes; i++) {
    const int random = (int) (next (exam) >> 8);
    exam->residual[i] = (uint8_t) (set == TIES    ? args->r.residual_zero + random % 2
                                   : set == FUSED ? CONSTANT_RESIDUAL
                                                  : random);
  }
}

/* The largest weight with which f32 still holds every sum exactly. */
static int
largest_weight (const Exam *exam)
{
  const int64_t most = (1 << 24) / (256 * exam->channels * exam->taps);
  return most < 1 ? 1 : most > 127 ? 127 : (int) most;
}

/* Weights, what they sum up to, and the factors that bring the sums into the range of a byte. */
static void
fill_output (Exam *exam, Set set, const CudaConvBytes *args, int o)
{
  const int most = largest_weight (exam), flipped = args->x_is_u8 ? 128 : 0;
  int8_t *w = exam->w + (size_t) o * (size_t) exam->taps * (size_t) exam->padded;
  int64_t sum = 0, squares = 0;
  for (int64_t tap = 0; tap < exam->taps; tap++)
    for (int c = 0; c < exam->channels; c++) {
      const int random = (int) (next (exam) >> 8);
      const int value = set == TIES    ? random % 3 - 1
                        : set == FUSED ? (most + 1) / 2 + random % (most / 2 + 1)
                                       : random % (2 * most + 1) - most;
      w[tap * exam->padded + c] = (int8_t) value;
      sum += value;
      squares += (int64_t) value * value;
    }
  exam->sums[o] = (int32_t) (-(args->x_zero - flipped) * sum);
  exam->float_sums[o] = (float) exam->sums[o];
  /* FUSED: products around 2^21, of which a float holds quarters, taken away again */
  const double mean = (far_from_zero (args) + 1.0 / 64 - args->x_zero) * (double) sum;
  exam->multiplier[o] = set == TIES    ? 0.5f
                        : set == FUSED ? (float) (0x1p21 / fabs (mean))
                                       : 0.8f / (sqrtf ((float) squares) + 1);
  exam->offset[o] = set == TIES    ? 0
                    : set == FUSED ? (float) (-(double) exam->multiplier[o] * mean)
                                   : 0;
  if (set != TIES)
    exam->offset[o] += (float) (next (exam) >> 8) * 0x1p-19f - 16;
  if (set == FUSED && args->residual)
    exam->offset[o] -= far_multiplier * (float) (CONSTANT_RESIDUAL - args->r.residual_zero);
}

static void
fill (Exam *exam, Set set, const CudaConvBytes *args)
{
  memset (exam->here, 0, exam->input_bytes);
  fill_bytes (exam, set, args);
  for (int o = 0; o < args->w.outputs; o++)
    fill_output (exam, set, args, o);
  exam->args.r.residual_multiplier = set == TIES    ? 0.5f
                                     : set == FUSED ? far_multiplier
                                                    : args->r.residual_multiplier;
}

static PraxiStatus
download (const CudnnBytesOwn *own, Exam *exam)
{
  const PraxiBackend *base = &own->backend->base;
  PraxiStatus status = PRAXI_OK;
  for (int i = 0; i < 2 && status == PRAXI_OK; i++)
    status = base->device->download (base, exam->y_here[i], exam->y[i], exam->y_bytes);
  return status;
}

PraxiStatus
praxi_cudnn_exam (const CudnnBytesOwn *own,
                  const CudaConvBytes *args,
                  CudnnBytes *conv,
                  PraxiStatus (*run) (CudnnBytes *conv,
                                      const CudaConvBytes *args,
                                      const float *base),
                  bool *is_good,
                  char *verdict)
{
  const PraxiBackend *device = &own->backend->base;
  Exam exam = {.there = NULL};
  PraxiStatus status = exam_new (&exam, own, args);
  *is_good = status == PRAXI_OK;
  for (Set set = REAL; set < SETS && status == PRAXI_OK && *is_good; set++) {
    CudaConvBytes given = set == REAL ? *args : exam.args;
    if (set != REAL) {
      fill (&exam, set, args);
      given = exam.args;
      status = device->device->upload (device, exam.there, exam.here, exam.input_bytes);
    }
    given.y = exam.y[0];
    if (status == PRAXI_OK)
      status = own->run (own->conv, &given);
    given.y = exam.y[1];
    if (status == PRAXI_OK)
      status = run (conv, &given, set == REAL ? own->base : exam.base);
    if (status == PRAXI_OK)
      status = download (own, &exam);
    size_t at = 0;
    while (status == PRAXI_OK && at < exam.y_bytes && exam.y_here[0][at] == exam.y_here[1][at])
      at++;
    *is_good = status == PRAXI_OK && at == exam.y_bytes;
    if (status == PRAXI_OK && !*is_good)
      snprintf (verdict, CUDNN_VERDICT_BYTES, "number %zu of %zu differs on %s", at, exam.y_bytes,
                set_names[set]);
    else if (status == PRAXI_STATUS_UNSUPPORTED)
      snprintf (verdict, CUDNN_VERDICT_BYTES, "it did not run on %s", set_names[set]);
  }
  exam_clear (&exam, own);
  return status == PRAXI_STATUS_UNSUPPORTED ? PRAXI_OK : status;
}

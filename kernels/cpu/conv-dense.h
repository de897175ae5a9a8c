/* A dense convolution, which conv-dense.c prepares and conv-dense-run.c runs. */
#pragma once

#include "kernels/cpu/conv-planes.h"
#include "kernels/cpu/dense.h"

enum { CONV_CHUNK_PIXELS = 96 }; /* that all channels are made of before the next */

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvPlanes planes;
  DensePack pack;
  CpuEpilogue epilogue;
  int32_t *offsets;           /* NULL: the pixels of a plane are read in a row */
  void *padding;              /* one pixel of zeros */
  int64_t n_planes;           /* of output */
  int64_t n_pixels;           /* of an output plane */
  CpuDenseTiles *dense_tiles; /* NULL: not in tiles */
  int64_t row_pixels; /* of output, that threads and chunks do not divide; 1 for any number */
  int64_t chunk_pixels;
  size_t room_bytes; /* of DenseTiles or sums, before a thread's planes */
  bool in_signed, has_residual;
  bool is_stem;       /* for dense_s8_stem */
  bool skips_padding; /* whose bytes are 0 to the loops */
  bool packs_at_run;  /* weights and bias, into scratch */
  WeightSteps steps;
  bool copies_last;     /* groups of 4 channels would be read beyond the input's end */
  size_t out_element;   /* bytes */
  size_t thread_bytes;  /* of scratch; what else is there lies behind that of all threads */
  size_t threads_bytes; /* of all threads */
} ConvKernel;

/* One run. */
typedef struct {
  const ConvKernel *kernel;
  const DensePack *pack;
  const uint8_t *in;
  const uint8_t *residual;
  uint8_t *out;
  const uint8_t *last_plane; /* a copy with room behind, or NULL */
  const uint8_t *in_end;     /* NULL where copies are read */
  uint8_t *scratch;
} ConvJob;

/* Part i of n of a run; job: ConvJob */
void praxi_cpu_conv_dense_part (void *job, int i, int n);

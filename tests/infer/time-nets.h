/* Small nets that see time in many ways, for tests of what runs them in parts. */
#pragma once

#include "engine/infer/program.h"

enum { FRAMES = 24, SIDE = 6, CHANNELS = 3, MOST_CLIPS = 3 };

typedef struct Net Net;

typedef struct {
  const char *name;
  int (*build) (Net *net, int x);
  double limit;                    /* of the difference */
  double least_saved;              /* of the multiply-adds, by a stream at a hop of 2 */
  gboolean cuts_one, cuts_several; /* whether so many clips run in sections */
} TimeNet;

enum { TIME_NETS = 10, BRANCHES = 5, BYTE_BRANCHES = 6, SHUFFLED = 9 };
extern const TimeNet time_nets[TIME_NETS];

/* Resolved and fused; the input [batch,CHANNELS,FRAMES,SIDE,SIDE] is channels-last. */
PraxiGraph *time_net_build (const TimeNet *net, int batch);

/* A program of a net on two threads. */
typedef struct {
  PraxiPool *pool;
  PraxiProgram *program;
} TimeNetRunner;

TimeNetRunner time_net_runner (const TimeNet *net,
                               int batch,
                               const PraxiBackend *backend,
                               PraxiProgramOptions options);
void time_net_runner_clear (TimeNetRunner *runner);

/* The largest difference; range: becomes the largest value where that is more. */
double time_net_difference (const PraxiTensor *a, const PraxiTensor *b, double *range);

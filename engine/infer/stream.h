/* Runs a program on clips that overlap the one before: what the rows of the last run still say is
 * kept and moved, only rows that are new or that feel the edge of the clip are computed. The
 * executor's inside; other modules use executor.h.
 */
#pragma once

#include "engine/infer/program.h"

G_BEGIN_DECLS

typedef struct PraxiStream PraxiStream;

typedef struct {
  int time_axis;             /* of the program's first input */
  int hop_frames;            /* the clip moves on by this many, less than it has */
  const int64_t *first_pair; /* what the motion stem reads as its first new pair; NULL: no stem */
} PraxiStreamOptions;

/* Whether enough is saved to make one, for a joined program too. */
gboolean praxi_stream_pays (PraxiProgram *program, const PraxiStreamOptions *options);

/* Gives values that are kept memory of their own; from here on whole runs of the program fill it
 * too.
 * program: borrowed; batch 1, not joined
 * Returns: NULL without an error where nothing would be saved
 * Errors:  MEMORY, UNSUPPORTED
 */
PraxiStream *
praxi_stream_new (PraxiProgram *program, const PraxiStreamOptions *options, GError **error);

/* Gives the program its own memory back; its next run has to be a whole one. */
void praxi_stream_free (PraxiStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiStream, praxi_stream_free)

/* Moves what is kept. The program's last run was on the clip hop_frames before; its first input
 * holds the new clip, whole.
 */
void praxi_stream_shift (PraxiStream *stream);

/* Computes the rest, from step `first` of the program on.
 * Errors: as praxi_program_run
 */
gboolean praxi_stream_run (PraxiStream *stream, int first, GError **error);

/* Multiply-adds of a run as a share of those of a whole one. */
double praxi_stream_share (const PraxiStream *stream);

gsize praxi_stream_bytes (const PraxiStream *stream);

G_END_DECLS

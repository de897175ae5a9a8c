/* Trials in a file of JSON lines that only grows, so that a search that was killed goes on: the
 * search space, then what began, each epoch's score, what ended.
 */
#pragma once

#include "engine/train/tune.h"

G_BEGIN_DECLS

typedef struct {
  PraxiTuner *tuner; /* borrowed */
  char *path;
  int fd;
} PraxiTuneFile;

/* Reads the trials there are into the tuner, which has none yet; those that began and did not end
 * stay running. A last line that was cut off is passed over.
 * space_json: as given; another one than the file's is refused
 * Errors:     FORMAT, DISK
 */
PraxiTuneFile *
praxi_tune_file_open (const char *path, const char *space_json, PraxiTuner *tuner, GError **error);
void praxi_tune_file_close (PraxiTuneFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiTuneFile, praxi_tune_file_close)

/* Each writes one line and syncs. Errors: DISK */
gboolean praxi_tune_file_begin (PraxiTuneFile *file, const PraxiTrial *trial, GError **error);
gboolean praxi_tune_file_epoch (PraxiTuneFile *file, const PraxiTrial *trial, GError **error);
gboolean praxi_tune_file_end (PraxiTuneFile *file, const PraxiTrial *trial, GError **error);

/* "running", "done", "stopped", "failed". */
const char *praxi_trial_state_name (PraxiTrialState state);

/* Adds the trial as an object: trial, state, params{}, score, latency_ms, epochs. */
void praxi_trial_add_json (JsonBuilder *builder, const PraxiTuner *tuner, const PraxiTrial *trial);

G_END_DECLS

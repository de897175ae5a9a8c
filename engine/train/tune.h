/* Choosing what to try next from what was tried. Pure arithmetic; running trials is the caller's.
 *
 * Sources: Bergstra et al., "Algorithms for hyper-parameter optimization", NIPS 2011 (TPE);
 * Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020 (successive
 * halving without waiting); Golovin et al., "Google Vizier", KDD 2017 (median stopping).
 */
#pragma once

#include "engine/train/tune-space.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_TRIAL_RUNNING,
  PRAXI_TRIAL_DONE,
  PRAXI_TRIAL_STOPPED, /* early: others were better at the same point */
  PRAXI_TRIAL_FAILED,
} PraxiTrialState;

typedef struct {
  int number;
  PraxiTrialState state;
  double *places;    /* [n_axes] in [0, 1] */
  GArray *course;    /* of double: the score after each epoch; higher is better */
  double score;      /* the best of them; NaN without any */
  double latency_ms; /* NaN where it is not known */
} PraxiTrial;

typedef enum { PRAXI_TUNE_TPE, PRAXI_TUNE_RANDOM } PraxiTuneMethod;

typedef struct {
  const PraxiTuneSpace *space; /* borrowed */
  PraxiTuneMethod method;
  GRand *random;
  GPtrArray *trials; /* of PraxiTrial */
} PraxiTuner;

PraxiTuner *praxi_tuner_new (const PraxiTuneSpace *space, PraxiTuneMethod method, guint32 seed);
void praxi_tuner_free (PraxiTuner *tuner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiTuner, praxi_tuner_free)

/* A new trial, running, at a place worth trying. Of the tuner. */
PraxiTrial *praxi_tuner_suggest (PraxiTuner *tuner);

/* A trial that is known from before. number: its own; places: copied */
PraxiTrial *praxi_tuner_add (PraxiTuner *tuner, int number, const double *places);

/* The score after one more epoch. Returns FALSE where the trial should stop: its best so far is
 * below the median of the others' at the same point, or at a rung (1, 3, 9 … epochs) it is not in
 * the better half of those that got there. Only ever once four trials have come as far.
 */
gboolean praxi_trial_report (PraxiTuner *tuner, PraxiTrial *trial, double score);

/* Of all done or stopped; NULL without any. */
const PraxiTrial *praxi_tuner_best (const PraxiTuner *tuner);

/* Trials that no other beats in score and latency at once, by latency; of PraxiTrial, borrowed.
 * Free with g_ptr_array_unref.
 */
GPtrArray *praxi_tuner_pareto (const PraxiTuner *tuner);

G_END_DECLS

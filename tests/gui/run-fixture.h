/* A project in which a media was analysed: the file, the run and its track of scores. */
#pragma once

#include "engine/infer/score-track.h"

G_BEGIN_DECLS

typedef struct {
  const char *media; /* its path; a project that has it gets another run */
  const char *model_name;
  const char *params; /* JSON; NULL: none */
  PraxiScoreTrackSpec track;
  int n_scored; /* windows; 0: all; fewer make it a run that was cancelled */
  void (*score) (int window, float *scores, gconstpointer user_data);
  gconstpointer user_data;
} RunFixture;

/* Returns the media's id. */
gint64 run_fixture_write (const char *project, const RunFixture *run);

G_END_DECLS

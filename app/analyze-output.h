/* What `praxi analyze` prints of one media: JSON, CSV, text for people. */
#pragma once

#include <stdio.h>

#include "app/analysis.h"
#include "engine/infer/events.h"

G_BEGIN_DECLS

typedef struct {
  const char *path;
  PraxiMedia *media;
  const PraxiCliModel *model;
  PraxiAnalyzer *analyzer;
  const PraxiScoreTrack *track;
  PraxiScoreTrack *estimate; /* NULL: none was asked for, or the footage is too short */
  const GArray *events;      /* of PraxiEvent, by start */
  PraxiAnalysis analysis;
  gboolean is_partial;
  gint64 run_id; /* 0: not in a project */
} PraxiAnalyzeResult;

/* Frames that an event covers, half-open. */
void praxi_analyze_event_frames (const PraxiAnalyzeResult *result,
                                 const PraxiEvent *event,
                                 int *start_frame,
                                 int *end_frame);

/* The events as a JSON array, the way the document and the project hold them. Free with g_free. */
char *praxi_analyze_events_json (const PraxiAnalyzeResult *result);

/* One object of "media", on one line; windows are printed as they are read. */
void praxi_analyze_print_json (const PraxiAnalyzeResult *result, FILE *stream);

void praxi_analyze_print_csv_header (FILE *stream);
void praxi_analyze_print_csv (const PraxiAnalyzeResult *result, FILE *stream);

void praxi_analyze_print_text (const PraxiAnalyzeResult *result, FILE *stream);

G_END_DECLS

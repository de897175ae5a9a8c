/* A report of one footage on paper: facts, timeline, events with pictures, labels. Drawn with Cairo
 * from data of its own, so that what happens in the window meanwhile does not matter.
 *
 * Thread: any, one at a time for each report
 */
#pragma once

#include "ui/export.h"
#include "ui/time-scale.h"

G_BEGIN_DECLS

typedef struct {
  GdkRGBA color; /* of the class */
  char *class_name;
  PraxiTimeSpan span;
  char *times;              /* "0:04.8 – 0:14.3 · 9.5 s" */
  char *detail;             /* one more line */
  int frame;                /* that the picture shows */
  cairo_surface_t *picture; /* NULL while there is none */
} PraxiReportRow;

typedef struct {
  char *title;
  GPtrArray *facts; /* char *, one line each */
  PraxiTimeSpan span;
  GPtrArray *ticks;      /* char *, evenly over the span: first, …, last */
  GPtrArray *heat_names; /* char *, a row each */
  GPtrArray *heat;       /* cairo_surface_t *, as heat_names */
  GPtrArray *events;     /* PraxiReportRow */
  GPtrArray *labels;     /* PraxiReportRow */
} PraxiFootageReport;

PraxiFootageReport *praxi_footage_report_new (void);
void praxi_footage_report_free (PraxiFootageReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiFootageReport, praxi_footage_report_free)

/* Appends an empty row to events or labels; borrowed. */
PraxiReportRow *praxi_report_row_add (GPtrArray *rows);

/* A path ending in .pdf becomes the whole report on pages of A4, .png and .svg the timeline alone.
 * Errors: USAGE (another ending), DISK
 */
gboolean praxi_footage_report_save (PraxiFootageReport *report, const char *path, GError **error);

G_END_DECLS

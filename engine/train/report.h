/* The Report of one model on one labelled set, as JSON: what `praxi compare` prints and the compare
 * panel reads.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/train/evaluate.h"

G_BEGIN_DECLS

/* What a Report says of the model beside the evaluation; strings borrowed. */
typedef struct {
  const char *model; /* its name */
  const char *file;
  const char *backend;
  const char *device;
  const char *precision;
  const char *const *classes;
  gint64 peak_rss_bytes;
  gint64 peak_device_bytes;
  gint64 weights_bytes;
  gint64 file_bytes;
  gint64 params;
  gint64 macs;
} PraxiReportModel;

/* Appends the Report as an object to the builder, which stands after a member name or in an array.
 */
void praxi_report_add (JsonBuilder *builder,
                       const PraxiReportModel *model,
                       const PraxiEvaluation *evaluation);

G_END_DECLS

/* One job of the queue: running or waiting. Views watch "notify" for any change. */
#pragma once

#include "ui/media-item.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_JOB_ITEM (praxi_job_item_get_type ())
G_DECLARE_FINAL_TYPE (PraxiJobItem, praxi_job_item, PRAXI, JOB_ITEM, GObject)

const char *praxi_job_item_what (PraxiJobItem *item);      /* "Analysing a.mp4" */
PraxiMediaItem *praxi_job_item_media (PraxiJobItem *item); /* NULL for other jobs; borrowed */
gboolean praxi_job_item_is_running (PraxiJobItem *item);
double praxi_job_item_share (PraxiJobItem *item); /* 0 to 1, NaN while unknown */
double praxi_job_item_eta_s (PraxiJobItem *item); /* NaN while unknown */

/* "63 % · 0:12 left", "Waiting". Free with g_free. */
char *praxi_job_item_state (PraxiJobItem *item);

G_END_DECLS

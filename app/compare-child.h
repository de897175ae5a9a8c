/* One model evaluated in a process of its own, so that its memory figures are its own. */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/infer/executor.h"
#include "engine/train/dataset.h"

G_BEGIN_DECLS

typedef struct {
  const char *name; /* of the model, as given: "light", "original", a file */
  PraxiExecutorOptions executor;
  double stride_s;
  /* Called in the child; share of this model's footage in [0, 1]. */
  void (*progress) (gpointer data, double share);
  gpointer data;
} PraxiCompareChild;

/* Forks, evaluates, and reads back what the child found: an object with "report" (the Report),
 * "scores" (an array of arrays, one per sample, null where there is none), "warnings" and
 * "input_checksum" (a string). SIGINT reaches the child.
 * Thread: the only one of this process
 * Errors: CANCELLED; FAILED (the child has said why on stderr; the message is empty)
 */
JsonNode *praxi_compare_child_run (const PraxiCompareChild *child,
                                   const PraxiDataset *dataset,
                                   GError **error);

G_END_DECLS

/* A model: graph, weights, classes, input, lineage. On disk it is an ONNX file whose metadata_props
 * carry `praxi.spec` (JSON) and `praxi.sha256` over the whole file. Immutable once loaded, so any
 * thread may read it.
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_LAYOUT_NTHWC, /* u8 frames as they come: the bundled models */
  PRAXI_LAYOUT_NCTHW, /* f32, (x/255 − mean)/std: models made elsewhere */
  PRAXI_LAYOUT_NTJD,  /* f32 joints, not footage: height is how many, width 2 or 3 coordinates */
} PraxiModelLayout;

typedef struct {
  char *name; /* "base", a model's name */
  char *step; /* "trained", "distilled", "quantized" */
} PraxiLineageStep;

/* What `praxi.spec` says, checked against the graph. */
typedef struct {
  char *name;
  char **classes; /* NULL-terminated, unique, none empty */
  int n_classes;
  char *input_name;
  int frames, height, width; /* of one clip */
  double rate_hz;            /* frames a second the clip is sampled at */
  PraxiModelLayout layout;
  gboolean is_float; /* the graph's input is f32, not u8 */
  float mean[3], std[3];
  char *output_name;
  gboolean is_logits; /* scores go through a softmax; else they are probabilities */
  char *precision;    /* "f32" or "int8" */
  double *enter;      /* [n_classes], default thresholds of events; NaN where there is none */
  double *exit;
  PraxiLineageStep *lineage;
  int n_lineage;
  char *licence; /* "" where unknown */
} PraxiModelSpec;

const char *praxi_model_layout_name (PraxiModelLayout layout); /* as praxi.spec has it */

typedef struct PraxiModel PraxiModel;

/* Reads an ONNX file and refuses what is damaged, lies about itself or cannot be run here. With
 * praxi.spec the checksum must fit too. Never maps the file, never opens another.
 * Errors: NOT_FOUND, FORMAT, UNSUPPORTED (an operator: "FILE: unsupported: NAME"), MEMORY
 */
PraxiModel *praxi_model_load (const char *path, GError **error);

/* The same from memory. name: stands for the file in messages. */
PraxiModel *praxi_model_load_bytes (GBytes *bytes, const char *name, GError **error);

/* Says that from here on only executors read the weights: the first one that is made takes them
 * away, packs them, and lets them go, so that memory holds them once. The next one reads the file
 * again. Nothing happens with small files and with models that are from no file.
 * Thread: before others have the model
 */
void praxi_model_shed_weights (PraxiModel *model);
gboolean praxi_model_sheds_weights (const PraxiModel *model);

/* The graph with all its constants; free with praxi_graph_unref. Of a model that sheds them
 * praxi_model_graph may be without data of large ones.
 * Errors: FORMAT (the file's bytes are not those any more), DISK, MEMORY
 */
PraxiGraph *praxi_model_whole_graph (PraxiModel *model, GError **error);

PraxiModel *praxi_model_ref (PraxiModel *model);
void praxi_model_unref (PraxiModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiModel, praxi_model_unref)

const PraxiModelSpec *praxi_model_spec (const PraxiModel *model); /* NULL without praxi.spec */
const char *praxi_model_name (const PraxiModel *model);           /* spec's name, else the file's */
PraxiGraph *praxi_model_graph (const PraxiModel *model);          /* as read; owned by the model */
const char *praxi_model_precision (const PraxiModel *model); /* "int8" if it has QDQ, else "f32" */
gint64 praxi_model_params (const PraxiModel *model);
gint64 praxi_model_macs (const PraxiModel *model); /* of one clip; 0 where shapes stay open */
gint64 praxi_model_weights_bytes (const PraxiModel *model);
gint64 praxi_model_file_bytes (const PraxiModel *model);
const char *praxi_model_sha256 (const PraxiModel *model); /* of the file as it lies there, hex */

/* Writes graph and spec as ONNX: to a temporary file beside path, synced, then renamed over path.
 * spec_json: text of praxi.spec; NULL leaves spec and checksum out
 * Errors:    FORMAT (spec_json does not fit the graph), DISK
 */
gboolean
praxi_model_save (const PraxiGraph *graph, const char *spec_json, const char *path, GError **error);

/* Copies a foreign ONNX file, which must load, to path and gives it the spec and its checksum.
 * Everything else in the file stays as it was.
 */
gboolean
praxi_model_convert (const char *from, const char *spec_json, const char *path, GError **error);

G_END_DECLS

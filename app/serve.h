/* praxi serve: a model behind HTTP on this machine alone. POST /predict takes a video file or a
 * clip and answers as `praxi classify` does; /health and /metrics tell how it fares. No request
 * names a file, an address or a model. Footage is decoded in processes without rights.
 */
#pragma once

#include "engine/infer/executor.h"

G_BEGIN_DECLS

/* What is zero gets the default named. */
typedef struct {
  const char *model;             /* light */
  PraxiExecutorOptions executor; /* of each batch size */
  int port;                      /* of 127.0.0.1; 0: any free one */
  const char *token;             /* NULL: none is asked for */
  int max_batch;                 /* 8 */
  double max_delay_ms;           /* < 0: 2 */
  int max_queue;                 /* requests at once; 64 */
  int max_connections;           /* 256 */
  gint64 max_body_bytes;         /* 64 MiB */
  int max_windows;               /* of one request; 600 */
  double stride_s;               /* between windows; 0: the analyzer's */
  double idle_s;                 /* for the head of a request, and between two; 10 */
  double read_s;                 /* for a body, and for taking the answer; 30 */
  double decode_s;               /* for the footage of one request; 30 */
  int decoders;                  /* footage decoded at once; one per core */
  double grace_s;                /* for what is in flight when it ends; 5 */
} PraxiServerOptions;

typedef struct PraxiServer PraxiServer;

/* Loads the model, tries it, then listens.
 * options: copied, but for strings, which must outlive the server
 * Errors:  those of praxi_serve_model_new; FAILED (the port is taken)
 * Thread:  one, for all functions
 */
PraxiServer *praxi_server_new (const PraxiServerOptions *options, GError **error);

/* The port it listens on. */
int praxi_server_port (const PraxiServer *server);

/* One sentence: what answers. Free with g_free. */
char *praxi_server_describe (const PraxiServer *server);

/* Keeps the deadlines; call it ten times a second. FALSE: the device is lost, nothing is answered
 * any more and the server should end.
 */
gboolean praxi_server_tick (PraxiServer *server);

/* Takes no more requests, answers those that are there (at most grace_s) and ends. */
void praxi_server_free (PraxiServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiServer, praxi_server_free)

G_END_DECLS

/* Internal to serve*.c. Requests belong to the thread of the HTTP daemon; while one is worked on
 * its connection is suspended and it belongs to a decoder or the batcher, until
 * praxi_request_finish.
 */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "app/answer.h"
#include "app/serve-decoders.h"
#include "app/serve-guests.h"
#include "app/serve-metrics.h"
#include "app/serve-model.h"
#include "app/serve-request.h"
#include "app/serve.h"
#include "engine/infer/batcher.h"

G_BEGIN_DECLS

struct PraxiServer {
  PraxiServerOptions options;
  PraxiRequestRules rules;
  PraxiServeModel *model;
  PraxiBatcher *batcher;
  PraxiGuests *guests;
  PraxiDecoders *decoders;
  PraxiServeMetrics *metrics;
  struct MHD_Daemon *daemon;
  int port;
  gint64 begin_us;
  gsize max_bodies_bytes; /* of all requests together */
  atomic_int n_admitted;  /* requests that are worked on or wait for it */
  atomic_size_t bodies_bytes;
  atomic_bool is_stopping;
};

typedef enum { PRAXI_REQUEST_READING, PRAXI_REQUEST_WORKING, PRAXI_REQUEST_DONE } PraxiRequestStage;

typedef struct {
  PraxiServer *server;
  struct MHD_Connection *connection;
  PraxiGuest *guest;
  PraxiRoute route;
  PraxiRequestStage stage;
  gint64 begin_us;

  gsize body_bytes; /* that came */
  gsize kept_bytes; /* that count against max_bodies_bytes */
  GByteArray *clip;
  int media_fd;
  gboolean is_expected; /* by the batcher */
  gboolean is_whole;    /* there is no more of it to read */
  PraxiRefusal refusal; /* told when the body is here */

  float *scores; /* [n_classes] */
  guint code;
  char *text; /* the answer, JSON */
} PraxiRequest;

/* serve-http.c */
enum MHD_Result praxi_serve_handle_cb (void *server,
                                       struct MHD_Connection *connection,
                                       const char *url,
                                       const char *method,
                                       const char *version,
                                       const char *upload,
                                       size_t *upload_bytes,
                                       void **slot);
void praxi_serve_completed_cb (void *server,
                               struct MHD_Connection *connection,
                               void **slot,
                               enum MHD_RequestTerminationCode why);
void praxi_serve_connection_cb (void *server,
                                struct MHD_Connection *connection,
                                void **slot,
                                enum MHD_ConnectionNotificationCode what);
char *praxi_serve_health (PraxiServer *server, gboolean is_ready);

/* serve-predict.c: works on a request whose connection is suspended; any thread finishes it. */
void praxi_request_dispatch (PraxiRequest *request);
void praxi_request_score_footage (PraxiRequest *request, PraxiClipStream *stream);
void praxi_request_fail (PraxiRequest *request, const GError *error);
/* text: JSON; taken. The request is the daemon's again. */
void praxi_request_finish (PraxiRequest *request, guint code, char *text);

/* {"error": text}. Free with g_free. */
char *praxi_serve_error_text (const char *text);

G_END_DECLS

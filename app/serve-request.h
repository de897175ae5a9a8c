/* What a request is and whether it may be answered, from its head alone. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  PRAXI_ROUTE_HEALTH,
  PRAXI_ROUTE_METRICS,
  PRAXI_ROUTE_CLIP,    /* /predict, a body u8 [T,H,W,3] */
  PRAXI_ROUTE_FOOTAGE, /* /predict, a video file */
} PraxiRoute;

#define PRAXI_SERVE_CLIP_TYPE "application/x-praxi-clip"

/* Fields of the head; NULL: absent. n_lengths: how many Content-Length fields there are */
typedef struct {
  const char *method, *path;
  const char *host, *origin, *authorization;
  const char *content_type, *content_encoding, *content_length, *transfer_encoding;
  int n_lengths;
} PraxiRequestHead;

typedef struct {
  const char *token; /* NULL: none is asked for */
  gsize max_body_bytes;
  gsize clip_bytes;
} PraxiRequestRules;

/* A refusal; code 0: none. text lives for ever and names no path and no number of this machine. */
typedef struct {
  guint code;
  const char *text;
} PraxiRefusal;

/* Thread: any */
PraxiRefusal praxi_request_check (const PraxiRequestHead *head,
                                  const PraxiRequestRules *rules,
                                  PraxiRoute *route);

/* A refusal of what came after the head. */
PraxiRefusal
praxi_request_check_body (PraxiRoute route, gsize body_bytes, const PraxiRequestRules *rules);

G_END_DECLS

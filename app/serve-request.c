#include "app/serve-request.h"

#include <string.h>

#define REFUSE(code, text) ((PraxiRefusal){code, text})

/* The time it takes tells nothing of where two tokens differ. */
static gboolean
is_same_token (const char *given, const char *token)
{
  const gsize n_given = strlen (given), n = strlen (token);
  guint difference = n_given != n;
  for (gsize i = 0; i < n_given; i++)
    difference |= (guint) (guint8) (given[i] ^ token[i % MAX (n, 1)]);
  return difference == 0;
}

static gboolean
is_authorized (const char *authorization, const char *token)
{
  static const char scheme[] = "Bearer ";
  if (token == NULL)
    return TRUE;
  return authorization != NULL &&
         g_ascii_strncasecmp (authorization, scheme, sizeof scheme - 1) == 0 &&
         is_same_token (authorization + sizeof scheme - 1, token);
}

/* A page from elsewhere whose name was made to lead here says its own name. */
static gboolean
is_this_host (const char *host)
{
  static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
  for (guint i = 0; host != NULL && i < G_N_ELEMENTS (names); i++) {
    const gsize n = strlen (names[i]);
    if (g_ascii_strncasecmp (host, names[i], n) == 0 && (host[n] == '\0' || host[n] == ':'))
      return TRUE;
  }
  return host == NULL; /* HTTP/1.0 */
}

static gboolean
find_route (const PraxiRequestHead *head, PraxiRoute *route)
{
  if (g_str_equal (head->path, "/health"))
    *route = PRAXI_ROUTE_HEALTH;
  else if (g_str_equal (head->path, "/metrics"))
    *route = PRAXI_ROUTE_METRICS;
  else if (!g_str_equal (head->path, "/predict"))
    return FALSE;
  else if (head->content_type != NULL &&
           g_ascii_strncasecmp (head->content_type, PRAXI_SERVE_CLIP_TYPE,
                                strlen (PRAXI_SERVE_CLIP_TYPE)) == 0)
    *route = PRAXI_ROUTE_CLIP;
  else
    *route = PRAXI_ROUTE_FOOTAGE;
  return TRUE;
}

/* What proxies in front could read otherwise than we do. */
static PraxiRefusal
check_framing (const PraxiRequestHead *head, guint64 *length)
{
  *length = 0;
  if (head->n_lengths > 1 || (head->n_lengths > 0 && head->transfer_encoding != NULL))
    return REFUSE (400, "the length of the body is given twice");
  if (head->transfer_encoding != NULL &&
      g_ascii_strcasecmp (head->transfer_encoding, "chunked") != 0)
    return REFUSE (400, "the only Transfer-Encoding is chunked");
  if (head->content_length != NULL &&
      !g_ascii_string_to_unsigned (head->content_length, 10, 0, G_MAXINT64, length, NULL))
    return REFUSE (400, "Content-Length is no number");
  if (head->content_encoding != NULL &&
      g_ascii_strcasecmp (head->content_encoding, "identity") != 0)
    return REFUSE (415, "a compressed body is not taken; send it as it is");
  return REFUSE (0, NULL);
}

static PraxiRefusal
check_length (const PraxiRequestHead *head,
              PraxiRoute route,
              guint64 length,
              const PraxiRequestRules *rules)
{
  if (head->content_length == NULL && head->transfer_encoding == NULL)
    return REFUSE (411, "/predict wants a body: a video file, or a clip");
  if (length > rules->max_body_bytes)
    return REFUSE (413, "the body is too large; send a shorter piece");
  if (route == PRAXI_ROUTE_CLIP && head->content_length != NULL && length != rules->clip_bytes)
    return REFUSE (400, "a clip is exactly frames x height x width x 3 bytes; see /health");
  return REFUSE (0, NULL);
}

PraxiRefusal
praxi_request_check (const PraxiRequestHead *head,
                     const PraxiRequestRules *rules,
                     PraxiRoute *route)
{
  *route = PRAXI_ROUTE_HEALTH;
  if (!is_this_host (head->host))
    return REFUSE (421, "this server answers to 127.0.0.1 and localhost only");
  if (head->origin != NULL)
    return REFUSE (403, "this server takes no requests from web pages");
  if (!is_authorized (head->authorization, rules->token))
    return REFUSE (401, "give the token: 'Authorization: Bearer TOKEN'");
  if (!find_route (head, route))
    return REFUSE (404, "there are /predict, /health and /metrics");
  const gboolean is_get = g_str_equal (head->method, "GET") || g_str_equal (head->method, "HEAD");
  const gboolean wants_body = *route == PRAXI_ROUTE_CLIP || *route == PRAXI_ROUTE_FOOTAGE;
  if (wants_body ? !g_str_equal (head->method, "POST") : !is_get)
    return REFUSE (405, "POST to /predict; GET /health and /metrics");
  guint64 length;
  const PraxiRefusal refusal = check_framing (head, &length);
  if (refusal.code != 0)
    return refusal;
  if (wants_body)
    return check_length (head, *route, length, rules);
  if (length > 0 || head->transfer_encoding != NULL)
    return REFUSE (413, "no body is taken here");
  return REFUSE (0, NULL);
}

PraxiRefusal
praxi_request_check_body (PraxiRoute route, gsize body_bytes, const PraxiRequestRules *rules)
{
  if (body_bytes > rules->max_body_bytes)
    return REFUSE (413, "the body is too large; send a shorter piece");
  if (route == PRAXI_ROUTE_CLIP && body_bytes != rules->clip_bytes)
    return REFUSE (400, "a clip is exactly frames x height x width x 3 bytes; see /health");
  if (body_bytes == 0)
    return REFUSE (400, "the body is empty; send a video file, or a clip");
  return REFUSE (0, NULL);
}

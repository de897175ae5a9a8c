/* Parts of the server by themselves: heads of requests, deadlines of connections, what a helper
 * that was taken over may say.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/clip-stream.h"
#include "app/serve-guests.h"
#include "app/serve-request.h"
#include "engine/core/error.h"

enum { T = 3, H = 2, W = 2, FRAME_BYTES = H * W * 3, CLIP_BYTES = T * FRAME_BYTES };

static const PraxiRequestRules rules = {.token = "s3cret",
                                        .max_body_bytes = 1000,
                                        .clip_bytes = CLIP_BYTES};

static const PraxiRequestHead good = {.method = "POST",
                                      .path = "/predict",
                                      .host = "127.0.0.1:80",
                                      .authorization = "Bearer s3cret",
                                      .content_length = "100",
                                      .n_lengths = 1};

static guint
check (PraxiRequestHead head, PraxiRoute *route)
{
  PraxiRoute unused;
  return praxi_request_check (&head, &rules, route != NULL ? route : &unused).code;
}

#define CHANGED(...)                                                                               \
  ({                                                                                               \
    PraxiRequestHead head = good;                                                                  \
    __VA_ARGS__;                                                                                   \
    head;                                                                                          \
  })

static void
test_routes (void)
{
  PraxiRoute route;
  g_assert_cmpuint (check (good, &route), ==, 0);
  g_assert_cmpint (route, ==, PRAXI_ROUTE_FOOTAGE);
  const PraxiRequestHead clip =
      CHANGED (head.content_type = PRAXI_SERVE_CLIP_TYPE, head.content_length = "36");
  g_assert_cmpuint (check (clip, &route), ==, 0);
  g_assert_cmpint (route, ==, PRAXI_ROUTE_CLIP);
  const PraxiRequestHead health = CHANGED (head.method = "GET", head.path = "/health",
                                           head.content_length = NULL, head.n_lengths = 0);
  g_assert_cmpuint (check (health, &route), ==, 0);
  g_assert_cmpint (route, ==, PRAXI_ROUTE_HEALTH);
  const PraxiRequestHead chunked =
      CHANGED (head.content_length = NULL, head.n_lengths = 0, head.transfer_encoding = "chunked");
  g_assert_cmpuint (check (chunked, NULL), ==, 0);
}

static void
test_refusals (void)
{
  const struct {
    guint code;
    PraxiRequestHead head;
  } cases[] = {
      {401, CHANGED (head.authorization = NULL)},
      {401, CHANGED (head.authorization = "Bearer ")},
      {401, CHANGED (head.authorization = "Bearer s3cre")},
      {401, CHANGED (head.authorization = "Bearer s3cret ")},
      {401, CHANGED (head.authorization = "Bearer s3crets3cret")},
      {401, CHANGED (head.authorization = "Basic s3cret")},
      {403, CHANGED (head.origin = "http://127.0.0.1")},
      {421, CHANGED (head.host = "evil.example")},
      {421, CHANGED (head.host = "127.0.0.1.evil.example")},
      {421, CHANGED (head.host = "localhosts")},
      {404, CHANGED (head.path = "/")},
      {404, CHANGED (head.path = "/predict/../etc/passwd")},
      {404, CHANGED (head.path = "/predict/")},
      {405, CHANGED (head.method = "GET")},
      {405, CHANGED (head.method = "PUT")},
      {405, CHANGED (head.path = "/health")},
      {411, CHANGED (head.content_length = NULL, head.n_lengths = 0)},
      {413, CHANGED (head.content_length = "1001")},
      {413, CHANGED (head.content_length = "9223372036854775807")},
      {400, CHANGED (head.content_length = "9223372036854775808")},
      {400, CHANGED (head.content_length = "-1")},
      {400, CHANGED (head.content_length = "0x10")},
      {400, CHANGED (head.content_length = "10, 10")},
      {400, CHANGED (head.n_lengths = 2)},
      {400, CHANGED (head.transfer_encoding = "chunked")},
      {400, CHANGED (head.transfer_encoding = "gzip, chunked", head.content_length = NULL,
                     head.n_lengths = 0)},
      {415, CHANGED (head.content_encoding = "gzip")},
      {400, CHANGED (head.content_type = PRAXI_SERVE_CLIP_TYPE)},
      {413, CHANGED (head.method = "GET", head.path = "/metrics")},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (check (cases[i].head, NULL) != cases[i].code)
      g_error ("case %u: %u", i, check (cases[i].head, NULL));
  g_assert_cmpuint (praxi_request_check_body (PRAXI_ROUTE_CLIP, 35, &rules).code, ==, 400);
  g_assert_cmpuint (praxi_request_check_body (PRAXI_ROUTE_CLIP, 36, &rules).code, ==, 0);
  g_assert_cmpuint (praxi_request_check_body (PRAXI_ROUTE_FOOTAGE, 0, &rules).code, ==, 400);
  g_assert_cmpuint (praxi_request_check_body (PRAXI_ROUTE_FOOTAGE, 1001, &rules).code, ==, 413);
}

typedef struct {
  PraxiGuest *guest;
  int pair[2];
} Visitor;

static Visitor
visit (PraxiGuests *guests)
{
  Visitor visitor;
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, visitor.pair), ==, 0);
  visitor.guest = praxi_guests_enter (guests, visitor.pair[0]);
  return visitor;
}

static gboolean
is_cut (const Visitor *visitor)
{
  char byte;
  return read (visitor->pair[1], &byte, 1) == 0;
}

static void
leave (PraxiGuests *guests, Visitor *visitor)
{
  praxi_guests_leave (guests, visitor->guest);
  close (visitor->pair[0]);
  close (visitor->pair[1]);
}

/* Who has sent a whole request keeps its place; of the others the slowest goes. */
static void
test_guests (void)
{
  const PraxiGuestRules few = {
      .max_guests = 3, .waiting_us = 1000000000, .sending_us = 20000, .taking_us = 1000000000};
  PraxiGuests *guests = praxi_guests_new (&few);
  Visitor a = visit (guests), b = visit (guests), c = visit (guests);
  praxi_guests_set (guests, a.guest, PRAXI_GUEST_SERVED);
  praxi_guests_set (guests, b.guest, PRAXI_GUEST_SENDING);
  Visitor d = visit (guests);
  g_assert_true (is_cut (&c));
  g_assert_false (is_cut (&a) || is_cut (&b) || is_cut (&d));
  leave (guests, &c);
  praxi_guests_set (guests, d.guest, PRAXI_GUEST_TAKING);
  Visitor e = visit (guests);
  g_assert_true (is_cut (&b));
  leave (guests, &b);
  praxi_guests_set (guests, e.guest, PRAXI_GUEST_SENDING);
  praxi_guests_check (guests);
  g_assert_false (is_cut (&e));
  g_usleep (30000);
  praxi_guests_check (guests);
  g_assert_true (is_cut (&e));
  g_assert_false (is_cut (&a) || is_cut (&d));
  const PraxiGuestCounts counts = praxi_guests_counts (guests);
  g_assert_cmpint (counts.guests, ==, 3);
  g_assert_cmpint (counts.requests, ==, 3);
  g_assert_cmpuint (counts.full, ==, 2);
  g_assert_cmpuint (counts.slow, ==, 1);
  leave (guests, &a);
  leave (guests, &d);
  leave (guests, &e);
  praxi_guests_free (guests);
}

/* Reads what some helper wrote. Returns the clips; the end or an error follows. */
static int
read_said (const void *bytes, gsize n, GError **error)
{
  int pair[2];
  g_assert_cmpint (pipe (pair), ==, 0);
  g_assert_cmpint (write (pair[1], bytes, n), ==, n);
  close (pair[1]);
  const PraxiClipStreamOptions options = {
      .frames = T, .height = H, .width = W, .rate_hz = 1, .max_windows = 2, .limit_ms = 5000};
  g_autoptr (PraxiClipStream) stream = praxi_clip_stream_new (pair[0], &options);
  int n_clips = 0;
  while (praxi_clip_stream_next (stream, error) != NULL)
    n_clips++;
  return n_clips;
}

static void
say (GByteArray *said, guint32 kind, guint32 value, gsize n_bytes)
{
  const PraxiClipMessage message = {.kind = kind, .value = value};
  g_autofree guint8 *bytes = g_malloc0 (n_bytes + 1);
  g_byte_array_append (said, (const guint8 *) &message, sizeof message);
  g_byte_array_append (said, bytes, (guint) n_bytes);
}

static void
expect (GByteArray *said, int n_clips, gboolean is_good)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpint (read_said (said->data, said->len, &error), ==, n_clips);
  g_assert_true ((error == NULL) == is_good);
  if (error != NULL)
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_byte_array_set_size (said, 0);
}

static void
test_helper_lies (void)
{
  g_autoptr (GByteArray) said = g_byte_array_new ();
  say (said, PRAXI_CLIP_MESSAGE_CLIP, T, CLIP_BYTES);
  say (said, PRAXI_CLIP_MESSAGE_CLIP, 1, FRAME_BYTES);
  say (said, PRAXI_CLIP_MESSAGE_END, 0, 0);
  expect (said, 2, TRUE);
  for (guint32 frames = 0; frames < T; frames++) { /* the first clip has to be whole */
    say (said, PRAXI_CLIP_MESSAGE_CLIP, frames, CLIP_BYTES);
    expect (said, 0, FALSE);
  }
  say (said, PRAXI_CLIP_MESSAGE_CLIP, T + 1, CLIP_BYTES + FRAME_BYTES);
  expect (said, 0, FALSE);
  say (said, PRAXI_CLIP_MESSAGE_CLIP, G_MAXUINT32, CLIP_BYTES);
  expect (said, 0, FALSE);
  for (int i = 0; i < 3; i++) /* more windows than are allowed */
    say (said, PRAXI_CLIP_MESSAGE_CLIP, T, CLIP_BYTES);
  expect (said, 2, FALSE);
  say (said, PRAXI_CLIP_MESSAGE_CLIP, T, CLIP_BYTES - 1); /* cut off */
  expect (said, 0, FALSE);
  say (said, PRAXI_CLIP_MESSAGE_END, 0, 0); /* nothing before it */
  expect (said, 0, FALSE);
  say (said, PRAXI_CLIP_MESSAGE_FAILED, G_MAXUINT32, 10);
  expect (said, 0, FALSE);
  say (said, PRAXI_CLIP_MESSAGE_FAILED, 10, 10);
  memset (said->data + sizeof (PraxiClipMessage), 0xff, 10);
  expect (said, 0, FALSE);
  say (said, 99, 0, 0);
  expect (said, 0, FALSE);
  expect (said, 0, FALSE); /* says nothing at all */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/serve/routes", test_routes);
  g_test_add_func ("/serve/refusals", test_refusals);
  g_test_add_func ("/serve/guests", test_guests);
  g_test_add_func ("/serve/helper-lies", test_helper_lies);
  return g_test_run ();
}

/* The head of a request to the server: lines, each for one field. */
#include "app/serve-request.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const PraxiRequestRules rules = {.token = "s3cret", .max_body_bytes = 1000, .clip_bytes = 36};
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 9);
  const char *fields[9] = {NULL};
  for (guint i = 0; i < 9 && lines[i] != NULL; i++)
    fields[i] = lines[i][0] != '\0' ? lines[i] : NULL;
  const PraxiRequestHead head = {.method = fields[0] != NULL ? fields[0] : "POST",
                                 .path = fields[1] != NULL ? fields[1] : "/predict",
                                 .host = fields[2],
                                 .authorization = fields[3],
                                 .content_type = fields[4],
                                 .content_length = fields[5],
                                 .n_lengths = fields[5] != NULL,
                                 .transfer_encoding = fields[6],
                                 .content_encoding = fields[7],
                                 .origin = fields[8]};
  PraxiRoute route;
  const PraxiRefusal refusal = praxi_request_check (&head, &rules, &route);
  /* Nobody gets in without the token. */
  if (refusal.code == 0)
    g_assert_true (g_str_has_suffix (head.authorization, " s3cret"));
  else
    g_assert_true (refusal.text != NULL && refusal.code >= 400 && refusal.code < 500);
  return 0;
}

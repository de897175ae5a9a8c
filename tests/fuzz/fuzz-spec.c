/* What a model says of itself: `praxi.spec`. What is taken is written and read again. */
#include "engine/model/spec.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (PraxiModelSpec) spec = praxi_model_spec_parse (text, NULL);
  if (spec == NULL)
    return 0;
  g_autofree char *written = praxi_model_spec_write (spec);
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModelSpec) again = praxi_model_spec_parse (written, &error);
  if (again == NULL)
    g_error ("%s: %s", error->message, written);
  return 0;
}

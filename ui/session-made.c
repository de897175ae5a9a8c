#include "ui/session-made.h"

#include "ui/session-jobs.h"
#include "ui/session-model.h"

static const char *const names[] = {[PRAXI_MADE_OWN] = "own.onnx",
                                    [PRAXI_MADE_LIGHTER] = "lighter.onnx",
                                    [PRAXI_MADE_TUNED] = "tuned.onnx"};

char *
praxi_session_made_path (PraxiSession *self, PraxiMadeModel which)
{
  return praxi_session_track_file (self, names[which]);
}

gboolean
praxi_session_has_made (PraxiSession *self, PraxiMadeModel which)
{
  g_autofree char *path = praxi_session_made_path (self, which);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
praxi_session_uses_made (PraxiSession *self, PraxiMadeModel which)
{
  g_autofree char *path = praxi_session_made_path (self, which);
  g_autofree char *used = praxi_session_model (self);
  return g_str_equal (path, used);
}

void
praxi_session_use_made (PraxiSession *self, PraxiMadeModel which, gboolean use)
{
  g_autofree char *path = praxi_session_made_path (self, which);
  if (use != praxi_session_uses_made (self, which))
    praxi_session_set_model (self, use ? path : "light");
}

void
praxi_session_compare_made (PraxiSession *self, PraxiMadeModel which)
{
  g_free (self->compared_model);
  self->compared_model = praxi_session_made_path (self, which);
  praxi_session_compare (self, NULL);
}

/* What models can run on. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const char *backend; /* "cpu", "ref", "cuda" */
  char *name;
  gint64 memory_bytes;
  gint64 free_bytes; /* of a card, now; 0 where it cannot be known */
  char *driver;      /* "" where there is none */
  gboolean is_usable;
  char *why;  /* "" for what is usable, else one sentence */
  char *note; /* "", or a sentence on what it uses besides: cuDNN */
} PraxiDevice;

/* An array of PraxiDevice, the best first; free with g_ptr_array_unref. */
GPtrArray *praxi_devices_list (void);

/* "Intel Xeon …"; free with g_free. */
char *praxi_device_processor_name (void);

G_END_DECLS

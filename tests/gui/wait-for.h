/* Runs the main loop until something is so, and fails after 20 seconds. */
#pragma once

#include <glib.h>

static inline gboolean
give_up_cb (gpointer what)
{
  g_error ("waited too long for %s", (const char *) what);
  return G_SOURCE_REMOVE;
}

#define wait_for(condition)                                                                        \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const guint source = g_timeout_add_seconds (20, give_up_cb, (gpointer) #condition);            \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
    g_source_remove (source);                                                                      \
  }                                                                                                \
  G_STMT_END

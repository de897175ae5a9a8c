#include "ui/watchdog.h"

#include <time.h>

#define LIMIT_US 50000

/* A source that never has anything to do: GLib asks it before it waits and after, and what lies
 * between the answer after and the next one before is what the sources did.
 */
typedef struct {
  GSource base;
  gint64 woke_us; /* 0 while waiting */
  gint64 woke_cpu_us;
  int n_blocked;
  gint64 worst_us;
} Watchdog;

static gint64
cpu_us (void)
{
  struct timespec now;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static gboolean
prepare (GSource *source, int *timeout_ms)
{
  Watchdog *self = (Watchdog *) source;
  const gint64 busy_us = self->woke_us != 0 ? g_get_monotonic_time () - self->woke_us : 0;
  *timeout_ms = -1;
  if (busy_us > LIMIT_US) {
    self->n_blocked++;
    self->worst_us = MAX (self->worst_us, busy_us);
    g_printerr ("main loop: blocked for %.0f ms, %.0f ms of it processor time (%d times, most "
                "%.0f ms)\n",
                (double) busy_us / 1e3, (double) (cpu_us () - self->woke_cpu_us) / 1e3,
                self->n_blocked, (double) self->worst_us / 1e3);
  }
  self->woke_us = 0;
  return FALSE;
}

static gboolean
check (GSource *source)
{
  Watchdog *self = (Watchdog *) source;
  self->woke_us = g_get_monotonic_time ();
  self->woke_cpu_us = cpu_us ();
  return FALSE;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

void
praxi_watchdog_start (void)
{
  static GSourceFuncs functions = {.prepare = prepare, .check = check, .dispatch = dispatch};
  if (g_getenv ("PRAXI_WATCHDOG") == NULL)
    return;
  GSource *source = g_source_new (&functions, sizeof (Watchdog));
  g_source_set_static_name (source, "praxi-watchdog");
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_attach (source, NULL);
  g_source_unref (source);
}

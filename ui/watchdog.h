/* Says on stderr when the main loop was busy for longer than it may be, if PRAXI_WATCHDOG is set:
 * for benches and tests. The clock counts, and the processor time tells how much of it was ours.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Watches the default main context from here on. Thread: main; once */
void praxi_watchdog_start (void);

G_END_DECLS

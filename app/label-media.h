/* Labels and the footage they are on. */
#pragma once

#include "app/cli.h"
#include "engine/store/exchange.h"

G_BEGIN_DECLS

/* `praxi label` with what looks at footage: how long it is, and which frames a time range covers.
 * probe, probe_data: NULL where praxi_label_wants_footage says FALSE of the same words
 */
PraxiExit praxi_label_run (int argc, char **argv, PraxiExchangeProbe probe, gpointer probe_data);

/* Whether these words of `praxi label` look at footage. */
gboolean praxi_label_wants_footage (int argc, char **argv);

G_END_DECLS

/* Which channels go. The pruner's inside. */
#pragma once

#include "engine/lighten/channels.h"
#include "engine/lighten/prune.h"

G_BEGIN_DECLS

/* Returns [praxi_channels_count + 1]: TRUE at the roots that go; free with g_free. */
gboolean *praxi_prune_choose (const PraxiChannels *channels, const PraxiPruneOptions *options);

G_END_DECLS

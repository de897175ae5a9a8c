#include "ui/lanes.h"

int
praxi_lanes_assign (const PraxiTimeSpan *spans, int n_spans, int *lanes)
{
  g_autoptr (GArray) ends_ns = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (int i = 0; i < n_spans; i++) {
    guint lane = 0;
    while (lane < ends_ns->len && g_array_index (ends_ns, gint64, lane) > spans[i].start_ns)
      lane++;
    if (lane == ends_ns->len)
      g_array_append_val (ends_ns, spans[i].end_ns);
    else
      g_array_index (ends_ns, gint64, lane) = spans[i].end_ns;
    lanes[i] = (int) lane;
  }
  return (int) ends_ns->len;
}

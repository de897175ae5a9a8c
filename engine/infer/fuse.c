#include "engine/infer/fuse.h"

#include "engine/model/fold.h"

gboolean
praxi_fuse (PraxiGraph *graph, GError **error)
{
  return praxi_graph_fold (graph, error);
}

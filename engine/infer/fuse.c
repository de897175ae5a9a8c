#include "engine/infer/fuse.h"

#include "engine/model/fold.h"

gboolean
praxi_fuse (PraxiGraph *graph, GError **error)
{
  praxi_fuse_quantized (graph);
  if (!praxi_graph_fold (graph, error))
    return FALSE;
  praxi_graph_fold_batch_norm (graph);
  praxi_fuse_activations (graph);
  return TRUE;
}

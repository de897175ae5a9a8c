/* Where oneDNN is not installed: it refuses everything. */
#include "bench-onednn.h"

#include <stddef.h>

OnednnConv *
onednn_conv_new (const BenchShape *shape,
                 OnednnForm form,
                 bool is_s8,
                 void *x,
                 void *w,
                 float scale,
                 void *y)
{
  return NULL;
}

void
onednn_conv_run (const OnednnConv *conv)
{
}

void
onednn_conv_free (OnednnConv *conv)
{
}

#include "kernels/backend.h"

static PraxiStatus
prepare (const PraxiBackend *backend,
         const PraxiOp *op,
         const PraxiTensor *const *in,
         int n_in,
         const PraxiTensor *const *out,
         int n_out,
         PraxiPool *pool,
         PraxiKernel **kernel)
{
  *kernel = NULL;
  return PRAXI_STATUS_UNSUPPORTED;
}

const PraxiBackend *
praxi_backend_cpu (void)
{
  static const PraxiBackend backend = {PRAXI_BACKEND_ABI, "cpu", "scalar", prepare};
  return &backend;
}

/* A backend: a device's memory and its prepared kernels, as a table of functions.
 * `ref` is plain loops and the truth; `cpu` is fast; `cuda` is loaded from praxi-cuda.so.
 */
#pragma once

#include "kernels/op.h"
#include "kernels/pool.h"

enum { PRAXI_BACKEND_ABI = 1 };

typedef struct PraxiBackend PraxiBackend;
typedef struct PraxiKernel PraxiKernel; /* one operator prepared for one place in a graph */

struct PraxiBackend {
  int abi;          /* PRAXI_BACKEND_ABI */
  const char *name; /* "ref", "cpu", "cuda" */
  const char
      *level; /* what it uses of the device: "avx512-vnni", "avx2" …; "" if there is one only */

  /* Prepares op for tensors of exactly these shapes, types and strides. Inputs that carry data are
   * constants: the kernel may pack them now and keep its own copy. The op is copied; what its
   * pointers lead to stays alive as long as the kernel.
   * Errors: UNSUPPORTED (the caller takes another backend for this operator), MEMORY
   */
  PraxiStatus (*prepare) (const PraxiBackend *backend,
                          const PraxiOp *op,
                          const PraxiTensor *const *in,
                          int n_in,
                          const PraxiTensor *const *out,
                          int n_out,
                          PraxiPool *pool,
                          PraxiKernel **kernel);

  /* Runs a prepared kernel; in and out carry data now, laid out as prepare was told. Allocates
   * nothing. scratch: kernel_scratch_bytes, 64-byte aligned.
   */
  PraxiStatus (*run) (PraxiKernel *kernel,
                      const PraxiTensor *const *in,
                      const PraxiTensor *const *out,
                      void *scratch,
                      PraxiPool *pool);

  size_t (*kernel_scratch_bytes) (const PraxiKernel *kernel);
  size_t (*kernel_weight_bytes) (const PraxiKernel *kernel); /* packed constants it keeps */
  const char *(*kernel_name) (
      const PraxiKernel *kernel); /* "conv-dense-vnni" …, for `praxi bench` */
  void (*kernel_free) (PraxiKernel *kernel);
};

const PraxiBackend *praxi_backend_ref (void);

/* The fastest level this processor has, or the one PRAXI_CPU names (avx512-vnni, avx-vnni, avx2,
 * scalar); a level the processor lacks is never used.
 */
const PraxiBackend *praxi_backend_cpu (void);

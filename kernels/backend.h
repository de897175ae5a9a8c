/* A backend: a device's memory and its prepared kernels, as a table of functions.
 * `ref` is plain loops and the truth; `cpu` is fast; `cuda` is loaded from praxi-cuda.so.
 */
#pragma once

#include "kernels/op.h"
#include "kernels/pool.h"

enum { PRAXI_BACKEND_ABI = 6, PRAXI_WHY_BYTES = 240 };

typedef struct PraxiBackend PraxiBackend;
typedef struct PraxiKernel PraxiKernel; /* one operator prepared for one place in a graph */
typedef struct PraxiRecording PraxiRecording;

typedef struct {
  size_t arena_bytes; /* reserved now */
  size_t peak_bytes;  /* the most that was reserved at once */
} PraxiDeviceStats;

/* Memory that the processor does not reach: tensors, scratch and packed constants of such a backend
 * lie there, and what it runs is done in order, some time before wait returns.
 * Errors: DEVICE (lost: a fault, or no answer for eight seconds; all that follows fails at once)
 */
typedef struct {
  /* One block, 256-byte aligned. MEMORY: over the budget, or the device has no more. */
  PraxiStatus (*reserve) (const PraxiBackend *backend, size_t bytes, void **memory);
  void (*release) (const PraxiBackend *backend, void *memory);
  /* Puts a kernel's packed constants to memory, kernel_weight_bytes of it, before the first run. */
  PraxiStatus (*place) (PraxiKernel *kernel, void *memory);
  PraxiStatus (*upload) (const PraxiBackend *backend, void *to, const void *from, size_t bytes);
  PraxiStatus (*download) (const PraxiBackend *backend, void *to, const void *from, size_t bytes);
  PraxiStatus (*wait) (const PraxiBackend *backend);
  /* What is run between the two is kept instead of done; recording_run does it again and again. */
  PraxiStatus (*recording_begin) (const PraxiBackend *backend);
  PraxiStatus (*recording_end) (const PraxiBackend *backend, PraxiRecording **recording);
  PraxiStatus (*recording_run) (const PraxiBackend *backend, const PraxiRecording *recording);
  void (*recording_free) (const PraxiBackend *backend, PraxiRecording *recording);
  void (*stats) (const PraxiBackend *backend, PraxiDeviceStats *stats);
  /* Why the device is lost, one sentence; "" while it works. */
  const char *(*failure) (const PraxiBackend *backend);
  /* A sentence (PRAXI_WHY_BYTES) about what was tried in vain and is done without, once. */
  bool (*remark) (const PraxiBackend *backend, char *said);
  /* The context and stream that a decoder has to use for pictures without a copy. */
  void (*interop) (const PraxiBackend *backend, void **context, void **stream);
  void (*close) (PraxiBackend *backend);
} PraxiDeviceTable;

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
  /* Packed constants it keeps: where not 0, a convolution or product never reads its weights again.
   */
  size_t (*kernel_weight_bytes) (const PraxiKernel *kernel);
  const char *(*kernel_name) (
      const PraxiKernel *kernel); /* "conv-dense-vnni" …, for `praxi bench` */
  void (*kernel_free) (PraxiKernel *kernel);

  const PraxiDeviceTable *device; /* NULL: works in the processor's memory */

  /* Drops packed constants of which another kernel has the very same: it reads those from now on,
   * and the other one lives longer. False where there are none, and nothing is dropped. NULL:
   * never.
   */
  bool (*share) (PraxiKernel *kernel, const PraxiKernel *with);
};

const PraxiBackend *praxi_backend_ref (void);

/* The fastest level this processor has, or the one PRAXI_CPU names (avx512-amx, avx512-vnni,
 * avx512-ymm, avx-vnni, avx2, scalar); a level the processor lacks is never used.
 */
const PraxiBackend *praxi_backend_cpu (void);

/* A backend from a plug-in, a shared object with the one symbol praxi_plugin_entry. */
typedef struct {
  char name[128];      /* of the device: "NVIDIA GeForce …" */
  char driver[32];     /* "CUDA 13.0"; "" where there is none */
  size_t memory_bytes; /* of the device */
  size_t free_bytes;   /* of that now; 0 where it cannot be known */
  bool is_usable;
  char why[PRAXI_WHY_BYTES]; /* one sentence where it is not */
} PraxiDeviceInfo;

typedef struct {
  size_t budget_bytes; /* the most that the backend may reserve; 0: what the device has */
  bool is_half;        /* f32 convolutions round their operands to f16; sums stay f32 */
} PraxiDeviceOptions;

typedef struct {
  int abi; /* PRAXI_BACKEND_ABI */
  /* Asks the driver; opens nothing. */
  void (*probe) (PraxiDeviceInfo *info);
  /* backend: with a device table; free with its close. One serves one thread at a time
   * Errors:  DEVICE, MEMORY; why says it in a sentence (PRAXI_WHY_BYTES)
   */
  PraxiStatus (*open) (const PraxiDeviceOptions *options, PraxiBackend **backend, char *why);
  /* A sentence (PRAXI_WHY_BYTES) about a library that convolutions may take besides; opens it. */
  void (*library) (char *said);
} PraxiPlugin;

typedef const PraxiPlugin *PraxiPluginEntry (int abi);

/* The CUDA plug-in, praxi-cuda.so: looked for in $PRAXI_PLUGINS, beside the program and in the
 * library folder, once. NULL where there is none; why says so in a sentence (PRAXI_WHY_BYTES).
 */
const PraxiPlugin *praxi_plugin_cuda (char *why);

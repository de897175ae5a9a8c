/* What the tests of the cpu backend share: tensors with room marked by ASan, levels, timing. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "kernels/backend.h"
#include "kernels/cpu/cpu.h"

/* The backends to test, NULL beyond the last: every level of cpu that this processor runs, best
 * first; with PRAXI_PLUGINS in the environment the device of the plug-in there instead.
 */
const PraxiBackend *test_level (int n);

/* Whether the executor has another backend for what this one has no kernel for. */
bool test_may_lack (const PraxiBackend *backend);

typedef enum { LAYOUT_ROW_MAJOR, LAYOUT_CHANNELS_LAST } Layout;

/* A tensor with malloc'ed data of exactly its size; test_tensor_clear frees it. */
PraxiTensor test_tensor (PraxiDType dtype, Layout layout, int rank, const int64_t *dims);
void test_tensor_clear (PraxiTensor *tensor);
int64_t test_count (const PraxiTensor *tensor);
size_t test_bytes (const PraxiTensor *tensor);

/* Fills with numbers that look random: floats in [−scale, scale], integers over their whole range.
 */
void test_fill (PraxiTensor *tensor, unsigned seed, float scale);

/* Elements in logical order, where the tensors' layouts may differ. */
float test_max_difference (const PraxiTensor *a, const PraxiTensor *b);

/* Prepares and runs once; FALSE where the backend has no such kernel. name: of the kernel, or NULL
 */
bool test_run (const PraxiBackend *backend,
               const PraxiOp *op,
               const PraxiTensor *const *in,
               int n_in,
               const PraxiTensor *const *out,
               int n_out,
               PraxiPool *pool,
               const char **name);

/* Runs op by ref and by every level, which must have a kernel for it unless it may lack it; fails
 * where they differ by more than limit.
 */
void test_check (const PraxiOp *op,
                 const PraxiTensor *const *in,
                 int n_in,
                 PraxiTensor *y,
                 PraxiPool *pool,
                 float limit);

/* The same, of a kernel that was prepared without the data of its inputs but the first. */
void test_check_unknown (const PraxiOp *op,
                         const PraxiTensor *const *in,
                         int n_in,
                         PraxiTensor *y,
                         PraxiPool *pool,
                         float limit);

/* Lower-quartile milliseconds of a prepared operator; negative where there is no kernel. */
double test_time_ms (const PraxiBackend *backend,
                     const PraxiOp *op,
                     const PraxiTensor *const *in,
                     int n_in,
                     const PraxiTensor *const *out,
                     int n_out,
                     PraxiPool *pool);

double test_time_unknown_ms (const PraxiBackend *backend,
                             const PraxiOp *op,
                             const PraxiTensor *const *in,
                             int n_in,
                             const PraxiTensor *const *out,
                             int n_out,
                             PraxiPool *pool);

/* True when the program was called with --bench: it then times and prints instead of testing. */
bool test_wants_bench (int argc, char **argv);

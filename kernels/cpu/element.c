/* Operators that work element by element, over any strides: rows whose step is 0 or 1 go straight
 * to the loops, others through a small buffer. Large tensors are split along one dimension.
 */
#include "kernels/cpu/chain-row.h"
#include "kernels/cpu/cpu.h"
#include "kernels/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 256, REPEATED = 1024, SPLIT_ELEMENTS = 16384, MAX_LANES = 16, MAX_OPERANDS = 3 };

typedef struct ElementKernel ElementKernel;

/* One run: n elements, the operands at, with steps of 0 or 1 each. */
typedef void
RunLoop (const ElementKernel *kernel, void *y, const void *const *x, const int *step, int64_t n);

struct ElementKernel {
  PraxiKernel base;
  const CpuLoops *loops;
  RunLoop *loop;
  UnaryOp op;
  float scale;
  int zero, low, high;
  bool a_signed;
  int a_zero;
  CpuEpilogue epilogue;
  float multiplier[MAX_LANES], offset[MAX_LANES];
  const uint8_t *table;
  CpuChain chain;
  int n_operands; /* inputs that are walked */
  int split_axis; /* of the output; −1: one thread does all */
};

typedef struct {
  const ElementKernel *kernel;
  const PraxiTensor *const *in;
  const PraxiTensor *out;
} Job;

static size_t
element_bytes (const PraxiTensor *tensor)
{
  return tensor->dtype == PRAXI_F32 ? 4 : 1;
}

typedef uint32_t __attribute__ ((may_alias)) Bits32;

/* n elements of 1 or 4 bytes. */
static void
copy_steps (const void *from, int64_t from_step, void *to, int64_t to_step, size_t bytes, int64_t n)
{
  if (bytes == 4)
    for (int64_t i = 0; i < n; i++)
      ((Bits32 *) to)[i * to_step] = ((const Bits32 *) from)[i * from_step];
  else
    for (int64_t i = 0; i < n; i++)
      ((uint8_t *) to)[i * to_step] = ((const uint8_t *) from)[i * from_step];
}

static void *
element_at (const PraxiTensor *tensor, int64_t at)
{
  return (char *) tensor->data + at * (int64_t) element_bytes (tensor);
}

/* A run whose operands do not all lie in a row: gathered and scattered piece by piece. */
static void
run_gathered (const ElementKernel *kernel, const PraxiRows *rows, const PraxiTensor *const *tensors)
{
  uint32_t buffers[MAX_OPERANDS + 1][BUFFER];
  for (int64_t begin = 0; begin < rows->length; begin += BUFFER) {
    const int64_t n = rows->length - begin < BUFFER ? rows->length - begin : BUFFER;
    const void *x[MAX_OPERANDS];
    const int step[MAX_OPERANDS] = {1, 1, 1};
    for (int k = 1; k <= kernel->n_operands; k++) {
      copy_steps (element_at (tensors[k], rows->at[k] + begin * rows->step[k]), rows->step[k],
                  buffers[k], 1, element_bytes (tensors[k]), n);
      x[k - 1] = buffers[k];
    }
    kernel->loop (kernel, buffers[0], x, step, n);
    copy_steps (buffers[0], 1, element_at (tensors[0], rows->at[0] + begin * rows->step[0]),
                rows->step[0], element_bytes (tensors[0]), n);
  }
}

static void
run_row (const ElementKernel *kernel, const PraxiRows *rows, const PraxiTensor *const *tensors)
{
  const void *x[MAX_OPERANDS];
  int step[MAX_OPERANDS];
  bool direct = rows->step[0] == 1 || rows->length == 1;
  for (int k = 1; k <= kernel->n_operands; k++) {
    x[k - 1] = (const char *) tensors[k]->data + rows->at[k] * (int64_t) element_bytes (tensors[k]);
    step[k - 1] = rows->step[k] != 0;
    direct = direct &&
             (rows->step[k] == 1 || rows->length == 1 ||
              (rows->step[k] == 0 && kernel->n_operands >= 2 && tensors[k]->dtype == PRAXI_F32));
  }
  if (direct)
    kernel->loop (kernel,
                  (char *) tensors[0]->data + rows->at[0] * (int64_t) element_bytes (tensors[0]), x,
                  step, rows->length);
  else
    run_gathered (kernel, rows, tensors);
}

/* Where channels are few and an operand has one number each, rows are short: some of them run as
 * one, beside the operand as often as it takes. Returns whether this is so; the walk stands at its
 * first row.
 */
static bool
run_repeated (const ElementKernel *kernel, const PraxiRows *rows, const PraxiTensor *const *tensors)
{
  const int64_t n = rows->length, repeats = REPEATED / n;
  const void *x[MAX_OPERANDS];
  int64_t advance[MAX_OPERANDS]; /* bytes from row to row */
  int step[MAX_OPERANDS];
  float room[MAX_OPERANDS][REPEATED];
  if (kernel->n_operands < 2 || rows->rank != 2 || repeats < 2 || rows->step[0] != 1 ||
      rows->strides[0][0] != n)
    return false;
  for (int k = 0; k < kernel->n_operands; k++) {
    const int64_t bytes = (int64_t) element_bytes (tensors[k + 1]);
    const int64_t outer = rows->strides[k + 1][0];
    step[k] = rows->step[k + 1] != 0;
    x[k] = (const char *) tensors[k + 1]->data + rows->at[k + 1] * bytes;
    advance[k] = outer * bytes;
    if (rows->step[k + 1] == 1 && outer == n)
      continue;
    if (bytes != 4 || outer != 0 || rows->step[k + 1] > 1 || rows->step[k + 1] < 0)
      return false;
    for (int64_t i = 0; step[k] && i < repeats; i++)
      memcpy (room[k] + i * n, x[k], (size_t) n * sizeof (float));
    x[k] = step[k] ? room[k] : x[k];
  }
  char *y = (char *) tensors[0]->data + rows->at[0] * (int64_t) element_bytes (tensors[0]);
  for (int64_t row = 0; row < rows->dims[0]; row += repeats) {
    const int64_t left = rows->dims[0] - row, now = left < repeats ? left : repeats;
    kernel->loop (kernel, y, x, step, now * n);
    y += now * n * (int64_t) element_bytes (tensors[0]);
    for (int k = 0; k < kernel->n_operands; k++)
      x[k] = (const char *) x[k] + now * advance[k];
  }
  return true;
}

/* Elements [begin, end) of the output's axis; operands broadcast along it stay whole. */
static PraxiTensor
cut (const PraxiTensor *tensor, int rank, int axis, int64_t begin, int64_t end)
{
  PraxiTensor part = *tensor;
  const int own = axis - (rank - tensor->rank);
  if (axis < 0 || own < 0 || tensor->dims[own] == 1)
    return part;
  part.dims[own] = end - begin;
  part.data =
      (char *) tensor->data + begin * tensor->strides[own] * (int64_t) element_bytes (tensor);
  return part;
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const ElementKernel *kernel = job->kernel;
  const int rank = job->out->rank, axis = kernel->split_axis;
  int64_t begin = 0, end = 0;
  if (axis >= 0)
    praxi_cpu_share (job->out->dims[axis], i, n, &begin, &end);
  if (axis >= 0 && begin == end)
    return;
  const PraxiTensor out = cut (job->out, rank, axis, begin, end);
  PraxiTensor in[MAX_OPERANDS];
  const PraxiTensor *tensors[MAX_OPERANDS + 1] = {&out};
  PraxiRows rows = praxi_rows_over (&out);
  for (int k = 0; k < kernel->n_operands; k++) {
    in[k] = cut (job->in[k], rank, axis, begin, end);
    tensors[k + 1] = &in[k];
    praxi_rows_add (&rows, &in[k]);
  }
  if (!praxi_rows_next (&rows) || run_repeated (kernel, &rows, tensors))
    return;
  do
    run_row (kernel, &rows, tensors);
  while (praxi_rows_next (&rows));
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const ElementKernel *kernel = (ElementKernel *) base;
  Job job = {kernel, in, out[0]};
  praxi_pool_run (kernel->split_axis < 0 ? NULL : pool, run_part, &job);
  return PRAXI_OK;
}

/* The axis of the largest stride that every thread gets a share of. */
static int
choose_split (const CpuPlace *place)
{
  const PraxiTensor *out = place->out[0];
  int64_t count = 1;
  int axis = -1;
  for (int i = 0; i < out->rank; i++) {
    count *= out->dims[i];
    if (out->dims[i] >= 2 * place->n_threads && (axis < 0 || out->strides[i] > out->strides[axis]))
      axis = i;
  }
  return place->n_threads > 1 && count >= SPLIT_ELEMENTS ? axis : -1;
}

static PraxiStatus
make_kernel (const CpuPlace *place,
             const char *name,
             RunLoop *loop,
             int n_operands,
             PraxiKernel **out)
{
  ElementKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base.name = name;
  kernel->base.run = run;
  kernel->loops = place->loops;
  kernel->loop = loop;
  kernel->n_operands = n_operands;
  kernel->op.kind = place->op->kind;
  kernel->op.alpha = place->op->alpha;
  kernel->op.beta = place->op->beta;
  kernel->split_axis = choose_split (place);
  return PRAXI_OK;
}

static void
unary_loop (const ElementKernel *kernel, void *y, const void *const *x, const int *step, int64_t n)
{
  kernel->loops->unary (&kernel->op, x[0], y, n);
}

static void
binary_loop (const ElementKernel *kernel, void *y, const void *const *x, const int *step, int64_t n)
{
  kernel->loops->binary (kernel->op.kind, x[0], step[0], x[1], step[1], y, n);
}

static void
compare_loop (const ElementKernel *kernel,
              void *y,
              const void *const *x,
              const int *step,
              int64_t n)
{
  kernel->loops->compare (kernel->op.kind, x[0], step[0], x[1], step[1], y, n);
}

static void
where_loop (const ElementKernel *kernel, void *y, const void *const *x, const int *step, int64_t n)
{
  kernel->loops->where (x[0], x[1], step[1], x[2], step[2], y, n);
}

static void
quantize_loop (const ElementKernel *kernel,
               void *y,
               const void *const *x,
               const int *step,
               int64_t n)
{
  kernel->loops->quantize (x[0], kernel->scale, kernel->zero, kernel->low, kernel->high, y, n);
}

static void
dequantize_loop (const ElementKernel *kernel,
                 void *y,
                 const void *const *x,
                 const int *step,
                 int64_t n)
{
  kernel->loops->dequantize (x[0], kernel->a_signed, kernel->scale, kernel->zero, y, n);
}

static void
add_bytes_loop (const ElementKernel *kernel,
                void *y,
                const void *const *x,
                const int *step,
                int64_t n)
{
  CpuEpilogue epilogue = kernel->epilogue;
  epilogue.multiplier = kernel->multiplier;
  epilogue.bias = kernel->offset;
  kernel->loops->add_bytes (&epilogue, x[0], kernel->a_signed, kernel->a_zero, x[1], y, n);
}

static void
look_up_loop (const ElementKernel *kernel,
              void *y,
              const void *const *x,
              const int *step,
              int64_t n)
{
  kernel->loops->look_up (kernel->table, x[0], y, n);
}

static void
chain_loop (const ElementKernel *kernel, void *y, const void *const *x, const int *step, int64_t n)
{
  praxi_cpu_chain_row (&kernel->chain, y, x, step, n);
}

/* The limits of Clip, from inputs or parameters; false where an input is not known yet. */
static bool
find_limits (const CpuPlace *place, float *low, float *high)
{
  const PraxiTensor *min = praxi_cpu_input (place, 1), *max = praxi_cpu_input (place, 2);
  if ((min && !min->data) || (max && !max->data))
    return false;
  *low = min ? *(const float *) min->data : place->op->has_min ? place->op->alpha : -INFINITY;
  *high = max ? *(const float *) max->data : place->op->has_max ? place->op->beta : INFINITY;
  return true;
}

PraxiStatus
praxi_cpu_unary (const CpuPlace *place, PraxiKernel **out)
{
  float limits[2] = {0, 0}, dummy = 0;
  const bool is_clip = place->op->kind == PRAXI_OP_CLIP;
  const UnaryOp op = {.kind = place->op->kind};
  if (place->in[0]->dtype != PRAXI_F32 || place->out[0]->dtype != PRAXI_F32 ||
      !place->loops->unary (&op, &dummy, &dummy, 0) ||
      (is_clip && !find_limits (place, &limits[0], &limits[1])))
    return PRAXI_STATUS_UNSUPPORTED;
  const PraxiStatus status = make_kernel (place, "unary-f32", unary_loop, 1, out);
  if (status == PRAXI_OK && is_clip) {
    ((ElementKernel *) *out)->op.alpha = limits[0];
    ((ElementKernel *) *out)->op.beta = limits[1];
  }
  return status;
}

PraxiStatus
praxi_cpu_binary (const CpuPlace *place, PraxiKernel **out)
{
  float dummy = 0;
  if (place->n_in != 2 || !place->in[1] || place->in[0]->dtype != PRAXI_F32 ||
      place->in[1]->dtype != PRAXI_F32 || place->out[0]->dtype != PRAXI_F32 ||
      !place->loops->binary (place->op->kind, &dummy, 0, &dummy, 0, &dummy, 0))
    return PRAXI_STATUS_UNSUPPORTED;
  return make_kernel (place, "binary-f32", binary_loop, 2, out);
}

PraxiStatus
praxi_cpu_compare (const CpuPlace *place, PraxiKernel **out)
{
  if (place->in[0]->dtype != PRAXI_F32 || place->in[1]->dtype != PRAXI_F32)
    return PRAXI_STATUS_UNSUPPORTED;
  return make_kernel (place, "compare-f32", compare_loop, 2, out);
}

PraxiStatus
praxi_cpu_where (const CpuPlace *place, PraxiKernel **out)
{
  if (place->in[1]->dtype != PRAXI_F32 || place->in[2]->dtype != PRAXI_F32)
    return PRAXI_STATUS_UNSUPPORTED;
  return make_kernel (place, "where-f32", where_loop, 3, out);
}

/* Truth values are bytes of scale 1. */
PraxiStatus
praxi_cpu_cast (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiDType from = place->in[0]->dtype;
  if ((from != PRAXI_BOOL && !praxi_dtype_is_byte (place->in[0]->dtype)) ||
      place->out[0]->dtype != PRAXI_F32)
    return PRAXI_STATUS_UNSUPPORTED;
  const PraxiStatus status = make_kernel (place, "cast-bytes", dequantize_loop, 1, out);
  if (status == PRAXI_OK) {
    ((ElementKernel *) *out)->scale = 1;
    ((ElementKernel *) *out)->a_signed = from == PRAXI_S8;
  }
  return status;
}

/* A constant scale and zero point for the whole tensor. */
static bool
find_quantizer (const CpuPlace *place, const PraxiTensor *bytes, float *scale, int *zero)
{
  const PraxiTensor *s = praxi_cpu_input (place, 1), *z = praxi_cpu_input (place, 2);
  if (!s || !s->data || s->dtype != PRAXI_F32 || (s->rank > 0 && (s->rank > 1 || s->dims[0] != 1)))
    return false;
  if (z &&
      (!z->data || z->dtype != bytes->dtype || (z->rank > 0 && (z->rank > 1 || z->dims[0] != 1))))
    return false;
  *scale = *(const float *) s->data;
  *zero = !z ? 0 : z->dtype == PRAXI_S8 ? *(const int8_t *) z->data : *(const uint8_t *) z->data;
  return praxi_dtype_is_byte (bytes->dtype);
}

PraxiStatus
praxi_cpu_quantize (const CpuPlace *place, PraxiKernel **out)
{
  const bool back = place->op->kind == PRAXI_OP_DEQUANTIZE_LINEAR;
  const PraxiTensor *bytes = back ? place->in[0] : place->out[0];
  const PraxiTensor *floats = back ? place->out[0] : place->in[0];
  float scale;
  int zero;
  if (floats->dtype != PRAXI_F32 || !find_quantizer (place, bytes, &scale, &zero))
    return praxi_cpu_quantize_channels (place, out);
  const PraxiStatus status = make_kernel (place, back ? "dequantize" : "quantize",
                                          back ? dequantize_loop : quantize_loop, 1, out);
  if (status != PRAXI_OK)
    return status;
  ElementKernel *kernel = (ElementKernel *) *out;
  kernel->scale = scale;
  kernel->zero = zero;
  kernel->a_signed = bytes->dtype == PRAXI_S8;
  kernel->low = kernel->a_signed ? -128 : 0;
  kernel->high = kernel->low + 255;
  return PRAXI_OK;
}

PraxiStatus
praxi_cpu_add_bytes (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiRequantize *r = &place->op->requantize;
  if (place->n_in != 2 || !place->in[1] || !praxi_dtype_is_byte (place->in[0]->dtype) ||
      !praxi_dtype_is_byte (place->in[1]->dtype) || !praxi_dtype_is_byte (place->out[0]->dtype))
    return PRAXI_STATUS_UNSUPPORTED;
  const PraxiStatus status = make_kernel (place, "add-bytes", add_bytes_loop, 2, out);
  if (status != PRAXI_OK)
    return status;
  ElementKernel *kernel = (ElementKernel *) *out;
  kernel->a_signed = place->in[0]->dtype == PRAXI_S8;
  kernel->a_zero = r->input_zero;
  kernel->epilogue = (CpuEpilogue){.residual_signed = place->in[1]->dtype == PRAXI_S8,
                                   .residual_zero = r->residual_zero,
                                   .residual_multiplier = r->residual_multiplier,
                                   .zero = r->output_zero,
                                   .low = (float) (r->low - r->output_zero),
                                   .high = (float) (r->high - r->output_zero)};
  const float offset = r->offset ? r->offset[0] : 0;
  kernel->epilogue.fits = r->low <= r->high && fabsf (r->multiplier[0]) < 1 << 20 &&
                          fabsf (r->residual_multiplier) < 1 << 20 && fabsf (offset) < 1 << 29;
  for (int i = 0; i < MAX_LANES; i++) {
    kernel->multiplier[i] = r->multiplier[0];
    kernel->offset[i] = offset;
  }
  return PRAXI_OK;
}

PraxiStatus
praxi_cpu_look_up (const CpuPlace *place, PraxiKernel **out)
{
  if (!praxi_dtype_is_byte (place->in[0]->dtype) || !praxi_dtype_is_byte (place->out[0]->dtype) ||
      !place->op->table)
    return PRAXI_STATUS_UNSUPPORTED;
  const PraxiStatus status = make_kernel (place, "look-up", look_up_loop, 1, out);
  if (status == PRAXI_OK)
    ((ElementKernel *) *out)->table = place->op->table;
  return status;
}

PraxiStatus
praxi_cpu_chain (const CpuPlace *place, PraxiKernel **out)
{
  for (int i = 0; i < place->n_in; i++)
    if (!place->in[i])
      return PRAXI_STATUS_UNSUPPORTED;
  PraxiStatus status = praxi_cpu_chain_channels (place, out);
  if (status != PRAXI_STATUS_UNSUPPORTED)
    return status;
  status = make_kernel (place, "chain", chain_loop, place->n_in, out);
  if (status == PRAXI_OK)
    praxi_cpu_chain_init (&((ElementKernel *) *out)->chain, place);
  return status;
}

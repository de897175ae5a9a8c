/* QConv by cuDNN, bit for bit the own kernel's.
 *
 * cuDNN multiplies s8 by s8, pads with zeros and stores what a float rounds to. Where the bytes are
 * u8, or their zero point is another and padding is there, either cuDNN takes them as they lie, or
 * a copy is made first: as s8, its border filled with the zero point, whose share `base` takes
 * away. Rounding is forced to nearest even by adding and taking away 1.5 · 2^23, so that a zero
 * point can be added after it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/tune.h"

struct CudnnBytes {
  CudnnBytesOwn own;
  CudaConvBytes args; /* while it is tried */
  CudnnProblem problem;
  CudnnPlan plan;
  uint8_t *room; /* copy of x, copy of the residual, the plan's workspace */
  size_t x_bytes, residual_bytes;
  bool pads, flips_x, flips_residual, flips_y;
  float scalars[CUDNN_ROLES];
};

/* How a convolution may be put to cuDNN. */
typedef struct {
  bool is_signed; /* by copies as s8 */
  bool rounds;
} Form;

static const float magic = 12582912; /* 1.5 · 2^23: f32 has no half beyond it */

/* As many frames, rows and columns as the windows reach over, none of them padding. */
static bool
enlarge (CudaWindow *w)
{
  int64_t bytes = (int64_t) w->batch * w->channels;
  for (int a = 0; a < 3; a++) {
    const int reach = (w->out[a] - 1) * w->stride[a] + w->dilation[a] * (w->kernel[a] - 1) + 1;
    const int whole = w->in[a] + w->pad[a];
    w->in[a] = reach > whole ? reach : whole;
    w->pad[a] = 0;
    bytes *= w->in[a];
  }
  return bytes <= INT32_MAX;
}

static bool
has_padding (const CudaWindow *w)
{
  CudaWindow whole = *w;
  enlarge (&whole);
  return whole.in[0] != w->in[0] || whole.in[1] != w->in[1] || whole.in[2] != w->in[2];
}

/* False where the form does not fit. */
static bool
take_form (CudnnBytes *conv, const Form *form)
{
  const CudaConvBytes *args = &conv->args;
  const bool y_is_u8 = conv->own.y_type == PRAXI_U8, x_is_u8 = args->x_is_u8;
  const int32_t x_zero = form->is_signed && x_is_u8 ? args->x_zero - 128 : args->x_zero;
  conv->flips_x = form->is_signed && x_is_u8;
  conv->flips_y = form->is_signed && y_is_u8;
  conv->flips_residual = form->is_signed && args->residual && args->residual_is_u8;
  conv->pads = form->is_signed && x_zero != 0 && has_padding (&args->w);
  if (form->is_signed ? !x_is_u8 && !y_is_u8 && !conv->flips_residual && x_zero == 0
                      : x_zero != 0 && (x_is_u8 || has_padding (&args->w)))
    return false;
  if (x_zero != 0 && !conv->own.base)
    return false;
  const int32_t y_zero = args->r.zero - (conv->flips_y ? 128 : 0);
  if (!form->rounds && y_zero != 0)
    return false;
  conv->problem = (CudnnProblem){
      .w = args->w,
      .w_channels = (args->w.channels + 15) / 16 * 16,
      .x_type = x_is_u8 && !conv->flips_x ? DNN_DATA_UINT8 : DNN_DATA_INT8,
      .y_type = y_is_u8 && !conv->flips_y ? DNN_DATA_UINT8 : DNN_DATA_INT8,
      .residual_type = !args->residual                                 ? CUDNN_NONE
                       : args->residual_is_u8 && !conv->flips_residual ? DNN_DATA_UINT8
                                                                       : DNN_DATA_INT8,
      .has_base = x_zero != 0,
      .has_multiplier = true,
      .has_offset = true,
      .scales_residual = args->residual != NULL,
      .activation = CUDNN_NONE,
      .clips = true,
      .low = args->r.low,
      .high = args->r.high,
      .rounds = form->rounds,
  };
  if (conv->pads && !enlarge (&conv->problem.w))
    return false;
  conv->x_bytes = conv->pads || conv->flips_x
                      ? praxi_cudnn_aligned ((size_t) praxi_cudnn_inputs (&conv->problem.w))
                      : 0;
  conv->residual_bytes =
      conv->flips_residual ? praxi_cudnn_aligned ((size_t) praxi_cudnn_outputs (&conv->args.w)) : 0;
  conv->scalars[CUDNN_MAGIC] = magic;
  conv->scalars[CUDNN_UNMAGIC] = magic - (float) y_zero;
  return true;
}

/* s8 of u8 or back; from and to may be the same. */
static PraxiStatus
flip (const CudnnBytes *conv, const uint8_t *from, uint8_t *to, int32_t count)
{
  CudaBackend *backend = conv->own.backend;
  CudaElement args = {.walk = {.rank = 1, .count = count, .dims = {count}},
                      .in = {from, backend->cudnn->signs},
                      .out = to};
  args.walk.strides[0][0] = args.walk.strides[1][0] = 1;
  return praxi_cuda_launch (backend, CUDA_look_up, count, 256, 1, &args);
}

/* A copy with a border of the zero point. */
static PraxiStatus
pad (const CudnnBytes *conv, const CudaConvBytes *args)
{
  const CudaWindow *from = &args->w, *to = &conv->problem.w;
  CudaCopy copy = {.in = args->x, .out = conv->room, .size = 1, .value = (uint8_t) args->x_zero};
  CudaWalk *walk = &copy.walk;
  const int32_t dims[] = {to->batch, to->in[0], to->in[1], to->in[2], to->channels};
  const int32_t inner[] = {from->batch, from->in[0], from->in[1], from->in[2], from->channels};
  walk->rank = 5;
  walk->count = praxi_cudnn_inputs (to);
  for (int d = 4, step = 1, inner_step = 1; d >= 0; d--) {
    walk->dims[d] = dims[d];
    walk->strides[0][d] = step;
    walk->strides[1][d] = inner_step;
    copy.low[d] = d > 0 && d < 4 ? from->pad[d - 1] : 0;
    copy.high[d] = copy.low[d] + inner[d];
    step *= dims[d];
    inner_step *= inner[d];
  }
  return praxi_cuda_launch (conv->own.backend, CUDA_pad, walk->count, 256, 1, &copy);
}

/* What the graph reads instead of x and the residual. */
static PraxiStatus
make_copies (const CudnnBytes *conv, const CudaConvBytes *args)
{
  PraxiStatus status = conv->pads ? pad (conv, args) : PRAXI_OK;
  if (status == PRAXI_OK && conv->flips_x)
    status = flip (conv, conv->pads ? conv->room : args->x, conv->room,
                   praxi_cudnn_inputs (&conv->problem.w));
  if (status == PRAXI_OK && conv->flips_residual)
    status =
        flip (conv, args->residual, conv->room + conv->x_bytes, praxi_cudnn_outputs (&args->w));
  return status;
}

static PraxiStatus
run_with (CudnnBytes *conv, const CudaConvBytes *args, const float *base)
{
  CudaBackend *backend = conv->own.backend;
  PraxiStatus status = make_copies (conv, args);
  conv->scalars[CUDNN_RESIDUAL_ZERO] =
      (float) (args->r.residual_zero - (conv->flips_residual ? 128 : 0));
  conv->scalars[CUDNN_RESIDUAL_MULTIPLIER] = args->r.residual_multiplier;
  const CudnnProblem *p = &conv->problem;
  void *pointers[CUDNN_ROLES] = {
      [CUDNN_X] = conv->x_bytes > 0 ? conv->room : praxi_cudnn_pointer (args->x),
      [CUDNN_W] = praxi_cudnn_pointer (args->weight),
      [CUDNN_Y] = args->y,
      [CUDNN_BASE] = p->has_base ? praxi_cudnn_pointer (base) : NULL,
      [CUDNN_MULTIPLIER] = praxi_cudnn_pointer (args->r.multiplier),
      [CUDNN_OFFSET] = praxi_cudnn_pointer (args->r.offset),
      [CUDNN_RESIDUAL] =
          conv->flips_residual ? conv->room + conv->x_bytes : praxi_cudnn_pointer (args->residual),
  };
  for (int role = CUDNN_FIRST_SCALAR; role < CUDNN_ROLES; role++)
    if (role >= CUDNN_MAGIC ? p->rounds : p->scales_residual)
      pointers[role] = &conv->scalars[role];
  if (status == PRAXI_OK &&
      praxi_cudnn_plan_run (&backend->cudnn->target, &conv->plan, pointers,
                            conv->room + conv->x_bytes + conv->residual_bytes) != 0)
    status = PRAXI_STATUS_UNSUPPORTED;
  return status == PRAXI_OK && conv->flips_y
             ? flip (conv, args->y, args->y, praxi_cudnn_outputs (&args->w))
             : status;
}

PraxiStatus
praxi_cudnn_bytes_run (CudnnBytes *conv, const CudaConvBytes *args)
{
  return run_with (conv, args, conv->own.base);
}

static PraxiStatus
run_cb (void *conv, void *args)
{
  return praxi_cudnn_bytes_run (conv, args);
}

static PraxiStatus
examine (void *data, bool *is_good, char *verdict)
{
  CudnnBytes *conv = data;
  return praxi_cudnn_exam (&conv->own, &conv->args, conv, run_with, is_good, verdict);
}

CudnnBytes *
praxi_cudnn_bytes (const CudnnBytesOwn *own, const CudaConvBytes *args, float own_ms)
{
  static const Form forms[] = {{false, false}, {false, true}, {true, false}, {true, true}};
  CudnnBytes *conv = praxi_cudnn_state (own->backend) ? calloc (1, sizeof *conv) : NULL;
  if (!conv)
    return NULL;
  conv->own = *own;
  conv->args = *args;
  for (size_t i = 0; i < sizeof forms / sizeof *forms && !own->backend->is_lost; i++) {
    if (!take_form (conv, &forms[i]))
      continue;
    const CudnnTrial trial = {.backend = own->backend,
                              .problem = &conv->problem,
                              .own_ms = own_ms,
                              .plan = &conv->plan,
                              .workspace = &conv->room,
                              .before = conv->x_bytes + conv->residual_bytes,
                              .run = run_cb,
                              .examine = examine,
                              .conv = conv,
                              .args = &conv->args};
    const CudnnOutcome outcome = praxi_cudnn_try (&trial);
    if (outcome == CUDNN_CHOSEN)
      return conv;
    if (outcome == CUDNN_SLOWER) /* the forms that follow do more */
      break;
  }
  free (conv);
  return NULL;
}

void
praxi_cudnn_bytes_free (CudnnBytes *conv)
{
  if (!conv)
    return;
  if (conv->plan.descriptor && !conv->own.backend->is_lost) /* it would wait for the device */
    praxi_cudnn_plan_clear (conv->own.backend->cudnn->target.library, &conv->plan);
  free (conv);
}

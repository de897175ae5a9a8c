/* A convolution and what follows it as cuDNN's descriptors. */
#include <stdio.h>
#include <string.h>

#include "kernels/cuda/cudnn.h"

enum { RANK = 5, AXES = 3, MAX_OPS = 16, FIRST_VIRTUAL = 100 };

/* Keeps the first status that is not 0, so that descriptors are set one after the other. */
typedef struct {
  CudnnGraph *graph;
  const CudnnProblem *problem;
  int status, n_ops, n_virtual;
  CudnnDescriptor ops[MAX_OPS], last; /* last: the tensor that the next operation reads */
} Builder;

static CudnnDescriptor
create (Builder *b, int type)
{
  CudnnGraph *graph = b->graph;
  CudnnDescriptor made = NULL;
  if (b->status == 0)
    b->status = graph->library->descriptor_create (type, &made);
  if (b->status == 0)
    graph->all[graph->n++] = made;
  return made;
}

static void
set (Builder *b, CudnnDescriptor of, int name, int type, int64_t count, const void *data)
{
  if (b->status == 0)
    b->status = b->graph->library->set (of, name, type, count, data);
}

static void
set_number (Builder *b, CudnnDescriptor of, int name, int type, int32_t number)
{
  set (b, of, name, type, 1, &number);
}

static void
set_descriptor (Builder *b, CudnnDescriptor of, int name, CudnnDescriptor value)
{
  set (b, of, name, DNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

static void
finalize (Builder *b, CudnnDescriptor of)
{
  if (b->status == 0)
    b->status = b->graph->library->finalize (of);
}

typedef struct {
  int64_t id, dims[RANK], room; /* room: of channels, at least dims[1] */
  int type;
  bool is_virtual, is_value;
} Shape;

static CudnnDescriptor
tensor (Builder *b, const Shape *s)
{
  const int64_t *d = s->dims, row = d[4] * s->room, alignment = s->is_value ? 4 : 16;
  const int64_t strides[RANK] = {d[2] * d[3] * row, 1, d[3] * row, row, s->room};
  CudnnDescriptor made = create (b, DNN_BACKEND_TENSOR_DESCRIPTOR);
  set (b, made, DNN_ATTR_TENSOR_UNIQUE_ID, DNN_TYPE_INT64, 1, &s->id);
  set_number (b, made, DNN_ATTR_TENSOR_DATA_TYPE, DNN_TYPE_DATA_TYPE, s->type);
  set (b, made, DNN_ATTR_TENSOR_DIMENSIONS, DNN_TYPE_INT64, RANK, s->dims);
  set (b, made, DNN_ATTR_TENSOR_STRIDES, DNN_TYPE_INT64, RANK, strides);
  set (b, made, DNN_ATTR_TENSOR_BYTE_ALIGNMENT, DNN_TYPE_INT64, 1, &alignment);
  set (b, made, DNN_ATTR_TENSOR_IS_VIRTUAL, DNN_TYPE_BOOLEAN, 1, &s->is_virtual);
  if (s->is_value)
    set (b, made, DNN_ATTR_TENSOR_IS_BY_VALUE, DNN_TYPE_BOOLEAN, 1, &s->is_value);
  finalize (b, made);
  return made;
}

static CudnnDescriptor
picture (Builder *b, int64_t id, int type, bool is_virtual)
{
  const CudaWindow *w = &b->problem->w;
  const Shape shape = {.id = id,
                       .dims = {w->batch, w->outputs, w->out[0], w->out[1], w->out[2]},
                       .room = w->outputs,
                       .type = type,
                       .is_virtual = is_virtual};
  return tensor (b, &shape);
}

static CudnnDescriptor
between (Builder *b, int type)
{
  return picture (b, FIRST_VIRTUAL + b->n_virtual++, type, true);
}

static CudnnDescriptor
operand (Builder *b, CudnnRole role)
{
  const bool is_value = role >= CUDNN_FIRST_SCALAR;
  const int64_t channels = is_value ? 1 : b->problem->w.outputs;
  const Shape shape = {.id = role + 1,
                       .dims = {1, channels, 1, 1, 1},
                       .room = channels,
                       .type = DNN_DATA_FLOAT,
                       .is_value = is_value};
  return tensor (b, &shape);
}

/* Post-padding that gives just the outputs that there are. */
static void
set_window (Builder *b, CudnnDescriptor conv)
{
  const CudaWindow *w = &b->problem->w;
  int64_t stride[AXES], dilation[AXES], before[AXES], after[AXES], axes = AXES;
  for (int a = 0; a < AXES; a++) {
    stride[a] = w->stride[a];
    dilation[a] = w->dilation[a];
    before[a] = w->pad[a];
    const int64_t reach = (w->out[a] - 1) * stride[a] + dilation[a] * (w->kernel[a] - 1) + 1;
    after[a] = reach - w->in[a] - before[a] > 0 ? reach - w->in[a] - before[a] : 0;
  }
  set (b, conv, DNN_ATTR_CONVOLUTION_SPATIAL_DIMS, DNN_TYPE_INT64, 1, &axes);
  set (b, conv, DNN_ATTR_CONVOLUTION_FILTER_STRIDES, DNN_TYPE_INT64, AXES, stride);
  set (b, conv, DNN_ATTR_CONVOLUTION_DILATIONS, DNN_TYPE_INT64, AXES, dilation);
  set (b, conv, DNN_ATTR_CONVOLUTION_PRE_PADDINGS, DNN_TYPE_INT64, AXES, before);
  set (b, conv, DNN_ATTR_CONVOLUTION_POST_PADDINGS, DNN_TYPE_INT64, AXES, after);
}

static void
add_op (Builder *b, CudnnDescriptor op, CudnnDescriptor result)
{
  finalize (b, op);
  b->ops[b->n_ops++] = op;
  b->last = result;
}

static void
add_conv (Builder *b, bool is_last)
{
  const CudnnProblem *p = b->problem;
  const CudaWindow *w = &p->w;
  const bool is_bytes = p->x_type == DNN_DATA_INT8 || p->x_type == DNN_DATA_UINT8;
  const int sums = is_bytes ? DNN_DATA_INT32 : DNN_DATA_FLOAT;
  const float alpha = 1, beta = 0;
  const Shape x = {.id = CUDNN_X + 1,
                   .dims = {w->batch, w->channels, w->in[0], w->in[1], w->in[2]},
                   .room = w->channels,
                   .type = p->x_type};
  const Shape filter = {.id = CUDNN_W + 1,
                        .dims = {w->outputs, w->channels, w->kernel[0], w->kernel[1], w->kernel[2]},
                        .room = p->w_channels,
                        .type = is_bytes ? DNN_DATA_INT8 : p->x_type};
  CudnnDescriptor xs = tensor (b, &x), ws = tensor (b, &filter);
  CudnnDescriptor ys = is_last ? picture (b, CUDNN_Y + 1, p->y_type, false) : between (b, sums);
  CudnnDescriptor conv = create (b, DNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  set_number (b, conv, DNN_ATTR_CONVOLUTION_COMP_TYPE, DNN_TYPE_DATA_TYPE, sums);
  set_number (b, conv, DNN_ATTR_CONVOLUTION_CONV_MODE, DNN_TYPE_CONVOLUTION_MODE,
              DNN_CROSS_CORRELATION);
  set_window (b, conv);
  finalize (b, conv);
  CudnnDescriptor op = create (b, DNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
  set_descriptor (b, op, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, conv);
  set_descriptor (b, op, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, xs);
  set_descriptor (b, op, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, ws);
  set_descriptor (b, op, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, ys);
  set (b, op, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, DNN_TYPE_FLOAT, 1, &alpha);
  set (b, op, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, DNN_TYPE_FLOAT, 1, &beta);
  add_op (b, op, ys);
}

typedef struct {
  int mode;
  CudnnRole with; /* CUDNN_ROLES: nothing */
  bool clips;
} Step;

/* from: what the step reads, b->last or the residual. */
static void
add_step (Builder *b, const Step *step, CudnnDescriptor from, CudnnDescriptor with, bool is_last)
{
  const CudnnProblem *p = b->problem;
  CudnnDescriptor how = create (b, DNN_BACKEND_POINTWISE_DESCRIPTOR);
  const double low = p->low, high = p->high;
  set_number (b, how, DNN_ATTR_POINTWISE_MODE, DNN_TYPE_POINTWISE_MODE, step->mode);
  set_number (b, how, DNN_ATTR_POINTWISE_MATH_PREC, DNN_TYPE_DATA_TYPE, DNN_DATA_FLOAT);
  if (step->clips) {
    set (b, how, DNN_ATTR_POINTWISE_RELU_LOWER_CLIP, DNN_TYPE_DOUBLE, 1, &low);
    set (b, how, DNN_ATTR_POINTWISE_RELU_UPPER_CLIP, DNN_TYPE_DOUBLE, 1, &high);
  }
  finalize (b, how);
  CudnnDescriptor y =
      is_last ? picture (b, CUDNN_Y + 1, p->y_type, false) : between (b, DNN_DATA_FLOAT);
  CudnnDescriptor op = create (b, DNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  set_descriptor (b, op, DNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how);
  set_descriptor (b, op, DNN_ATTR_OPERATION_POINTWISE_XDESC, from);
  if (with)
    set_descriptor (b, op, DNN_ATTR_OPERATION_POINTWISE_BDESC, with);
  set_descriptor (b, op, DNN_ATTR_OPERATION_POINTWISE_YDESC, y);
  add_op (b, op, y);
}

/* (residual − zero) · multiplier, or the residual as it is. */
static CudnnDescriptor
residual (Builder *b)
{
  CudnnDescriptor sum = b->last, r = picture (b, CUDNN_RESIDUAL + 1, b->problem->residual_type, 0);
  if (!b->problem->scales_residual)
    return r;
  const Step take = {.mode = DNN_POINTWISE_SUB}, scale = {.mode = DNN_POINTWISE_MUL};
  add_step (b, &take, r, operand (b, CUDNN_RESIDUAL_ZERO), false);
  add_step (b, &scale, b->last, operand (b, CUDNN_RESIDUAL_MULTIPLIER), false);
  r = b->last;
  b->last = sum;
  return r;
}

static int
list_steps (const CudnnProblem *p, Step *steps)
{
  int n = 0;
  if (p->has_base)
    steps[n++] = (Step){.mode = DNN_POINTWISE_ADD, .with = CUDNN_BASE};
  if (p->has_multiplier)
    steps[n++] = (Step){.mode = DNN_POINTWISE_MUL, .with = CUDNN_MULTIPLIER};
  if (p->has_offset)
    steps[n++] = (Step){.mode = DNN_POINTWISE_ADD, .with = CUDNN_OFFSET};
  if (p->residual_type != CUDNN_NONE)
    steps[n++] = (Step){.mode = DNN_POINTWISE_ADD, .with = CUDNN_RESIDUAL};
  if (p->activation != CUDNN_NONE)
    steps[n++] = (Step){.mode = p->activation, .with = CUDNN_ROLES};
  if (p->clips)
    steps[n++] = (Step){.mode = DNN_POINTWISE_RELU_FWD, .with = CUDNN_ROLES, .clips = true};
  if (p->rounds) {
    steps[n++] = (Step){.mode = DNN_POINTWISE_ADD, .with = CUDNN_MAGIC};
    steps[n++] = (Step){.mode = DNN_POINTWISE_SUB, .with = CUDNN_UNMAGIC};
  }
  return n;
}

int
praxi_cudnn_graph (const CudnnLibrary *library,
                   void *handle,
                   const CudnnProblem *problem,
                   CudnnGraph *graph)
{
  Builder b = {.graph = graph, .problem = problem};
  Step steps[MAX_OPS];
  const int n = list_steps (problem, steps);
  *graph = (CudnnGraph){.library = library};
  add_conv (&b, n == 0);
  for (int i = 0; i < n; i++) {
    const CudnnRole with = steps[i].with;
    CudnnDescriptor other = with == CUDNN_ROLES      ? NULL
                            : with == CUDNN_RESIDUAL ? residual (&b)
                                                     : operand (&b, with);
    add_step (&b, &steps[i], b.last, other, i == n - 1);
  }
  graph->graph = create (&b, DNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  if (handle && b.status == 0) /* newer ones take the current device and need none */
    library->set (graph->graph, DNN_ATTR_OPERATIONGRAPH_HANDLE, DNN_TYPE_HANDLE, 1, &handle);
  set (&b, graph->graph, DNN_ATTR_OPERATIONGRAPH_OPS, DNN_TYPE_BACKEND_DESCRIPTOR, b.n_ops, b.ops);
  finalize (&b, graph->graph);
  return b.status;
}

void
praxi_cudnn_graph_clear (CudnnGraph *graph)
{
  while (graph->n > 0)
    graph->library->descriptor_destroy (graph->all[--graph->n]);
}

void
praxi_cudnn_problem_text (const CudnnProblem *p, char *text, size_t bytes)
{
  const CudaWindow *w = &p->w;
  snprintf (text, bytes,
            "n%d c%d/%d o%d in %dx%dx%d out %dx%dx%d kernel %dx%dx%d stride %dx%dx%d dilation "
            "%dx%dx%d pad %dx%dx%d types %d %d %d epilogue %d%d%d%d %d clip %d %a %a round %d",
            w->batch, w->channels, p->w_channels, w->outputs, w->in[0], w->in[1], w->in[2],
            w->out[0], w->out[1], w->out[2], w->kernel[0], w->kernel[1], w->kernel[2], w->stride[0],
            w->stride[1], w->stride[2], w->dilation[0], w->dilation[1], w->dilation[2], w->pad[0],
            w->pad[1], w->pad[2], p->x_type, p->y_type, p->residual_type, p->has_base,
            p->has_multiplier, p->has_offset, p->scales_residual, p->activation, p->clips,
            (double) p->low, (double) p->high, p->rounds);
}

#include "engine/model/zoo-blocks.h"

#include <math.h>
#include <string.h>

/* E[f(z)²] of a standard normal z. */
static double
activation_power (PraxiActivation activation)
{
  switch (activation) {
  case PRAXI_ACTIVATION_RELU:
  case PRAXI_ACTIVATION_CLIP:
    return 0.5;
  case PRAXI_ACTIVATION_HARD_SWISH:
    return 1.0 / 3;
  case PRAXI_ACTIVATION_SWISH:
    return 0.3557;
  case PRAXI_ACTIVATION_SIGMOID:
  case PRAXI_ACTIVATION_HARD_SIGMOID:
    return 0.29;
  default:
    return 1;
  }
}

gsize
praxi_zoo_enter (PraxiZooNet *net, const char *format, ...)
{
  const gsize length = net->scope->len;
  va_list args;
  va_start (args, format);
  g_string_append_vprintf (net->scope, format, args);
  va_end (args);
  g_string_append_c (net->scope, '/');
  return length;
}

void
praxi_zoo_leave (PraxiZooNet *net, gsize length)
{
  g_string_truncate (net->scope, length);
}

int
praxi_zoo_round_channels (double c)
{
  const int rounded = MAX (8, (int) (c + 4) / 8 * 8);
  return rounded < 0.9 * c ? rounded + 8 : rounded;
}

int
praxi_zoo_channels (const PraxiZooNet *net, int c)
{
  return net->options->width == 1 ? c : praxi_zoo_round_channels (c * net->options->width);
}

int
praxi_zoo_repeats (const PraxiZooNet *net, int n)
{
  return MAX (1, (int) ceil (n * net->options->depth - 1e-6));
}

/* --- constants ------------------------------------------------------------------------------ */

static char *
scoped (const PraxiZooNet *net, const char *name, const char *what)
{
  return g_strconcat (net->scope->str, name, what, NULL);
}

static int
add_floats (PraxiZooNet *net,
            const char *name,
            const char *what,
            int rank,
            const int64_t *dims,
            float *data)
{
  g_autofree char *full = scoped (net, name, what);
  PraxiTensor tensor = {.dtype = PRAXI_F32, .rank = rank};
  gsize bytes = 0;
  memcpy (tensor.dims, dims, sizeof *dims * (gsize) rank);
  praxi_tensor_bytes (&tensor, &bytes);
  return praxi_builder_named_constant (net->builder, full, &tensor, g_bytes_new_take (data, bytes));
}

static int
add_vector (PraxiZooNet *net, const char *name, const char *what, int n, float value)
{
  float *data = g_new (float, n);
  for (int i = 0; i < n; i++)
    data[i] = value;
  return add_floats (net, name, what, 1, &(int64_t){n}, data);
}

/* splitmix64: the same numbers everywhere, and fast enough for tens of millions of weights. */
static guint64
next_random (guint64 *state)
{
  guint64 z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* Uniform numbers of that variance; what they are depends on seed and name alone. */
static int
add_weights (PraxiZooNet *net, const char *name, int rank, const int64_t *dims, double variance)
{
  g_autofree char *full = scoped (net, name, "/weight");
  guint64 state = net->options->seed * 0x2545f4914f6cdd1du + g_str_hash (full);
  const float limit = (float) sqrt (3 * variance);
  gsize n = 1;
  for (int d = 0; d < rank; d++)
    n *= (gsize) dims[d];
  float *data = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    data[i] = ((float) (next_random (&state) >> 40) * 0x1p-23f - 1) * limit;
  return add_floats (net, name, "/weight", rank, dims, data);
}

/* --- operators ------------------------------------------------------------------------------ */

static int
add_op (PraxiZooNet *net,
        const char *name,
        const char *what,
        const PraxiOp *op,
        const int *in,
        int n)
{
  g_autofree char *full = scoped (net, name, what);
  return praxi_builder_op (net->builder, op, full, in, n);
}

PraxiZooTensor
praxi_zoo_input (PraxiZooNet *net)
{
  const PraxiZooOptions *o = net->options;
  PraxiZooTensor x = {0, 3, o->frames, o->height_px, o->width_px, 0.8};
  if (o->is_image) {
    const int64_t dims[4] = {PRAXI_DIM_OPEN, 3, o->height_px, o->width_px};
    x.value = praxi_builder_input (net->builder, "image", PRAXI_F32, 4, dims);
    x.frames = 1;
    return x;
  }
  const int64_t dims[5] = {PRAXI_DIM_OPEN, o->frames, o->height_px, o->width_px, 3};
  const int frames = praxi_builder_input (net->builder, "frames", PRAXI_U8, 5, dims);
  const int normal = praxi_builder_dequantize (net->builder, frames, 1.f / 64, 128);
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 5, .perm = {0, 4, 1, 2, 3}};
  x.value = add_op (net, "input", "", &turn, &normal, 1);
  return x;
}

static void
slide (const PraxiZooNet *net,
       PraxiZooTensor *x,
       PraxiWindow *window,
       const int kernel[3],
       const int stride[3],
       const int pad[3])
{
  const int skip = net->options->is_image ? 1 : 0;
  int *sizes[3] = {&x->frames, &x->height, &x->width};
  window->n_spatial = 3 - skip;
  for (int d = skip; d < 3; d++) {
    const int step = MAX (stride[d], 1);
    window->kernel[d - skip] = kernel[d];
    window->stride[d - skip] = step;
    window->dilation[d - skip] = 1;
    window->pad_begin[d - skip] = window->pad_end[d - skip] = pad[d];
    *sizes[d] = (*sizes[d] + 2 * pad[d] - kernel[d]) / step + 1;
  }
}

/* γ (x − 0) / √(power + ε) + 0: power is what the layer before is expected to give. */
static PraxiZooTensor
add_norm (PraxiZooNet *net, PraxiZooTensor x, const char *name, float gain)
{
  const PraxiOp op = {.kind = PRAXI_OP_BATCH_NORM, .epsilon = 1e-5f, .alpha = 0.9f};
  const int in[5] = {
      x.value,
      add_vector (net, name, "/norm/scale", x.channels, gain),
      add_vector (net, name, "/norm/bias", x.channels, 0),
      add_vector (net, name, "/norm/mean", x.channels, 0),
      add_vector (net, name, "/norm/variance", x.channels, (float) x.power),
  };
  x.value = add_op (net, name, "/norm", &op, in, 5);
  x.power = (double) (gain * gain);
  return x;
}

/* He's initialisation, or, with nothing behind it that would bring the size back, unit variance.
 * Source: He et al., "Delving Deep into Rectifiers", ICCV 2015
 */
PraxiZooTensor
praxi_zoo_conv (PraxiZooNet *net, PraxiZooTensor x, const PraxiZooConv *conv)
{
  const int group = MAX (conv->group, 1), skip = net->options->is_image ? 1 : 0;
  const int pad[3] = {conv->kernel[0] / 2, conv->kernel[1] / 2, conv->kernel[2] / 2};
  const int64_t dims[5] = {conv->out, x.channels / group, conv->kernel[skip],
                           conv->kernel[skip + 1], conv->kernel[2]};
  const int fan_in = x.channels / group * conv->kernel[0] * conv->kernel[1] * conv->kernel[2];
  const double variance = conv->has_no_norm ? 1 / (fan_in * x.power) : 2.0 / fan_in;
  PraxiOp op = {.kind = PRAXI_OP_CONV, .window.group = group};
  int in[3] = {x.value, add_weights (net, conv->name, 5 - skip, dims, variance), -1};
  if (conv->has_no_norm)
    in[2] = add_vector (net, conv->name, "/bias", conv->out, 0);
  slide (net, &x, &op.window, conv->kernel, conv->stride, pad);
  x.value = add_op (net, conv->name, "", &op, in, conv->has_no_norm ? 3 : 2);
  x.channels = conv->out;
  x.power *= variance * fan_in;
  if (!conv->has_no_norm && !conv->is_bare)
    x = add_norm (net, x, conv->name, conv->gain > 0 ? conv->gain : 1);
  return praxi_zoo_activate (net, x, conv->activation);
}

static int
add_gate (PraxiZooNet *net, int x, PraxiActivation activation)
{
  if (activation == PRAXI_ACTIVATION_SIGMOID)
    return praxi_builder_unary (net->builder, PRAXI_OP_SIGMOID, x);
  const PraxiOp hard = {.kind = PRAXI_OP_HARD_SIGMOID, .alpha = 1.f / 6, .beta = 0.5f};
  return praxi_builder_op (net->builder, &hard, NULL, &x, 1);
}

PraxiZooTensor
praxi_zoo_activate (PraxiZooNet *net, PraxiZooTensor x, PraxiActivation activation)
{
  const PraxiOp swish = {.kind = PRAXI_OP_HARD_SWISH, .alpha = 1.f / 6, .beta = 0.5f};
  const PraxiOp clip = {.kind = PRAXI_OP_CLIP};
  switch (activation) {
  case PRAXI_ACTIVATION_RELU:
    x.value = praxi_builder_unary (net->builder, PRAXI_OP_RELU, x.value);
    break;
  case PRAXI_ACTIVATION_CLIP: {
    const int in[3] = {x.value, praxi_builder_f32 (net->builder, 0),
                       praxi_builder_f32 (net->builder, 6)};
    x.value = praxi_builder_op (net->builder, &clip, NULL, in, 3);
    break;
  }
  case PRAXI_ACTIVATION_HARD_SWISH:
    x.value = praxi_builder_op (net->builder, &swish, NULL, &x.value, 1);
    break;
  case PRAXI_ACTIVATION_SWISH:
    x.value = praxi_builder_binary (net->builder, PRAXI_OP_MUL, x.value,
                                    add_gate (net, x.value, PRAXI_ACTIVATION_SIGMOID));
    break;
  case PRAXI_ACTIVATION_SIGMOID:
  case PRAXI_ACTIVATION_HARD_SIGMOID:
    x.value = add_gate (net, x.value, activation);
    break;
  default:
    return x;
  }
  x.power *= activation_power (activation);
  return x;
}

PraxiZooTensor
praxi_zoo_add (PraxiZooNet *net, PraxiZooTensor a, PraxiZooTensor b)
{
  a.value = praxi_builder_binary (net->builder, PRAXI_OP_ADD, a.value, b.value);
  a.power += b.power;
  return a;
}

/* What a ReLU let through is not halved by the next one. */
PraxiZooTensor
praxi_zoo_join_shortcut (PraxiZooNet *net,
                         PraxiZooTensor shortcut,
                         PraxiZooTensor x,
                         gboolean is_projected)
{
  const double power = activation_power (PRAXI_ACTIVATION_RELU);
  PraxiZooTensor y =
      praxi_zoo_activate (net, praxi_zoo_add (net, shortcut, x), PRAXI_ACTIVATION_RELU);
  y.power = shortcut.power * (is_projected ? power : 1) + x.power * power;
  return y;
}

PraxiZooTensor
praxi_zoo_concat (PraxiZooNet *net, const PraxiZooTensor *parts, int n)
{
  const PraxiOp op = {.kind = PRAXI_OP_CONCAT, .axis = 1};
  PraxiZooTensor all = parts[0];
  g_autofree int *in = g_new (int, n);
  double energy = 0;
  all.channels = 0;
  for (int i = 0; i < n; i++) {
    in[i] = parts[i].value;
    all.channels += parts[i].channels;
    energy += parts[i].power * parts[i].channels;
  }
  all.value = praxi_builder_op (net->builder, &op, NULL, in, n);
  all.power = energy / all.channels;
  return all;
}

PraxiZooTensor
praxi_zoo_max_pool (PraxiZooNet *net,
                    PraxiZooTensor x,
                    const int kernel[3],
                    const int stride[3],
                    const int pad[3])
{
  PraxiOp op = {.kind = PRAXI_OP_MAX_POOL};
  int fits[3] = {kernel[0], kernel[1], kernel[2]};
  fits[0] = MIN (fits[0], x.frames + 2 * pad[0]);
  fits[1] = MIN (fits[1], x.height + 2 * pad[1]);
  fits[2] = MIN (fits[2], x.width + 2 * pad[2]);
  slide (net, &x, &op.window, fits, stride, pad);
  x.value = praxi_builder_op (net->builder, &op, NULL, &x.value, 1);
  x.power *= 2; /* of nine half-normals that resemble each other */
  return x;
}

PraxiZooTensor
praxi_zoo_average_pool (PraxiZooNet *net, PraxiZooTensor x, const int kernel[3])
{
  PraxiOp op = {.kind = PRAXI_OP_AVERAGE_POOL};
  const int fits[3] = {MIN (kernel[0], x.frames), MIN (kernel[1], x.height),
                       MIN (kernel[2], x.width)};
  slide (net, &x, &op.window, fits, (const int[3]){1, 1, 1}, (const int[3]){0});
  /* operator set 17 knows no dilations here */
  op.window.dilation[0] = op.window.dilation[1] = op.window.dilation[2] = 0;
  x.value = praxi_builder_op (net->builder, &op, NULL, &x.value, 1);
  return x;
}

PraxiZooTensor
praxi_zoo_slice (PraxiZooNet *net, PraxiZooTensor x, int axis, int start, int end, int step)
{
  const PraxiOp op = {.kind = PRAXI_OP_SLICE};
  const int64_t from = start, to = end, axes = axis, steps = step;
  const int in[5] = {x.value, praxi_builder_ints (net->builder, &from, 1),
                     praxi_builder_ints (net->builder, &to, 1),
                     praxi_builder_ints (net->builder, &axes, 1),
                     praxi_builder_ints (net->builder, &steps, 1)};
  *(axis == 1 ? &x.channels : &x.frames) = (end - start + step - 1) / step;
  x.value = praxi_builder_op (net->builder, &op, NULL, in, 5);
  return x;
}

PraxiZooTensor
praxi_zoo_pool_all (PraxiZooNet *net, PraxiZooTensor x)
{
  x.value = praxi_builder_unary (net->builder, PRAXI_OP_GLOBAL_AVERAGE_POOL, x.value);
  x.frames = x.height = x.width = 1;
  return x;
}

PraxiZooTensor
praxi_zoo_linear (PraxiZooNet *net,
                  PraxiZooTensor x,
                  const char *name,
                  int out,
                  PraxiActivation activation)
{
  const PraxiOp flatten = {.kind = PRAXI_OP_FLATTEN, .axis = 1};
  const PraxiOp gemm = {.kind = PRAXI_OP_GEMM, .alpha = 1, .beta = 1, .transpose_b = true};
  const int64_t dims[2] = {out, x.channels};
  const double variance = 1 / (x.channels * x.power);
  const int flat =
      x.frames > 0 ? praxi_builder_op (net->builder, &flatten, NULL, &x.value, 1) : x.value;
  const int in[3] = {flat, add_weights (net, name, 2, dims, variance),
                     add_vector (net, name, "/bias", out, 0)};
  x.value = add_op (net, name, "", &gemm, in, 3);
  x.channels = out;
  x.frames = x.height = x.width = 0; /* flat */
  x.power = 1;
  return praxi_zoo_activate (net, x, activation);
}

void
praxi_zoo_output (PraxiZooNet *net, PraxiZooTensor x)
{
  const PraxiOp flatten = {.kind = PRAXI_OP_FLATTEN, .axis = 1};
  if (x.frames > 0)
    x.value = praxi_builder_op (net->builder, &flatten, NULL, &x.value, 1);
  praxi_builder_output (net->builder, x.value, "scores");
}

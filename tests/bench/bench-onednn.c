#include "bench-onednn.h"

#include <dnnl.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Sizes of one form, as oneDNN names them: batch, channels, space. */
typedef struct {
  int n_space;
  dnnl_dims_t x, y, weights, stride, pad;
} Sizes;

struct OnednnConv {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_t primitive;
  dnnl_memory_t x, weights, y;
};

static void
add_axis (Sizes *sizes, int64_t in, int kernel, int stride, bool is_grouped)
{
  const int i = sizes->n_space++;
  sizes->x[2 + i] = in;
  sizes->y[2 + i] = (in - 1) / stride + 1;
  sizes->weights[2 + is_grouped + i] = kernel;
  sizes->stride[i] = stride;
  sizes->pad[i] = kernel / 2;
}

static bool
find_sizes (const BenchShape *s, OnednnForm form, Sizes *sizes)
{
  const bool is_grouped = s->groups > 1;
  const bool is_frames = s->kernel[0] == 1 && s->stride[0] == 1;
  const bool is_time = s->kernel[1] * s->kernel[2] * s->stride[1] * s->stride[2] == 1;
  if (form == ONEDNN_2D && !is_frames && !is_time)
    return false;
  *sizes = (Sizes){.x = {1, s->in_channels}, .y = {1, s->out_channels}};
  int64_t *w = sizes->weights;
  if (is_grouped)
    *w++ = s->groups;
  *w++ = s->out_channels / s->groups;
  *w = s->in_channels / s->groups;
  if (form == ONEDNN_2D && is_frames)
    sizes->x[0] = sizes->y[0] = s->size[0];
  else
    add_axis (sizes, s->size[0], s->kernel[0], s->stride[0], is_grouped);
  if (form == ONEDNN_2D && !is_frames) {
    add_axis (sizes, (int64_t) s->size[1] * s->size[2], 1, 1, is_grouped);
    return true;
  }
  for (int axis = 1; axis < 3; axis++)
    add_axis (sizes, s->size[axis], s->kernel[axis], s->stride[axis], is_grouped);
  return true;
}

static dnnl_status_t
describe (dnnl_primitive_desc_t *out,
          dnnl_engine_t engine,
          const Sizes *sizes,
          bool is_grouped,
          bool is_s8,
          float scale)
{
  const bool is_flat = sizes->n_space == 2;
  const dnnl_format_tag_t last = is_flat ? dnnl_nhwc : dnnl_ndhwc;
  const dnnl_data_type_t element = is_s8 ? dnnl_u8 : dnnl_f32;
  const int rank = 2 + sizes->n_space;
  dnnl_memory_desc_t x, w, y;
  dnnl_convolution_desc_t conv;
  dnnl_primitive_attr_t attr;
  dnnl_memory_desc_init_by_tag (&x, rank, sizes->x, element, last);
  dnnl_memory_desc_init_by_tag (&y, rank, sizes->y, element, last);
  dnnl_memory_desc_init_by_tag (&w, rank + is_grouped, sizes->weights, is_s8 ? dnnl_s8 : dnnl_f32,
                                dnnl_format_tag_any);
  dnnl_status_t status =
      dnnl_convolution_forward_desc_init (&conv, dnnl_forward_inference, dnnl_convolution_direct,
                                          &x, &w, NULL, &y, sizes->stride, sizes->pad, sizes->pad);
  dnnl_primitive_attr_create (&attr);
  if (is_s8)
    dnnl_primitive_attr_set_output_scales (attr, 1, 0, &scale);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create (out, &conv, attr, engine, NULL);
  dnnl_primitive_attr_destroy (attr);
  return status;
}

/* The weights in the order that the primitive wants; the handle's memory belongs to oneDNN. */
static dnnl_status_t
order_weights (OnednnConv *c, const dnnl_memory_desc_t *wanted, const Sizes *sizes, void *weights)
{
  static const dnnl_format_tag_t tags[] = {dnnl_oihw, dnnl_oidhw, dnnl_goihw, dnnl_goidhw};
  const bool is_grouped = wanted->ndims > 2 + sizes->n_space;
  const dnnl_format_tag_t tag = tags[2 * is_grouped + (sizes->n_space == 3)];
  dnnl_memory_desc_t plain;
  dnnl_memory_t from = NULL;
  dnnl_primitive_desc_t desc = NULL;
  dnnl_primitive_t reorder = NULL;
  dnnl_memory_desc_init_by_tag (&plain, wanted->ndims, sizes->weights, wanted->data_type, tag);
  dnnl_status_t status = dnnl_memory_create (&from, &plain, c->engine, weights);
  if (status == dnnl_success)
    status = dnnl_memory_create (&c->weights, wanted, c->engine, DNNL_MEMORY_ALLOCATE);
  if (status == dnnl_success)
    status = dnnl_reorder_primitive_desc_create (&desc, &plain, c->engine, wanted, c->engine, NULL);
  if (status == dnnl_success)
    status = dnnl_primitive_create (&reorder, desc);
  const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, c->weights}};
  if (status == dnnl_success)
    status = dnnl_primitive_execute (reorder, c->stream, 2, args);
  dnnl_stream_wait (c->stream);
  dnnl_primitive_destroy (reorder);
  dnnl_primitive_desc_destroy (desc);
  dnnl_memory_destroy (from);
  return status;
}

OnednnConv *
onednn_conv_new (const BenchShape *shape,
                 OnednnForm form,
                 bool is_s8,
                 void *x,
                 void *w,
                 float scale,
                 void *y)
{
  Sizes sizes;
  if (!find_sizes (shape, form, &sizes))
    return NULL;
  omp_set_num_threads (1);
  OnednnConv *c = calloc (1, sizeof *c);
  dnnl_primitive_desc_t desc = NULL;
  if (!c || dnnl_engine_create (&c->engine, dnnl_cpu, 0) != dnnl_success ||
      dnnl_stream_create (&c->stream, c->engine, dnnl_stream_default_flags) != dnnl_success ||
      describe (&desc, c->engine, &sizes, shape->groups > 1, is_s8, scale) != dnnl_success)
    goto fail;
  const dnnl_memory_desc_t *of_x = dnnl_primitive_desc_query_md (desc, dnnl_query_src_md, 0);
  const dnnl_memory_desc_t *of_y = dnnl_primitive_desc_query_md (desc, dnnl_query_dst_md, 0);
  const dnnl_memory_desc_t *of_w = dnnl_primitive_desc_query_md (desc, dnnl_query_weights_md, 0);
  if (dnnl_primitive_create (&c->primitive, desc) != dnnl_success ||
      dnnl_memory_create (&c->x, of_x, c->engine, x) != dnnl_success ||
      dnnl_memory_create (&c->y, of_y, c->engine, y) != dnnl_success ||
      order_weights (c, of_w, &sizes, w) != dnnl_success)
    goto fail;
  dnnl_primitive_desc_destroy (desc);
  return c;
fail:
  dnnl_primitive_desc_destroy (desc);
  onednn_conv_free (c);
  return NULL;
}

void
onednn_conv_run (const OnednnConv *c)
{
  const dnnl_exec_arg_t args[] = {
      {DNNL_ARG_SRC, c->x}, {DNNL_ARG_WEIGHTS, c->weights}, {DNNL_ARG_DST, c->y}};
  dnnl_primitive_execute (c->primitive, c->stream, 3, args);
  dnnl_stream_wait (c->stream);
}

void
onednn_conv_free (OnednnConv *c)
{
  if (!c)
    return;
  dnnl_primitive_destroy (c->primitive);
  dnnl_memory_destroy (c->x);
  dnnl_memory_destroy (c->weights);
  dnnl_memory_destroy (c->y);
  dnnl_stream_destroy (c->stream);
  dnnl_engine_destroy (c->engine);
  free (c);
}

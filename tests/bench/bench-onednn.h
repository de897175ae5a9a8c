/* Convolutions by oneDNN 2, the yard-stick of the own kernels where it is installed: same shape,
 * same data, one thread. x and y channels last, w [O,C/group,kT,kH,kW] in order; int8: u8 and s8.
 */
#pragma once

#include <stdbool.h>

typedef struct {
  const char *net;
  int in_channels, out_channels, groups;
  int size[3], kernel[3], stride[3]; /* padded to keep sizes, before strides */
} BenchShape;

/* As it is, or where taps of time or of space are missing with two axes, which oneDNN has faster
 * kernels for: frames as batch, or time as rows and pixels as columns.
 */
typedef enum { ONEDNN_3D, ONEDNN_2D } OnednnForm;

typedef struct OnednnConv OnednnConv;

/* x, w, y: lent until the end; scale: int8: of all sums. NULL: oneDNN refuses. */
OnednnConv *onednn_conv_new (const BenchShape *shape,
                             OnednnForm form,
                             bool is_s8,
                             void *x,
                             void *w,
                             float scale,
                             void *y);
void onednn_conv_run (const OnednnConv *conv);
void onednn_conv_free (OnednnConv *conv); /* NULL is allowed */

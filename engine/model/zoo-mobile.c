/* MobileNetV2 and V3 and EfficientNet-Lite0: inverted residuals throughout. */
#include "engine/model/zoo-blocks.h"

#include <math.h>

/* n blocks of a stage; stride is that of the first. */
typedef struct {
  int kernel, expanded, out;
  gboolean has_squeeze_excite;
  PraxiActivation activation;
  int stride;
} Row;

static PraxiZooTensor
first_conv (PraxiZooNet *net, PraxiZooTensor x, int out, PraxiActivation activation)
{
  const PraxiZooConv conv = {.name = "stem",
                             .out = out,
                             .kernel = {1, 3, 3},
                             .stride = {1, 2, 2},
                             .activation = activation};
  return praxi_zoo_conv (net, x, &conv);
}

static PraxiZooTensor
last_conv (PraxiZooNet *net, PraxiZooTensor x, int out, PraxiActivation activation)
{
  const PraxiZooConv conv = {
      .name = "last", .out = out, .kernel = {1, 1, 1}, .activation = activation};
  return praxi_zoo_pool_all (net, praxi_zoo_conv (net, x, &conv));
}

static PraxiZooTensor
classes (PraxiZooNet *net, PraxiZooTensor x)
{
  return praxi_zoo_linear (net, x, "classes", net->options->n_classes, PRAXI_ACTIVATION_NONE);
}

/* --- V2 and Lite0: stages of equal blocks ---------------------------------------------------- */

typedef struct {
  int factor, kernel, repeats, stride, out;
} Stage;

static PraxiZooTensor
equal_stages (PraxiZooNet *net, PraxiZooTensor x, const Stage *stages, int n, gboolean keeps_ends)
{
  for (int i = 0; i < n; i++) {
    const Stage *stage = &stages[i];
    const gboolean is_end = i == 0 || i == n - 1;
    const int repeats =
        keeps_ends && is_end ? stage->repeats : praxi_zoo_repeats (net, stage->repeats);
    for (int j = 0; j < repeats; j++) {
      const gsize scope = praxi_zoo_enter (net, "stage%d_%d", i + 1, j);
      const PraxiZooInverted block = {.kernel = stage->kernel,
                                      .expanded = stage->factor * x.channels,
                                      .out = praxi_zoo_channels (net, stage->out),
                                      .stride = j == 0 ? stage->stride : 1,
                                      .activation = PRAXI_ACTIVATION_CLIP};
      x = praxi_zoo_inverted_residual (net, x, &block);
      praxi_zoo_leave (net, scope);
    }
  }
  return x;
}

/* Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018,
 *         table 2
 */
PraxiZooTensor
praxi_zoo_mobilenet_v2 (PraxiZooNet *net, PraxiZooTensor x)
{
  static const Stage stages[] = {{1, 3, 1, 1, 16}, {6, 3, 2, 2, 24}, {6, 3, 3, 2, 32},
                                 {6, 3, 4, 2, 64}, {6, 3, 3, 1, 96}, {6, 3, 3, 2, 160},
                                 {6, 3, 1, 1, 320}};
  net->residual_gain = 1 / sqrtf (10);
  x = first_conv (net, x, praxi_zoo_channels (net, 32), PRAXI_ACTIVATION_CLIP);
  x = equal_stages (net, x, stages, G_N_ELEMENTS (stages), FALSE);
  /* section 4: the last layer is never made narrower */
  const int last = net->options->width > 1 ? praxi_zoo_channels (net, 1280) : 1280;
  return classes (net, last_conv (net, x, last, PRAXI_ACTIVATION_CLIP));
}

/* Source: Tan and Le, "EfficientNet", ICML 2019, table 1, without squeeze-excite and with ReLU6 as
 *         in Liu, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog, 2020;
 *         stem and head keep their width, first and last stage their depth
 */
PraxiZooTensor
praxi_zoo_efficientnet_lite0 (PraxiZooNet *net, PraxiZooTensor x)
{
  static const Stage stages[] = {{1, 3, 1, 1, 16}, {6, 3, 2, 2, 24},  {6, 5, 2, 2, 40},
                                 {6, 3, 3, 2, 80}, {6, 5, 3, 1, 112}, {6, 5, 4, 2, 192},
                                 {6, 3, 1, 1, 320}};
  net->residual_gain = 1 / sqrtf (9);
  x = first_conv (net, x, 32, PRAXI_ACTIVATION_CLIP);
  x = equal_stages (net, x, stages, G_N_ELEMENTS (stages), TRUE);
  return classes (net, last_conv (net, x, 1280, PRAXI_ACTIVATION_CLIP));
}

/* --- V3 -------------------------------------------------------------------------------------- *
 * Source: Howard et al., "Searching for MobileNetV3", ICCV 2019, tables 1 and 2
 */

#define RE PRAXI_ACTIVATION_RELU
#define HS PRAXI_ACTIVATION_HARD_SWISH

static const Row small_rows[] = {
    {3, 16, 16, TRUE, RE, 2},  {3, 72, 24, FALSE, RE, 2}, {3, 88, 24, FALSE, RE, 1},
    {5, 96, 40, TRUE, HS, 2},  {5, 240, 40, TRUE, HS, 1}, {5, 240, 40, TRUE, HS, 1},
    {5, 120, 48, TRUE, HS, 1}, {5, 144, 48, TRUE, HS, 1}, {5, 288, 96, TRUE, HS, 2},
    {5, 576, 96, TRUE, HS, 1}, {5, 576, 96, TRUE, HS, 1},
};
static const Row large_rows[] = {
    {3, 16, 16, FALSE, RE, 1},  {3, 64, 24, FALSE, RE, 2},  {3, 72, 24, FALSE, RE, 1},
    {5, 72, 40, TRUE, RE, 2},   {5, 120, 40, TRUE, RE, 1},  {5, 120, 40, TRUE, RE, 1},
    {3, 240, 80, FALSE, HS, 2}, {3, 200, 80, FALSE, HS, 1}, {3, 184, 80, FALSE, HS, 1},
    {3, 184, 80, FALSE, HS, 1}, {3, 480, 112, TRUE, HS, 1}, {3, 672, 112, TRUE, HS, 1},
    {5, 672, 160, TRUE, HS, 2}, {5, 960, 160, TRUE, HS, 1}, {5, 960, 160, TRUE, HS, 1},
};

static PraxiZooTensor
v3_block (PraxiZooNet *net, PraxiZooTensor x, const Row *row, int number)
{
  const gsize scope = praxi_zoo_enter (net, "block%d", number);
  const PraxiZooInverted block = {.kernel = row->kernel,
                                  .expanded = praxi_zoo_channels (net, row->expanded),
                                  .out = praxi_zoo_channels (net, row->out),
                                  .stride = row->stride,
                                  .has_squeeze_excite = row->has_squeeze_excite,
                                  .activation = row->activation};
  x = praxi_zoo_inverted_residual (net, x, &block);
  praxi_zoo_leave (net, scope);
  return x;
}

/* Rows of one width are a stage: another depth leaves its last rows out or repeats the last one. */
static PraxiZooTensor
v3_stages (PraxiZooNet *net, PraxiZooTensor x, const Row *rows, int n)
{
  int number = 0;
  for (int begin = 0, end; begin < n; begin = end) {
    for (end = begin + 1; end < n && rows[end].out == rows[begin].out && rows[end].stride == 1;)
      end++;
    const int repeats = praxi_zoo_repeats (net, end - begin);
    for (int j = 0; j < repeats; j++) {
      Row row = rows[MIN (begin + j, end - 1)];
      row.stride = j == 0 ? row.stride : 1;
      x = v3_block (net, x, &row, ++number);
    }
  }
  return x;
}

static PraxiZooTensor
v3 (PraxiZooNet *net, PraxiZooTensor x, const Row *rows, int n, int last, int hidden)
{
  net->residual_gain = 1 / sqrtf (8);
  x = first_conv (net, x, praxi_zoo_channels (net, 16), HS);
  x = v3_stages (net, x, rows, n);
  x = last_conv (net, x, praxi_zoo_channels (net, last), HS);
  return classes (net, praxi_zoo_linear (net, x, "hidden", hidden, HS));
}

PraxiZooTensor
praxi_zoo_mobilenet_v3_small (PraxiZooNet *net, PraxiZooTensor x)
{
  return v3 (net, x, small_rows, G_N_ELEMENTS (small_rows), 576, 1024);
}

PraxiZooTensor
praxi_zoo_mobilenet_v3_large (PraxiZooNet *net, PraxiZooTensor x)
{
  return v3 (net, x, large_rows, G_N_ELEMENTS (large_rows), 960, 1280);
}

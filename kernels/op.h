/* Operators: what they are, their parameters, the shapes they make. One enum serves ONNX's
 * operators (semantics of opset 17) and the few that the engine makes itself by fusing.
 */
#pragma once

#include "kernels/tensor.h"

typedef enum {
  PRAXI_OP_NONE = 0,
  /* convolution, matrices */
  PRAXI_OP_CONV, /* in: x [N,C,…], w [O,C/group,…], b [O]?; also fused: activation, residual as 4th
                    input */
  PRAXI_OP_GEMM,
  PRAXI_OP_MATMUL,
  PRAXI_OP_BATCH_NORM,
  PRAXI_OP_LAYER_NORM,
  /* pooling */
  PRAXI_OP_MAX_POOL,
  PRAXI_OP_AVERAGE_POOL,
  PRAXI_OP_GLOBAL_AVERAGE_POOL, /* also fused: of bytes with op->to f32, of scale alpha and zero
                                   point value, or of what the steps of chain make of them */
  PRAXI_OP_GLOBAL_MAX_POOL,
  /* reductions: axes in params (folded from the second input when ONNX has it there) */
  PRAXI_OP_REDUCE_MEAN,
  PRAXI_OP_REDUCE_MAX,
  PRAXI_OP_REDUCE_MIN,
  PRAXI_OP_REDUCE_SUM,
  /* one tensor in, same shape out */
  PRAXI_OP_RELU,
  PRAXI_OP_LEAKY_RELU,
  PRAXI_OP_PRELU,
  PRAXI_OP_CLIP,
  PRAXI_OP_SIGMOID,
  PRAXI_OP_HARD_SIGMOID,
  PRAXI_OP_HARD_SWISH,
  PRAXI_OP_TANH,
  PRAXI_OP_GELU,
  PRAXI_OP_ERF,
  PRAXI_OP_ABS,
  PRAXI_OP_SQRT,
  PRAXI_OP_EXP,
  PRAXI_OP_LOG,
  PRAXI_OP_NEG,
  PRAXI_OP_RECIPROCAL,
  PRAXI_OP_FLOOR,
  PRAXI_OP_IDENTITY,
  PRAXI_OP_CAST,
  PRAXI_OP_SOFTMAX,
  /* several tensors in, broadcast */
  PRAXI_OP_ADD,
  PRAXI_OP_SUB,
  PRAXI_OP_MUL,
  PRAXI_OP_DIV,
  PRAXI_OP_POW,
  PRAXI_OP_MIN,
  PRAXI_OP_MAX,
  PRAXI_OP_EQUAL,
  PRAXI_OP_GREATER,
  PRAXI_OP_LESS,
  PRAXI_OP_WHERE,
  /* data movement */
  PRAXI_OP_CONCAT,
  PRAXI_OP_SPLIT,
  PRAXI_OP_SLICE,
  PRAXI_OP_GATHER,
  PRAXI_OP_PAD,
  PRAXI_OP_RESHAPE,
  PRAXI_OP_TRANSPOSE,
  PRAXI_OP_FLATTEN,
  PRAXI_OP_SQUEEZE,
  PRAXI_OP_UNSQUEEZE,
  PRAXI_OP_EXPAND,
  PRAXI_OP_RESIZE,
  PRAXI_OP_TOPK,
  PRAXI_OP_CONSTANT_OF_SHAPE,
  PRAXI_OP_SHAPE,
  PRAXI_OP_SIZE,
  PRAXI_OP_RANGE,
  /* quantization */
  PRAXI_OP_QUANTIZE_LINEAR,
  PRAXI_OP_DEQUANTIZE_LINEAR,
  PRAXI_OP_QLINEAR_CONV,
  PRAXI_OP_QLINEAR_MATMUL,
  /* made by fusing, see PraxiRequantize; a QConv may have no axis to slide along, as a Gemm */
  PRAXI_OP_QCONV,
  PRAXI_OP_QADD,
  PRAXI_OP_QTABLE,
  PRAXI_OP_CHAIN, /* see kernels/chain.h */
  PRAXI_OP_MOTION_STEM,
  /* gradients of a loss: dy is that of an output y, dx that of an input x. The window is the
     forward operator's, op.shape the dims of what comes out where no input tells them */
  PRAXI_OP_CONV_INPUT_GRADIENT,   /* in: dy [N,O,…], w [O,C/group,…]   out: dx [N,C,…] */
  PRAXI_OP_CONV_WEIGHT_GRADIENT,  /* in: x [N,C,…], dy [N,O,…]   out: dw [O,C/group,…] */
  PRAXI_OP_AVERAGE_POOL_GRADIENT, /* in: dy   out: dx */
  PRAXI_OP_MAX_POOL_GRADIENT,   /* in: x, dy   out: dx; of equal maxima the first in order gets it,
                                   of NaN the last */
  PRAXI_OP_BATCH_NORM_GRADIENT, /* in: x, scale [C], dy, mean [C], var [C]   out: dx, dscale [C]?,
                                   dbias [C]?; in training mode mean and var are the batch's own */
  PRAXI_OP_COUNT,
} PraxiOpKind;

typedef enum {
  PRAXI_ACTIVATION_NONE = 0,
  PRAXI_ACTIVATION_RELU,
  PRAXI_ACTIVATION_CLIP, /* to [alpha, beta] */
  PRAXI_ACTIVATION_SIGMOID,
  PRAXI_ACTIVATION_HARD_SIGMOID,
  PRAXI_ACTIVATION_HARD_SWISH,
  PRAXI_ACTIVATION_SWISH,
} PraxiActivation;

typedef enum { PRAXI_PAD_CONSTANT, PRAXI_PAD_REFLECT, PRAXI_PAD_EDGE } PraxiPadMode;
typedef enum { PRAXI_RESIZE_NEAREST, PRAXI_RESIZE_LINEAR, PRAXI_RESIZE_CUBIC } PraxiResizeMode;
typedef enum {
  PRAXI_COORD_HALF_PIXEL,
  PRAXI_COORD_PYTORCH_HALF_PIXEL,
  PRAXI_COORD_ALIGN_CORNERS,
  PRAXI_COORD_ASYMMETRIC,
  PRAXI_COORD_TF_CROP_AND_RESIZE,
  PRAXI_COORD_TF_HALF_PIXEL_FOR_NN, /* opset 11's */
} PraxiResizeCoord;
typedef enum {
  PRAXI_NEAREST_ROUND_PREFER_FLOOR,
  PRAXI_NEAREST_ROUND_PREFER_CEIL,
  PRAXI_NEAREST_FLOOR,
  PRAXI_NEAREST_CEIL,
} PraxiNearestMode;
typedef enum {
  PRAXI_AUTO_PAD_NOTSET,
  PRAXI_AUTO_PAD_SAME_UPPER,
  PRAXI_AUTO_PAD_SAME_LOWER,
  PRAXI_AUTO_PAD_VALID
} PraxiAutoPad;

/* A window that slides over up to three spatial axes (T, H, W; the last n_spatial are used, in the
 * tensor's order: for a 2-D net entry 0 is H).
 */
typedef struct {
  int n_spatial;
  int64_t kernel[3], stride[3], dilation[3], pad_begin[3], pad_end[3];
  PraxiAutoPad auto_pad; /* resolved into pad_begin/pad_end by praxi_op_infer */
  bool ceil_mode, count_include_pad;
  int64_t storage_order; /* MaxPool's Indices: 1 = column-major */
  int64_t group;
} PraxiWindow;

/* Epilogue of a quantized operator, bit-exact everywhere:
 *   v = fmaf ((float) accumulator, multiplier[o], offset[o])
 *   v = fmaf ((float) (r − residual_zero), residual_multiplier, v)      with a residual input r
 *   q = (int) rint (fmax (fmin (v, high − zero), low − zero)) + zero       rint: nearest even
 * v is in units of the output scale, so a ReLU is low = max (low, zero). zero is output_zero; NaN
 * becomes high. QAdd has its first input a for accumulator, a − input_zero, and its second for r.
 */
typedef struct {
  const float *multiplier; /* [O]: x_scale · w_scale[o] / y_scale */
  const float *offset;     /* [O]: bias[o] / y_scale; NULL: zeros */
  int32_t input_zero, output_zero, residual_zero;
  float residual_multiplier;
  int32_t low, high; /* range of q, at most the output type's */
} PraxiRequantize;

/* The Lucas–Kanade motion stem fused into one operator; formula in kernels/ref/motion-stem.c.
 * in:  u8 [1,T,H,W,3] RGB     out: f32 [T−1,M,H/4,W/4] maps
 */
typedef struct {
  int n_scales;          /* ≤ 4; each halves the picture */
  float scale_weight[4]; /* includes the 2^i of its scale */
  int box;               /* side of the box window, odd */
  float epsilon;         /* on the diagonal of the structure tensor */
  float luma[3];
  int64_t n_maps;
} PraxiMotionStem;

typedef struct PraxiChainStep PraxiChainStep;

typedef struct {
  PraxiOpKind kind;
  PraxiWindow window;         /* Conv, pools, QConv, gradients of these */
  float alpha, beta, epsilon; /* Gemm, LeakyRelu, HardSigmoid, Clip (limits), norms */
  bool has_min, has_max;      /* Clip: alpha is min, beta is max */
  int64_t axis; /* Softmax, Concat, Split, Gather, Flatten, TopK, (De)QuantizeLinear */
  int n_axes;   /* Reduce, Squeeze, Unsqueeze, Slice; 0 with Reduce: all, unless noop */
  int64_t axes[PRAXI_MAX_RANK];
  int64_t starts[PRAXI_MAX_RANK], ends[PRAXI_MAX_RANK], steps[PRAXI_MAX_RANK]; /* Slice */
  int64_t perm[PRAXI_MAX_RANK]; /* Transpose; n_axes says how many */
  bool keepdims, noop_with_empty_axes, largest, sorted, transpose_a, transpose_b, allowzero;
  bool gelu_tanh;
  bool training_mode; /* BatchNormalization: alpha is its momentum */
  PraxiDType to; /* Cast, ConstantOfShape, QuantizeLinear's zero point type; QConv, QAdd, QTable:
                    the output's type, 0 is the input's; Chain: the output's */
  int64_t pads_begin[PRAXI_MAX_RANK], pads_end[PRAXI_MAX_RANK]; /* Pad; negative crops */
  PraxiPadMode pad_mode;
  double value; /* Pad's and ConstantOfShape's constant; TopK's k in axes[0] */
  PraxiResizeMode resize_mode;
  PraxiResizeCoord resize_coord;
  PraxiNearestMode nearest_mode;
  float cubic_a, extrapolation;
  bool exclude_outside;
  double scales[PRAXI_MAX_RANK]; /* Resize, one per axis, resolved by praxi_op_infer */
  double roi[2 * PRAXI_MAX_RANK];
  bool has_sizes;
  PraxiActivation activation; /* fused into Conv; alpha and beta are its parameters */
  bool has_residual; /* fused into Conv and QConv: the last input is added before the activation */
  PraxiRequantize requantize;  /* QConv, QAdd */
  const uint8_t *table;        /* QTable: [256] */
  const PraxiChainStep *chain; /* Chain, GlobalAveragePool: [n_chain] */
  int n_chain;
  PraxiMotionStem motion;
  int64_t shape[PRAXI_MAX_RANK]; /* gradients: the dims of what they are the gradient of */
} PraxiOp;

enum { PRAXI_OP_WHY_BYTES = 160 };

/* Fills rank, dims and dtype of every output, and resolves what the parameters leave open (negative
 * axes, auto_pad, shapes that arrive as inputs).
 * in:     one entry an input, NULL where an optional one is absent. Inputs whose value decides a
 *         shape (Reshape's shape, Slice's starts …) must carry data
 * out:    n_out tensors; strides are set to row-major, data is left alone
 * why:    PRAXI_OP_WHY_BYTES characters for a reason in words, on failure
 * Errors: SHAPE (do not fit), VALUE (a shape-deciding input is not known), UNSUPPORTED (type)
 */
PraxiStatus praxi_op_infer (PraxiOp *op,
                            const PraxiTensor *const *in,
                            int n_in,
                            PraxiTensor *out,
                            int n_out,
                            char *why);

/* Resolves op as praxi_op_infer does, and refuses outputs that are not what it makes of its inputs:
 * a kernel would write beyond them.
 * out:    n_out tensors, NULL where an optional one is not wanted
 * Errors: as praxi_op_infer; SHAPE (an output of other dims or type), MEMORY
 */
PraxiStatus praxi_op_resolve (PraxiOp *op,
                              const PraxiTensor *const *in,
                              int n_in,
                              const PraxiTensor *const *out,
                              int n_out);

/* Multiply-adds of one run, as papers count them: convolutions and matrix products only. */
int64_t praxi_op_macs (const PraxiOp *op, const PraxiTensor *const *in, const PraxiTensor *out);

const char *praxi_op_name (PraxiOpKind kind); /* ONNX's name; fused ones have their own */

/* A libcudnn.so.9 without a GPU: it runs graphs of one convolution and what follows it by plain
 * loops, on the fake driver's stream, and fails as it is told to.
 *
 *   FAKE_CUDNN_VERSION=N      91900 is 9.19
 *   FAKE_CUDNN_CREATE=N       cudnnCreate gives status N
 *   FAKE_CUDNN_MS=X           what a run takes; an own convolution takes 1
 *   FAKE_CUDNN_ENGINES=N      as many configurations are named (2); 0: none fits
 *   FAKE_CUDNN_NO_U8=1        none fits where a tensor is u8
 *   FAKE_CUDNN_TENSOR_CORES=1 its engines round operands
 *   FAKE_CUDNN_FINALIZE=N     compiling a plan gives status N
 *   FAKE_CUDNN_FINALIZE_S=X   how long a plan is compiled
 *   FAKE_CUDNN_WORKSPACE=N    bytes that a plan needs
 *   FAKE_CUDNN_FAIL=1         no plan runs; =capture: none while it is recorded
 *   FAKE_CUDNN_CRASH=1        the first run ends the process
 *   FAKE_CUDNN_WRONG=1        the last number of every result is off by one
 *   FAKE_CUDNN_UNFUSED=1      products are rounded before they are added
 *   FAKE_CUDNN_TIES_AWAY=1    stores round ties away from zero
 *   FAKE_CUDNN_LOG=FILE       a line a plan that is compiled or loaded
 */
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" {
#include "kernels/cuda/cudnn.h"
}
#include "tests/kernels/cuda/fake-work.h"

extern "C" float praxi_f16_to_f32 (uint16_t half);

#define EXPORT extern "C" __attribute__ ((visibility ("default")))

namespace
{
enum { BAD_PARAM = 2000, NOT_SUPPORTED = 3000, EXECUTION_FAILED = 5000, RANK = 5 };

struct Tensor {
  int64_t id, dims[RANK], strides[RANK];
  int32_t type, is_virtual, is_value;
};

/* An operation: the convolution, or pointwise with b < 0 where there is one operand. */
struct Op {
  int32_t is_conv, mode, x, b, y;
  int64_t stride[3], dilation[3], before[3];
  double low, high;
};

struct Program {
  std::vector<Tensor> tensors;
  std::vector<Op> ops;
  int64_t workspace = 0;
};

struct Descriptor {
  int type;
  bool is_final;
  std::map<int, std::vector<char>> attributes;
  Program program; /* of plans */
};

double
setting (const char *name, double by_default)
{
  const char *text = getenv (name);
  return text && *text ? atof (text) : by_default;
}

void
log_line (const char *what)
{
  const char *path = getenv ("FAKE_CUDNN_LOG");
  FILE *file = path && *path ? fopen (path, "a") : nullptr;
  if (!file)
    return;
  fprintf (file, "%s\n", what);
  fclose (file);
}

template <typename T>
T
value (const Descriptor *of, int name, T by_default = T ())
{
  const auto found = of->attributes.find (name);
  if (found == of->attributes.end () || found->second.size () < sizeof (T))
    return by_default;
  T copy;
  memcpy (&copy, found->second.data (), sizeof copy);
  return copy;
}

template <typename T>
void
values (const Descriptor *of, int name, T *to, size_t n)
{
  const auto found = of->attributes.find (name);
  if (found != of->attributes.end () && found->second.size () >= n * sizeof (T))
    memcpy (to, found->second.data (), n * sizeof (T));
}

int
place_tensor (Program &program, const Descriptor *of)
{
  Tensor t = {};
  t.id = value<int64_t> (of, DNN_ATTR_TENSOR_UNIQUE_ID);
  for (size_t i = 0; i < program.tensors.size (); i++)
    if (program.tensors[i].id == t.id)
      return (int) i;
  values (of, DNN_ATTR_TENSOR_DIMENSIONS, t.dims, RANK);
  values (of, DNN_ATTR_TENSOR_STRIDES, t.strides, RANK);
  t.type = value<int32_t> (of, DNN_ATTR_TENSOR_DATA_TYPE);
  t.is_virtual = value<bool> (of, DNN_ATTR_TENSOR_IS_VIRTUAL);
  t.is_value = value<bool> (of, DNN_ATTR_TENSOR_IS_BY_VALUE);
  program.tensors.push_back (t);
  return (int) program.tensors.size () - 1;
}

int
place (Program &program, const Descriptor *op, int name)
{
  const Descriptor *of = value<Descriptor *> (op, name);
  return of ? place_tensor (program, of) : -1;
}

Program
read_graph (const Descriptor *graph)
{
  Program program;
  const std::vector<char> &list = graph->attributes.at (DNN_ATTR_OPERATIONGRAPH_OPS);
  for (size_t i = 0; i < list.size () / sizeof (void *); i++) {
    const Descriptor *from;
    memcpy (&from, list.data () + i * sizeof from, sizeof from);
    Op op = {};
    op.is_conv = from->type == DNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
    if (op.is_conv) {
      const Descriptor *conv =
          value<Descriptor *> (from, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC);
      op.x = place (program, from, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X);
      op.b = place (program, from, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W);
      op.y = place (program, from, DNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y);
      values (conv, DNN_ATTR_CONVOLUTION_FILTER_STRIDES, op.stride, 3);
      values (conv, DNN_ATTR_CONVOLUTION_DILATIONS, op.dilation, 3);
      values (conv, DNN_ATTR_CONVOLUTION_PRE_PADDINGS, op.before, 3);
    } else {
      const Descriptor *how =
          value<Descriptor *> (from, DNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
      op.mode = value<int32_t> (how, DNN_ATTR_POINTWISE_MODE);
      op.low = value<double> (how, DNN_ATTR_POINTWISE_RELU_LOWER_CLIP, 0);
      op.high = value<double> (how, DNN_ATTR_POINTWISE_RELU_UPPER_CLIP, INFINITY);
      op.x = place (program, from, DNN_ATTR_OPERATION_POINTWISE_XDESC);
      op.b = place (program, from, DNN_ATTR_OPERATION_POINTWISE_BDESC);
      op.y = place (program, from, DNN_ATTR_OPERATION_POINTWISE_YDESC);
    }
    program.ops.push_back (op);
  }
  program.workspace = (int64_t) setting ("FAKE_CUDNN_WORKSPACE", 0);
  return program;
}

template <typename T>
void
put (std::string &text, const T &data)
{
  char digits[3];
  for (size_t i = 0; i < sizeof data; i++) {
    snprintf (digits, sizeof digits, "%02x", ((const uint8_t *) &data)[i]);
    text += digits;
  }
}

template <typename T>
bool
get (const std::string &text, size_t &at, T &data)
{
  for (size_t i = 0; i < sizeof data; i++, at += 2) {
    if (at + 2 > text.size ())
      return false;
    ((uint8_t *) &data)[i] = (uint8_t) strtol (text.substr (at, 2).c_str (), nullptr, 16);
  }
  return true;
}

const std::string head = "{\"plan\":\"";

std::string
to_json (const Program &program)
{
  std::string text = head;
  put (text, (int32_t) program.tensors.size ());
  put (text, (int32_t) program.ops.size ());
  put (text, program.workspace);
  for (const Tensor &t : program.tensors)
    put (text, t);
  for (const Op &op : program.ops)
    put (text, op);
  return text + "\"}";
}

bool
from_json (const std::string &text, Program &program)
{
  int32_t n_tensors, n_ops;
  size_t at = head.size ();
  if (text.compare (0, at, head) != 0 || !get (text, at, n_tensors) || !get (text, at, n_ops) ||
      !get (text, at, program.workspace) || n_tensors > 64 || n_ops > 64)
    return false;
  program.tensors.resize ((size_t) n_tensors);
  program.ops.resize ((size_t) n_ops);
  for (Tensor &t : program.tensors)
    if (!get (text, at, t))
      return false;
  for (Op &op : program.ops)
    if (!get (text, at, op))
      return false;
  return true;
}

/* What is between operations: sums in s32, numbers in f32, or products not yet rounded. */
struct Values {
  std::vector<int32_t> whole;
  std::vector<float> number, factor; /* factor: number · factor is meant */
};

struct Run : FakeWork {
  Program program;
  std::vector<char *> data; /* of each tensor; NULL for virtual ones */
  std::vector<float> scalars;
  std::vector<Values> between;
  char *workspace;

  int64_t count (const Tensor &t) const
  {
    return t.dims[0] * t.dims[1] * t.dims[2] * t.dims[3] * t.dims[4];
  }

  /* Element i of a tensor of the output's shape, or that is broadcast to it. */
  int64_t offset (const Tensor &t, const Tensor &shape, int64_t i) const
  {
    int64_t at = 0;
    for (int d = RANK - 1; d >= 0; d--) {
      at += t.dims[d] == 1 ? 0 : i % shape.dims[d] * t.strides[d];
      i /= shape.dims[d];
    }
    return at;
  }

  float load (int k, int64_t at) const
  {
    const char *from = data[(size_t) k];
    switch (program.tensors[(size_t) k].type) {
    case DNN_DATA_INT8:
      return ((const int8_t *) from)[at];
    case DNN_DATA_UINT8:
      return ((const uint8_t *) from)[at];
    case DNN_DATA_HALF:
      return praxi_f16_to_f32 (((const uint16_t *) from)[at]);
    default:
      return ((const float *) from)[at];
    }
  }

  /* Operand k at element i of the shape; the product it stands for is rounded here. */
  float read (int k, const Tensor &shape, int64_t i) const
  {
    const Tensor &t = program.tensors[(size_t) k];
    const Values &v = between[(size_t) k];
    if (t.is_value)
      return scalars[(size_t) k];
    if (!t.is_virtual)
      return load (k, offset (t, shape, i));
    if (!v.whole.empty ())
      return (float) v.whole[(size_t) i];
    return v.factor.empty () ? v.number[(size_t) i] : v.number[(size_t) i] * v.factor[(size_t) i];
  }

  bool is_product (int k) const
  {
    return !between[(size_t) k].factor.empty () && !setting ("FAKE_CUDNN_UNFUSED", 0);
  }

  void store (const Tensor &t, int64_t i, float v, int k)
  {
    const int64_t at = offset (t, t, i);
    if (t.type == DNN_DATA_FLOAT) {
      ((float *) data[(size_t) k])[at] = v;
      return;
    }
    const float low = t.type == DNN_DATA_INT8 ? -128 : 0;
    const float rounded = setting ("FAKE_CUDNN_TIES_AWAY", 0) ? roundf (v) : rintf (v);
    ((uint8_t *) data[(size_t) k])[at] = (uint8_t) (int) fmaxf (fminf (rounded, low + 255), low);
  }

  float sum (const Op &op, const int64_t (&at)[RANK], bool is_bytes)
  {
    const Tensor &x = program.tensors[(size_t) op.x], &w = program.tensors[(size_t) op.b];
    uint32_t whole = 0;
    float total = 0;
    int64_t p[RANK] = {at[0]}, q[RANK] = {at[1]};
    for (q[2] = 0; q[2] < w.dims[2]; q[2]++)
      for (q[3] = 0; q[3] < w.dims[3]; q[3]++)
        for (q[4] = 0; q[4] < w.dims[4]; q[4]++) {
          bool is_inside = true;
          for (int a = 0; a < 3; a++) {
            p[2 + a] = at[2 + a] * op.stride[a] - op.before[a] + q[2 + a] * op.dilation[a];
            is_inside = is_inside && p[2 + a] >= 0 && p[2 + a] < x.dims[2 + a];
          }
          for (int64_t c = 0; is_inside && c < x.dims[1]; c++) {
            int64_t from = 0, with = 0;
            p[1] = q[1] = c;
            for (int d = 0; d < RANK; d++) {
              from += p[d] * x.strides[d];
              with += q[d] * w.strides[d];
            }
            const float a = load (op.x, from), b = load (op.b, with);
            whole += is_bytes ? (uint32_t) ((int) a * (int) b) : 0;
            total = is_bytes ? 0 : fmaf (a, b, total);
          }
        }
    last_whole = (int32_t) whole;
    return total;
  }
  int32_t last_whole = 0;

  void convolve (const Op &op)
  {
    const Tensor &x = program.tensors[(size_t) op.x], &y = program.tensors[(size_t) op.y];
    const bool is_bytes = x.type == DNN_DATA_INT8 || x.type == DNN_DATA_UINT8;
    Values &out = between[(size_t) op.y];
    for (int64_t i = 0; i < count (y); i++) {
      int64_t at[RANK], rest = i;
      for (int d = RANK - 1; d >= 0; d--) {
        at[d] = rest % y.dims[d];
        rest /= y.dims[d];
      }
      const float total = sum (op, at, is_bytes);
      if (is_bytes)
        out.whole.push_back (last_whole);
      else if (y.is_virtual)
        out.number.push_back (total);
      else
        store (y, i, total, op.y);
    }
  }

  float combine (const Op &op, const Tensor &y, int64_t i)
  {
    const float x = read (op.x, y, i), b = op.b >= 0 ? read (op.b, y, i) : 0;
    const Values &xs = between[(size_t) op.x];
    switch (op.mode) {
    case DNN_POINTWISE_ADD:
      if (is_product (op.x))
        return fmaf (xs.number[(size_t) i], xs.factor[(size_t) i], b);
      if (is_product (op.b))
        return fmaf (between[(size_t) op.b].number[(size_t) i],
                     between[(size_t) op.b].factor[(size_t) i], x);
      return x + b;
    case DNN_POINTWISE_SUB:
      return x - b;
    case DNN_POINTWISE_SIGMOID_FWD:
      return 1 / (1 + expf (-x));
    case DNN_POINTWISE_SWISH_FWD:
      return x / (1 + expf (-x));
    default: /* RELU_FWD */
      return fmaxf (fminf (x, (float) op.high), (float) op.low);
    }
  }

  void run () override
  {
    if (workspace)
      memset (workspace, 0x77, (size_t) program.workspace);
    between.assign (program.tensors.size (), Values ());
    for (const Op &op : program.ops) {
      if (op.is_conv) {
        convolve (op);
        continue;
      }
      const Tensor &y = program.tensors[(size_t) op.y];
      Values &out = between[(size_t) op.y];
      for (int64_t i = 0; i < count (y); i++) {
        if (op.mode == DNN_POINTWISE_MUL) {
          out.number.push_back (read (op.x, y, i));
          out.factor.push_back (read (op.b, y, i));
          continue;
        }
        const float v = combine (op, y, i);
        if (y.is_virtual)
          out.number.push_back (v);
        else
          store (y, i, v, op.y);
      }
    }
    const int last = program.ops.back ().y;
    const Tensor &y = program.tensors[(size_t) last];
    if (setting ("FAKE_CUDNN_WRONG", 0) && y.type == DNN_DATA_FLOAT)
      ((float *) data[(size_t) last])[offset (y, y, count (y) - 1)] += 1;
    else if (setting ("FAKE_CUDNN_WRONG", 0))
      ((uint8_t *) data[(size_t) last])[offset (y, y, count (y) - 1)] ^= 1;
  }
};

bool
fits (const Program &program)
{
  if (setting ("FAKE_CUDNN_ENGINES", 2) < 1)
    return false;
  for (const Tensor &t : program.tensors)
    if (t.type == DNN_DATA_UINT8 && setting ("FAKE_CUDNN_NO_U8", 0))
      return false;
  return true;
}

int
finalize_plan (Descriptor *plan)
{
  const auto json = plan->attributes.find (DNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION);
  if (json != plan->attributes.end ()) {
    log_line ("load");
    return from_json (std::string (json->second.begin (), json->second.end ()), plan->program)
               ? 0
               : BAD_PARAM;
  }
  const Descriptor *config = value<Descriptor *> (plan, DNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
  plan->program = config->program;
  log_line ("compile");
  usleep ((useconds_t) (setting ("FAKE_CUDNN_FINALIZE_S", 0) * 1e6));
  return (int) setting ("FAKE_CUDNN_FINALIZE", 0);
}
} // namespace

EXPORT size_t
cudnnGetVersion (void)
{
  return (size_t) setting ("FAKE_CUDNN_VERSION", 91900);
}

EXPORT const char *
cudnnGetErrorString (int status)
{
  return status == 1001 ? "CUDNN_STATUS_NOT_INITIALIZED" : "CUDNN_STATUS_UNKNOWN";
}

EXPORT int
cudnnCreate (void **handle)
{
  static int here;
  *handle = &here;
  return (int) setting ("FAKE_CUDNN_CREATE", 0);
}

EXPORT int
cudnnDestroy (void *)
{
  return 0;
}

EXPORT int
cudnnSetStream (void *, void *)
{
  return 0;
}

EXPORT int
cudnnBackendCreateDescriptor (int type, void **descriptor)
{
  *descriptor = new Descriptor{type, false, {}, {}};
  return 0;
}

EXPORT int
cudnnBackendDestroyDescriptor (void *descriptor)
{
  delete (Descriptor *) descriptor;
  return 0;
}

EXPORT int
cudnnBackendSetAttribute (void *of, int name, int type, int64_t n, const void *data)
{
  static const std::map<int, size_t> sizes = {
      {DNN_TYPE_BOOLEAN, 1},  {DNN_TYPE_CHAR, 1},      {DNN_TYPE_DATA_TYPE, 4},
      {DNN_TYPE_FLOAT, 4},    {DNN_TYPE_HEUR_MODE, 4}, {DNN_TYPE_CONVOLUTION_MODE, 4},
      {DNN_TYPE_INT32, 4},    {DNN_TYPE_INT64, 8},     {DNN_TYPE_POINTWISE_MODE, 4},
      {DNN_TYPE_VOID_PTR, 8}, {DNN_TYPE_DOUBLE, 8},    {DNN_TYPE_BACKEND_DESCRIPTOR, 8},
      {DNN_TYPE_HANDLE, 8},
  };
  Descriptor *descriptor = (Descriptor *) of;
  if (descriptor->is_final || !sizes.count (type) || n < 0)
    return BAD_PARAM;
  descriptor->attributes[name].assign ((const char *) data,
                                       (const char *) data + (size_t) n * sizes.at (type));
  return 0;
}

EXPORT int
cudnnBackendFinalize (void *of)
{
  Descriptor *descriptor = (Descriptor *) of;
  descriptor->is_final = true;
  if (descriptor->type == DNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)
    return finalize_plan (descriptor);
  if (descriptor->type != DNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
    return 0;
  descriptor->program =
      read_graph (value<Descriptor *> (descriptor, DNN_ATTR_ENGINEHEUR_OPERATION_GRAPH));
  return 0;
}

EXPORT int
cudnnBackendGetAttribute (void *of, int name, int, int64_t room, int64_t *n, void *data)
{
  const Descriptor *from = (const Descriptor *) of;
  *n = 0;
  if (name == DNN_ATTR_ENGINEHEUR_RESULTS) {
    if (!fits (from->program))
      return NOT_SUPPORTED;
    for (; *n < room && *n < (int64_t) setting ("FAKE_CUDNN_ENGINES", 2); ++*n) {
      Descriptor *config = ((Descriptor **) data)[*n];
      config->program = from->program;
      config->is_final = true;
    }
    return 0;
  }
  if (name == DNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE) {
    *n = 1;
    memcpy (data, &from->program.workspace, 8);
    return 0;
  }
  if (name == DNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION) {
    const std::string json = to_json (from->program);
    *n = (int64_t) json.size () + 1;
    if (room > 0)
      memcpy (data, json.c_str (), (size_t) (room < *n ? room : *n));
    return 0;
  }
  if (name == DNN_ATTR_ENGINE_NUMERICAL_NOTE && setting ("FAKE_CUDNN_TENSOR_CORES", 0)) {
    const int32_t note = DNN_NUMERICAL_NOTE_TENSOR_CORE;
    *n = 1;
    memcpy (data, &note, sizeof note);
  }
  return 0; /* an engine, its other notes: none */
}

EXPORT int
cudnnBackendExecute (void *, void *of_plan, void *of_pack)
{
  const Descriptor *plan = (const Descriptor *) of_plan, *pack = (const Descriptor *) of_pack;
  const std::vector<char> &ids = pack->attributes.at (DNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const std::vector<char> &pointers = pack->attributes.at (DNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  const char *fails = getenv ("FAKE_CUDNN_FAIL");
  if (setting ("FAKE_CUDNN_CRASH", 0))
    _exit (77);
  if (fails && (strcmp (fails, "capture") != 0 || fake_cuda_is_capturing ()))
    return EXECUTION_FAILED;
  Run *run = new Run;
  run->ms = setting ("FAKE_CUDNN_MS", 0.125);
  run->program = plan->program;
  run->workspace =
      run->program.workspace > 0 ? value<char *> (pack, DNN_ATTR_VARIANT_PACK_WORKSPACE) : nullptr;
  run->data.resize (run->program.tensors.size ());
  run->scalars.resize (run->program.tensors.size ());
  size_t n_found = 0, n_wanted = 0;
  for (size_t k = 0; k < run->program.tensors.size (); k++) {
    const Tensor &t = run->program.tensors[k];
    n_wanted += !t.is_virtual;
    for (size_t i = 0; i < ids.size () / 8 && !t.is_virtual; i++) {
      int64_t id;
      memcpy (&id, ids.data () + 8 * i, 8);
      if (id != t.id)
        continue;
      memcpy (&run->data[k], pointers.data () + 8 * i, 8);
      if (t.is_value)
        memcpy (&run->scalars[k], run->data[k], sizeof (float));
      n_found++;
    }
  }
  if (n_found != n_wanted || n_found != ids.size () / 8) {
    delete run;
    return BAD_PARAM;
  }
  return fake_cuda_put (run) == 0 ? 0 : EXECUTION_FAILED;
}

/* Attributes ↔ PraxiOp, as the rules of onnx-ops.c say. */
#include <stdlib.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/onnx-ops.h"
#include "engine/model/onnx-tensor.h"

typedef Onnx__AttributeProto Attribute;

static void *
field (PraxiOp *op, const PraxiRule *rule)
{
  return (char *) op + rule->offset;
}

static void
set_default (PraxiOp *op, const PraxiRule *rule)
{
  switch (rule->kind) {
  case PRAXI_RULE_INT:
    *(int64_t *) field (op, rule) = (int64_t) rule->by_default;
    return;
  case PRAXI_RULE_FLOAT:
    *(float *) field (op, rule) = (float) rule->by_default;
    return;
  case PRAXI_RULE_BOOL:
    *(bool *) field (op, rule) = rule->by_default != 0;
    return;
  case PRAXI_RULE_SCALAR:
    op->to = PRAXI_F32;
    return;
  default:
    return;
  }
}

/* Where older operator sets had another default. */
static void
set_old_defaults (PraxiOp *op, int opset)
{
  if (op->kind == PRAXI_OP_SOFTMAX && opset < 13) {
    op->axis = 1;
    op->n_axes = 1; /* over this axis and all behind it: the same thing only on the last one */
  }
  if (op->kind == PRAXI_OP_SHAPE)
    op->n_axes = 1; /* starts and ends are given */
  if (op->kind == PRAXI_OP_RESIZE && opset < 11) {
    op->resize_coord = PRAXI_COORD_ASYMMETRIC;
    op->nearest_mode = PRAXI_NEAREST_FLOOR;
  }
  if (op->kind == PRAXI_OP_HARD_SWISH) {
    op->alpha = 1.0f / 6.0f;
    op->beta = 0.5f;
  }
}

static gboolean
fail (PraxiErrorCode code, const Attribute *attribute, const char *why, GError **error)
{
  g_set_error (error, PRAXI_ERROR, code, "attribute '%s' %s", attribute->name, why);
  return FALSE;
}

static gboolean
word_is (const Attribute *attribute, const char *word)
{
  return attribute->s.len == strlen (word) &&
         memcmp (attribute->s.data, word, attribute->s.len) == 0;
}

static gboolean
read_word (const Attribute *attribute, const PraxiRule *rule, PraxiOp *op, GError **error)
{
  for (int i = 0; rule->words[i] != NULL; i++) {
    if (!word_is (attribute, rule->words[i]))
      continue;
    if (rule->offset == offsetof (PraxiOp, gelu_tanh))
      op->gelu_tanh = i == 1;
    else
      *(int *) field (op, rule) = i;
    return TRUE;
  }
  return fail (PRAXI_ERROR_UNSUPPORTED, attribute, "has a value that is not supported", error);
}

static gboolean
set_n_spatial (PraxiOp *op, gsize n)
{
  if (n == 0 || n > 3 || (op->window.n_spatial != 0 && op->window.n_spatial != (int) n))
    return FALSE;
  op->window.n_spatial = (int) n;
  return TRUE;
}

static gboolean
read_list (const Attribute *attribute, const PraxiRule *rule, PraxiOp *op)
{
  const gsize n = attribute->n_ints;
  switch (rule->kind) {
  case PRAXI_RULE_WINDOW:
    if (!set_n_spatial (op, n))
      return FALSE;
    memcpy (field (op, rule), attribute->ints, n * sizeof (int64_t));
    return TRUE;
  case PRAXI_RULE_PADS:
    if (n % 2 != 0 || !set_n_spatial (op, n / 2))
      return FALSE;
    memcpy (op->window.pad_begin, attribute->ints, n / 2 * sizeof (int64_t));
    memcpy (op->window.pad_end, attribute->ints + n / 2, n / 2 * sizeof (int64_t));
    return TRUE;
  default:
    if (n > PRAXI_MAX_RANK)
      return FALSE;
    if (n > 0)
      memcpy (field (op, rule), attribute->ints, n * sizeof (int64_t));
    op->n_axes = (int) n;
    return TRUE;
  }
}

static gboolean
read_scalar (const Attribute *attribute, PraxiOp *op, GError **error)
{
  PraxiTensor tensor;
  g_autoptr (GBytes) bytes = NULL;
  int64_t count;
  if (attribute->t == NULL || !praxi_onnx_tensor_read_any (attribute->t, &tensor, &bytes, error))
    return attribute->t != NULL ? FALSE
                                : fail (PRAXI_ERROR_FORMAT, attribute, "is not a tensor", error);
  if (praxi_tensor_count (&tensor, &count) != PRAXI_OK || count != 1)
    return fail (PRAXI_ERROR_FORMAT, attribute, "has to hold one element", error);
  op->to = tensor.dtype;
  op->value = praxi_tensor_get (&tensor, 0);
  return TRUE;
}

static gboolean
read_number (const Attribute *attribute, const PraxiRule *rule, PraxiOp *op, GError **error)
{
  switch (rule->kind) {
  case PRAXI_RULE_INT:
    *(int64_t *) field (op, rule) = attribute->i;
    return TRUE;
  case PRAXI_RULE_BOOL:
    *(bool *) field (op, rule) = attribute->i != 0;
    return TRUE;
  case PRAXI_RULE_FLOAT:
    *(float *) field (op, rule) = attribute->f;
    return TRUE;
  case PRAXI_RULE_DTYPE:
    op->to = praxi_onnx_dtype ((int32_t) CLAMP (attribute->i, 0, 1000));
    return op->to != 0 ||
           fail (PRAXI_ERROR_UNSUPPORTED, attribute, "names a type that is not supported", error);
  default:
    return attribute->i == (int64_t) rule->by_default ||
           fail (PRAXI_ERROR_UNSUPPORTED, attribute, "has a value that is not supported", error);
  }
}

static gboolean
read_attribute (const Attribute *attribute, const PraxiRule *rule, PraxiOp *op, GError **error)
{
  switch (rule->kind) {
  case PRAXI_RULE_IGNORED:
  case PRAXI_RULE_INPUT: /* the reader of nodes turns it into an input */
    return TRUE;
  case PRAXI_RULE_WORD:
    return read_word (attribute, rule, op, error);
  case PRAXI_RULE_ONLY_WORD:
    return word_is (attribute, rule->words[0]) ||
           fail (PRAXI_ERROR_UNSUPPORTED, attribute, "has a value that is not supported", error);
  case PRAXI_RULE_WINDOW:
  case PRAXI_RULE_PADS:
  case PRAXI_RULE_LIST:
    return read_list (attribute, rule, op) ||
           fail (PRAXI_ERROR_FORMAT, attribute, "has a length that does not fit", error);
  case PRAXI_RULE_SCALAR:
    return read_scalar (attribute, op, error);
  default:
    return read_number (attribute, rule, op, error);
  }
}

gboolean
praxi_onnx_read_attributes (const Onnx__NodeProto *node, int opset, PraxiOp *op, GError **error)
{
  const PraxiRule *rules = praxi_onnx_rules (op->kind);
  for (const PraxiRule *rule = rules; rule->name != NULL; rule++)
    set_default (op, rule);
  set_old_defaults (op, opset);
  for (gsize i = 0; i < node->n_attribute; i++) {
    const Attribute *attribute = node->attribute[i];
    const PraxiRule *rule = rules;
    while (rule->name != NULL && g_strcmp0 (rule->name, attribute->name) != 0)
      rule++;
    if (rule->name == NULL) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED, "attribute '%s' is not supported",
                   attribute->name != NULL ? attribute->name : "");
      return FALSE;
    }
    if (!read_attribute (attribute, rule, op, error))
      return FALSE;
  }
  return TRUE;
}

static Attribute *
new_attribute (const char *name, Onnx__AttributeProto__AttributeType type)
{
  Attribute *attribute = malloc (sizeof *attribute);
  if (attribute == NULL)
    g_error ("not enough memory");
  onnx__attribute_proto__init (attribute);
  attribute->name = strdup (name);
  attribute->has_type = TRUE;
  attribute->type = type;
  return attribute;
}

static void
add_int (GPtrArray *list, const char *name, int64_t value)
{
  Attribute *attribute = new_attribute (name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
  attribute->has_i = TRUE;
  attribute->i = value;
  g_ptr_array_add (list, attribute);
}

static void
add_float (GPtrArray *list, const char *name, float value)
{
  Attribute *attribute = new_attribute (name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
  attribute->has_f = TRUE;
  attribute->f = value;
  g_ptr_array_add (list, attribute);
}

static void
add_word (GPtrArray *list, const char *name, const char *word)
{
  Attribute *attribute = new_attribute (name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
  attribute->has_s = TRUE;
  attribute->s = (ProtobufCBinaryData){strlen (word), (uint8_t *) strdup (word)};
  g_ptr_array_add (list, attribute);
}

static void
add_ints (GPtrArray *list, const char *name, const int64_t *a, int n_a, const int64_t *b, int n_b)
{
  Attribute *attribute = new_attribute (name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
  attribute->n_ints = (size_t) (n_a + n_b);
  attribute->ints = malloc (sizeof (int64_t) * (gsize) (n_a + n_b + 1));
  memcpy (attribute->ints, a, sizeof (int64_t) * (gsize) n_a);
  if (n_b > 0)
    memcpy (attribute->ints + n_a, b, sizeof (int64_t) * (gsize) n_b);
  g_ptr_array_add (list, attribute);
}

static void
add_scalar (GPtrArray *list, const char *name, const PraxiOp *op)
{
  guint64 room = 0;
  PraxiTensor tensor = {.dtype = op->to, .rank = 1, .dims = {1}, .strides = {1}, .data = &room};
  praxi_tensor_set (&tensor, 0, op->value);
  Attribute *attribute = new_attribute (name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
  attribute->t = praxi_onnx_tensor_write (NULL, &tensor);
  g_ptr_array_add (list, attribute);
}

/* Dilations of 1 go without saying, and AveragePool of operator set 17 may not name them. */
static gboolean
is_usual_dilation (const PraxiOp *op, const void *at, int n)
{
  gboolean is_usual = at == op->window.dilation;
  for (int i = 0; is_usual && i < n; i++)
    is_usual = op->window.dilation[i] == 1;
  return is_usual;
}

static void
write_rule (GPtrArray *list, const PraxiRule *rule, PraxiOp *op)
{
  const int n = op->window.n_spatial;
  const void *at = field (op, rule);
  switch (rule->kind) {
  case PRAXI_RULE_INT:
    /* Concat's axis has no default that other runtimes would know. */
    if (*(const int64_t *) at != (int64_t) rule->by_default || op->kind == PRAXI_OP_CONCAT)
      add_int (list, rule->name, *(const int64_t *) at);
    return;
  case PRAXI_RULE_BOOL:
    if (*(const bool *) at != (rule->by_default != 0))
      add_int (list, rule->name, *(const bool *) at);
    return;
  case PRAXI_RULE_FLOAT:
    if (*(const float *) at != (float) rule->by_default)
      add_float (list, rule->name, *(const float *) at);
    return;
  case PRAXI_RULE_WORD: {
    const int word =
        rule->offset == offsetof (PraxiOp, gelu_tanh) ? op->gelu_tanh : *(const int *) at;
    if (word != 0)
      add_word (list, rule->name, rule->words[word]);
    return;
  }
  case PRAXI_RULE_DTYPE:
    add_int (list, rule->name, praxi_onnx_dtype_number (op->to));
    return;
  case PRAXI_RULE_WINDOW:
    if (n > 0 && *(const int64_t *) at != 0 && !is_usual_dilation (op, at, n))
      add_ints (list, rule->name, at, n, NULL, 0);
    return;
  case PRAXI_RULE_PADS:
    if (n > 0 && op->window.auto_pad == PRAXI_AUTO_PAD_NOTSET)
      add_ints (list, rule->name, op->window.pad_begin, n, op->window.pad_end, n);
    return;
  case PRAXI_RULE_LIST:
    if (op->n_axes > 0)
      add_ints (list, rule->name, at, op->n_axes, NULL, 0);
    return;
  case PRAXI_RULE_SCALAR:
    add_scalar (list, rule->name, op);
    return;
  default: /* forms of older operator sets are written as inputs */
    return;
  }
}

GPtrArray *
praxi_onnx_write_attributes (const PraxiOp *op)
{
  GPtrArray *list = g_ptr_array_new ();
  PraxiOp copy = *op;
  for (const PraxiRule *rule = praxi_onnx_rules (op->kind); rule->name != NULL; rule++)
    write_rule (list, rule, &copy);
  return list;
}

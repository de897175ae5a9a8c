/* The attributes of ONNX's operators and where they live in a PraxiOp: one table that the reader
 * and the writer both follow.
 */
#pragma once

#include "engine/model/onnx-wire.h"
#include "kernels/op.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_RULE_INT,       /* int64_t */
  PRAXI_RULE_FLOAT,     /* float */
  PRAXI_RULE_BOOL,      /* an int attribute, bool in PraxiOp */
  PRAXI_RULE_WORD,      /* a string out of words, an enum in PraxiOp */
  PRAXI_RULE_DTYPE,     /* ONNX's number of a type */
  PRAXI_RULE_WINDOW,    /* a list of n_spatial int64_t in the window */
  PRAXI_RULE_PADS,      /* window.pad_begin …, then window.pad_end … */
  PRAXI_RULE_LIST,      /* a list whose length is n_axes: axes, perm, starts, ends */
  PRAXI_RULE_SCALAR,    /* a one-element tensor: value and type */
  PRAXI_RULE_INPUT,     /* before some opset an attribute, now input number `offset` */
  PRAXI_RULE_ONLY,      /* an int of which only the default is supported */
  PRAXI_RULE_ONLY_WORD, /* a string of which only words[0] is supported */
  PRAXI_RULE_IGNORED,
} PraxiRuleKind;

typedef struct {
  const char *name;
  PraxiRuleKind kind;
  gsize offset; /* in PraxiOp */
  double by_default;
  const char *const *words; /* NULL-terminated, in the order of the enum */
} PraxiRule;

/* The rules of an operator, ended by one without a name. Never NULL. */
const PraxiRule *praxi_onnx_rules (PraxiOpKind kind);

/* The operator of that name in ONNX's own domain; NONE when there is none here. */
PraxiOpKind praxi_onnx_op_kind (const char *op_type);

/* Fills op from the attributes of a node. defaults depend on the opset.
 * Errors: UNSUPPORTED (an attribute or its value), FORMAT (wrong type or length); names it
 */
gboolean
praxi_onnx_read_attributes (const Onnx__NodeProto *node, int opset, PraxiOp *op, GError **error);

/* The attributes that say what op says: Onnx__AttributeProto made with malloc, for the caller to
 * put into a message that frees them.
 */
GPtrArray *praxi_onnx_write_attributes (const PraxiOp *op);

G_END_DECLS

/* Formulas of activations, for floats and doubles alike (<tgmath.h> picks the function). */
#pragma once

#include <tgmath.h>

#define PRAXI_RELU(x) ((x) < 0 ? 0 : (x))
#define PRAXI_LIMIT(x, low, high) ((x) < (low) ? (low) : (x) > (high) ? (high) : (x))
#define PRAXI_SIGMOID(x) (1 / (1 + exp (-(x))))
#define PRAXI_HARD_SIGMOID(x, alpha, beta) PRAXI_LIMIT ((alpha) * (x) + (beta), 0, 1)
#define PRAXI_HARD_SWISH(x) ((x) *PRAXI_LIMIT ((x) / 6 + 0.5F, 0, 1))

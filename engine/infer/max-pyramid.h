/* The highest value of any range of a row of numbers, in a handful of steps: a binary tree whose
 * leaves are the numbers. NaN means "nothing there" and loses against everything.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PraxiMaxPyramid PraxiMaxPyramid;

/* n: ≥ 0 numbers, all NaN at first. Returns NULL when memory is short. */
PraxiMaxPyramid *praxi_max_pyramid_new (int n);
void praxi_max_pyramid_free (PraxiMaxPyramid *pyramid);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiMaxPyramid, praxi_max_pyramid_free)

/* Sets number i for the first time; later values may only be higher.
 * Thread: one writer beside any number of readers; a reader sees the old or the new value
 */
void praxi_max_pyramid_set (PraxiMaxPyramid *pyramid, int i, float value);

float praxi_max_pyramid_get (const PraxiMaxPyramid *pyramid, int i);

/* The highest of [first, end), NaN when all are; bounds are clamped. */
float praxi_max_pyramid_max (const PraxiMaxPyramid *pyramid, int first, int end);

G_END_DECLS

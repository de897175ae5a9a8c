#include "engine/train/smote.h"

#include <math.h>
#include <string.h>

enum { USUAL_NEIGHBOURS = 5 };

PraxiFeatures *
praxi_features_new (int n, int width, int n_classes)
{
  PraxiFeatures *features = g_new0 (PraxiFeatures, 1);
  *features = (PraxiFeatures){.n = n,
                              .width = width,
                              .n_classes = n_classes,
                              .x = g_new0 (float, (gsize) n *(gsize) width + 1),
                              .class_of = g_new0 (int, n + 1),
                              .clip_of = g_new0 (int, n + 1)};
  return features;
}

void
praxi_features_free (PraxiFeatures *features)
{
  if (features == NULL)
    return;
  g_free (features->x);
  g_free (features->class_of);
  g_free (features->clip_of);
  g_free (features);
}

static float *
row (const PraxiFeatures *features, int i)
{
  return features->x + (gsize) i * (gsize) features->width;
}

static double
distance (const PraxiFeatures *features, int i, int j)
{
  const float *x = row (features, i), *y = row (features, j);
  double sum = 0;
  for (int k = 0; k < features->width; k++)
    sum += (double) ((x[k] - y[k]) * (x[k] - y[k]));
  return sum;
}

/* Up to k of the class that are nearest to i and of other clips, the nearest first. */
static int
find_neighbours (const PraxiFeatures *features, int i, int k, int *nearest, double *distances)
{
  int n = 0;
  for (int j = 0; j < features->n; j++) {
    if (features->class_of[j] != features->class_of[i] ||
        features->clip_of[j] == features->clip_of[i])
      continue;
    const double d = distance (features, i, j);
    int at = n < k ? n++ : k;
    for (; at > 0 && distances[at - 1] > d; at--)
      if (at < k) {
        distances[at] = distances[at - 1];
        nearest[at] = nearest[at - 1];
      }
    if (at < k) {
      distances[at] = d;
      nearest[at] = j;
    }
  }
  return n;
}

static void
count (const PraxiFeatures *features, int *counts)
{
  memset (counts, 0, sizeof *counts * (gsize) features->n_classes);
  for (int i = 0; i < features->n; i++)
    counts[features->class_of[i]]++;
}

/* Fills places from `at` with `missing` made ones of a class. Returns the place behind. */
static int
fill_class (const PraxiFeatures *features,
            PraxiFeatures *all,
            int class,
            int missing,
            int at,
            int k,
            GRand *random)
{
  g_autofree int *members = g_new (int, features->n + 1), *nearest = g_new (int, k + 1);
  g_autofree double *distances = g_new (double, k + 1);
  int n = 0;
  for (int i = 0; i < features->n; i++)
    if (features->class_of[i] == class)
      members[n++] = i;
  for (int end = at + missing; at < end; at++) {
    const int i = members[g_rand_int_range (random, 0, n)];
    const int n_near = find_neighbours (features, i, k, nearest, distances);
    const int j = n_near > 0 ? nearest[g_rand_int_range (random, 0, n_near)] : i;
    const float u = (float) g_rand_double (random), *x = row (features, i), *y = row (features, j);
    for (int c = 0; c < features->width; c++)
      row (all, at)[c] = x[c] + u * (y[c] - x[c]);
    all->class_of[at] = class;
    all->clip_of[at] = -1 - at; /* of none */
  }
  return at;
}

PraxiFeatures *
praxi_smote (const PraxiFeatures *features, int n_neighbours, GRand *random)
{
  const int k = n_neighbours > 0 ? n_neighbours : USUAL_NEIGHBOURS;
  g_autofree int *counts = g_new (int, features->n_classes + 1);
  int most = 0, n = 0;
  count (features, counts);
  for (int c = 0; c < features->n_classes; c++)
    most = MAX (most, counts[c]);
  for (int c = 0; c < features->n_classes; c++)
    n += counts[c] > 0 ? most : 0;
  PraxiFeatures *all = praxi_features_new (n, features->width, features->n_classes);
  memcpy (all->x, features->x, sizeof (float) * (gsize) features->n * (gsize) features->width);
  memcpy (all->class_of, features->class_of, sizeof (int) * (gsize) features->n);
  memcpy (all->clip_of, features->clip_of, sizeof (int) * (gsize) features->n);
  int at = features->n;
  for (int c = 0; c < features->n_classes; c++)
    if (counts[c] > 0)
      at = fill_class (features, all, c, most - counts[c], at, k, random);
  return all;
}

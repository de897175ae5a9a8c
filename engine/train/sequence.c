#include "engine/train/sequence.h"

#include <gio/gio.h>
#include <math.h>
#include <string.h>

#include "engine/core/error.h"

enum { MAX_BYTES = 256 << 20, MAX_JOINTS = 1024, MAGIC_BYTES = 8 };

#define MAX_TURN_RADIANS 0.35
#define SHAKE 0.01

typedef struct {
  const char *data;
  gsize size;
} Span;

void
praxi_sequence_free (PraxiSequence *sequence)
{
  if (sequence == NULL)
    return;
  g_free (sequence->values);
  g_free (sequence);
}

/* --- the file ------------------------------------------------------------------------------- */

/* What stands behind 'key': in the header, NULL where there is none. */
static const char *
value_of (const char *header, const char *key)
{
  const char *at = strstr (header, key);
  if (at == NULL)
    return NULL;
  at += strlen (key);
  while (*at == ' ' || *at == ':')
    at++;
  return at;
}

/* "(300, 18, 3)" */
static gboolean
parse_shape (const char *text, gint64 shape[3])
{
  if (text == NULL || *text++ != '(')
    return FALSE;
  for (int d = 0; d < 3; d++) {
    char *end;
    shape[d] = g_ascii_strtoll (text, &end, 10);
    while (*end == ' ')
      end++;
    if (end == text || (*end != ',' && !(d == 2 && *end == ')')))
      return FALSE;
    text = *end == ',' ? end + 1 : end;
  }
  while (*text == ' ')
    text++;
  return *text == ')';
}

/* The text of the header, and what lies behind it. Free with g_free. */
static char *
split_header (const Span *file, Span *body)
{
  const guint8 *bytes = (const guint8 *) file->data;
  if (file->size < MAGIC_BYTES + 4 || memcmp (bytes, "\x93NUMPY", 6) != 0 || bytes[6] < 1 ||
      bytes[6] > 3)
    return NULL;
  const gboolean is_long = bytes[6] > 1;
  const gsize start = MAGIC_BYTES + (is_long ? 4 : 2);
  gsize length = bytes[8] | (gsize) bytes[9] << 8;
  if (is_long)
    length |= (gsize) bytes[10] << 16 | (gsize) bytes[11] << 24;
  if (length > file->size - start)
    return NULL;
  *body = (Span){file->data + start + length, file->size - start - length};
  return g_strndup (file->data + start, length);
}

static void
copy_values (PraxiSequence *sequence, const Span *body, gboolean is_double)
{
  const gsize n = (gsize) sequence->frames * (gsize) (sequence->joints * sequence->dims);
  sequence->values = g_new (float, n);
  for (gsize i = 0; i < n; i++) {
    double wide;
    float narrow;
    if (is_double)
      memcpy (&wide, body->data + i * sizeof wide, sizeof wide);
    else
      memcpy (&narrow, body->data + i * sizeof narrow, sizeof narrow);
    narrow = is_double ? (float) wide : narrow;
    sequence->values[i] = isfinite (narrow) ? narrow : NAN;
  }
}

static PraxiSequence *
parse (const Span *file, const char *path, GError **error)
{
  Span body;
  gint64 shape[3];
  g_autofree char *header = split_header (file, &body);
  const char *type = header != NULL ? value_of (header, "'descr'") : NULL;
  const char *order = header != NULL ? value_of (header, "'fortran_order'") : NULL;
  if (type == NULL || order == NULL) {
    praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                           "is not a NumPy array; save it with numpy.save");
    return NULL;
  }
  const gboolean is_double = g_str_has_prefix (type, "'<f8'");
  if ((!is_double && !g_str_has_prefix (type, "'<f4'")) || !g_str_has_prefix (order, "False") ||
      !parse_shape (value_of (header, "'shape'"), shape)) {
    praxi_error_fail_file (error, PRAXI_ERROR_UNSUPPORTED, path,
                           "is not an array of float32 with frames, joints and 2 or 3 coordinates");
    return NULL;
  }
  const gsize element = is_double ? 8 : 4;
  if (shape[0] < 2 || shape[0] > G_MAXINT / 2 || shape[1] < 1 || shape[1] > MAX_JOINTS ||
      shape[2] < 2 || shape[2] > 3 ||
      body.size != (gsize) shape[0] * (gsize) (shape[1] * shape[2]) * element) {
    praxi_error_fail_file (
        error, PRAXI_ERROR_FORMAT, path,
        "wants 2 frames or more, 1 to 1024 joints, 2 or 3 coordinates, and all of their values");
    return NULL;
  }
  PraxiSequence *sequence = g_new0 (PraxiSequence, 1);
  sequence->frames = (int) shape[0];
  sequence->joints = (int) shape[1];
  sequence->dims = (int) shape[2];
  copy_values (sequence, &body, is_double);
  return sequence;
}

PraxiSequence *
praxi_sequence_read (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInfo) info =
      g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_SIZE "," G_FILE_ATTRIBUTE_STANDARD_TYPE,
                         G_FILE_QUERY_INFO_NONE, NULL, NULL);
  if (info == NULL || g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR) {
    praxi_error_fail_file (error, PRAXI_ERROR_NOT_FOUND, path, "there is no such file");
    return NULL;
  }
  if (g_file_info_get_size (info) > MAX_BYTES) {
    praxi_error_fail_file (error, PRAXI_ERROR_UNSUPPORTED, path,
                           "has more than 256 MiB; cut it into pieces");
    return NULL;
  }
  g_autofree char *data = NULL;
  Span span = {0};
  if (!g_file_get_contents (path, &data, &span.size, error))
    return NULL;
  span.data = data;
  return parse (&span, path, error);
}

/* --- what a net sees of it ------------------------------------------------------------------ */

/* Between frames of in, linear; at: 0 … n_in − 1 */
static void
sample (const float *in, int n_in, int width, double at, float *out)
{
  const int low = CLAMP ((int) at, 0, n_in - 1), high = MIN (low + 1, n_in - 1);
  const float part = (float) (at - low);
  for (int i = 0; i < width; i++)
    out[i] = in[low * width + i] + part * (in[high * width + i] - in[low * width + i]);
}

/* What was not seen stays where it was seen last; before that, where it is seen first. */
static void
fill_gaps (float *values, int frames, int width)
{
  for (int i = 0; i < width; i++) {
    int seen = 0;
    while (seen < frames && isnan (values[seen * width + i]))
      seen++;
    float last = seen < frames ? values[seen * width + i] : 0;
    for (int t = 0; t < frames; t++) {
      float *value = &values[t * width + i];
      last = isnan (*value) ? last : *value;
      *value = last;
    }
  }
}

static void
middle_of (const float *values, int n, int dims, double middle[3])
{
  memset (middle, 0, sizeof (double) * 3);
  for (int i = 0; i < n * dims; i++)
    middle[i % dims] += (double) values[i] / n;
}

/* The mean distance of joints from the middle of their frame. */
static double
size_of (const float *values, int frames, int joints, int dims)
{
  double sum = 0, middle[3];
  for (int t = 0; t < frames; t++, values += joints * dims) {
    middle_of (values, joints, dims, middle);
    for (int j = 0; j < joints; j++) {
      double square = 0;
      for (int d = 0; d < dims; d++)
        square += pow ((double) values[j * dims + d] - middle[d], 2);
      sum += sqrt (square);
    }
  }
  return sum / (frames * joints);
}

void
praxi_sequence_fit (const PraxiSequence *sequence, int first, int end, int n_frames, float *out)
{
  const int joints = sequence->joints, dims = sequence->dims, width = joints * dims;
  first = CLAMP (first, 0, sequence->frames - 2);
  end = CLAMP (end, first + 2, sequence->frames);
  const int n = end - first;
  g_autofree float *part = g_memdup2 (sequence->values + (gsize) first * (gsize) width,
                                      sizeof (float) * (gsize) n * (gsize) width);
  fill_gaps (part, n, width);
  for (int t = 0; t < n_frames; t++)
    sample (part, n, width, n_frames > 1 ? (double) t * (n - 1) / (n_frames - 1) : 0,
            out + t * width);
  double middle[3];
  middle_of (out, n_frames * joints, dims, middle);
  const double size = size_of (out, n_frames, joints, dims);
  const double scale = size > 1e-9 ? 1 / size : 1;
  for (int i = 0; i < n_frames * width; i++)
    out[i] = (float) (((double) out[i] - middle[i % dims]) * scale);
}

/* In space about the upright axis, y; in a plane about its middle. */
static void
turn (float *joint, int dims, double c, double s)
{
  float *x = &joint[0], *z = &joint[dims - 1];
  const double a = (double) *x, b = (double) *z;
  *x = (float) (c * a - s * b);
  *z = (float) (s * a + c * b);
}

void
praxi_sequence_augment (const float *in,
                        int frames,
                        int joints,
                        int dims,
                        GRand *random,
                        float *out)
{
  const int width = joints * dims;
  const double angle = g_rand_double_range (random, -MAX_TURN_RADIANS, MAX_TURN_RADIANS);
  const double c = cos (angle), s = sin (angle), scale = g_rand_double_range (random, 0.9, 1.1);
  const double kept = g_rand_double_range (random, 0.8, 1) * (frames - 1);
  const double start = g_rand_double (random) * (frames - 1 - kept);
  for (int t = 0; t < frames; t++) {
    sample (in, frames, width, start + kept * t / MAX (frames - 1, 1), out + t * width);
    for (int j = 0; j < joints; j++)
      turn (out + t * width + j * dims, dims, c, s);
  }
  for (int i = 0; i < frames * width; i++)
    out[i] = (float) ((double) out[i] * scale + g_rand_double_range (random, -SHAKE, SHAKE));
}

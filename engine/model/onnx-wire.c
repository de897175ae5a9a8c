#include "engine/model/onnx-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/core/pages.h"
#include "engine/model/onnx-field.h"

/* A model with a subgraph in a subgraph nests 14 deep; nothing that runs here needs more. */
enum { DEPTH_LIMIT = 32 };

static gboolean
scan (const ProtobufCMessageDescriptor *message, PraxiOnnxCursor cursor, int depth)
{
  while (cursor.at < cursor.end) {
    PraxiOnnxField field;
    if (!praxi_onnx_read_field (&cursor, &field))
      return FALSE;
    const ProtobufCFieldDescriptor *known =
        protobuf_c_message_descriptor_get_field (message, (unsigned) field.number);
    if (known == NULL || known->type != PROTOBUF_C_TYPE_MESSAGE)
      continue;
    if (field.wire_type != PRAXI_WIRE_BYTES || depth == DEPTH_LIMIT ||
        !scan (known->descriptor, field.body, depth + 1))
      return FALSE;
  }
  return TRUE;
}

static void *
alloc_in_budget (void *data, size_t size)
{
  size_t *left = data;
  if (size > *left)
    return NULL;
  *left -= size;
  return malloc (MAX (size, 1));
}

static void
free_cb (void *data, void *pointer)
{
  free (pointer);
}

static ProtobufCMessage *
unpack (const ProtobufCMessageDescriptor *descriptor,
        const guint8 *data,
        gsize size,
        GError **error)
{
  size_t budget = size + PRAXI_ONNX_SLACK_BYTES;
  ProtobufCAllocator allocator = {alloc_in_budget, free_cb, &budget};
  ProtobufCMessage *message = NULL;
  if (scan (descriptor, (PraxiOnnxCursor){data, data + size}, 0))
    message = protobuf_c_message_unpack (descriptor, &allocator, size, data);
  if (message == NULL)
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 "not an ONNX file, or a damaged one; export or copy it again");
  return message;
}

Onnx__ModelProto *
praxi_onnx_unpack (const guint8 *data, gsize size, GError **error)
{
  return (Onnx__ModelProto *) unpack (&onnx__model_proto__descriptor, data, size, error);
}

Onnx__TensorProto *
praxi_onnx_unpack_tensor (const guint8 *data, gsize size, GError **error)
{
  return (Onnx__TensorProto *) unpack (&onnx__tensor_proto__descriptor, data, size, error);
}

static gboolean
check_file (const char *path, const struct stat *status, GError **error)
{
  if (!S_ISREG (status->st_mode))
    return praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                                  "not a regular file; name an ONNX file");
  if (status->st_size > G_MAXINT32)
    return praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                                  "larger than the 2 GiB an ONNX file may have; not a model");
  return TRUE;
}

int
praxi_onnx_open_file (const char *path, gsize *size, GError **error)
{
  /* O_NONBLOCK: a FIFO in the file's place must not hold us up. */
  const int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat status;
  if (fd < 0) {
    praxi_error_fail_file (error, errno == ENOENT ? PRAXI_ERROR_NOT_FOUND : PRAXI_ERROR_FAILED,
                           path, "%s", g_strerror (errno));
    return -1;
  }
  gboolean good = fstat (fd, &status) == 0 ||
                  praxi_error_fail_file (error, PRAXI_ERROR_FAILED, path, "%s", g_strerror (errno));
  good = good && check_file (path, &status, error);
  if (good)
    *size = (gsize) status.st_size;
  else
    close (fd);
  return good ? fd : -1;
}

GBytes *
praxi_onnx_allocate_file (gsize size, const char *path, GError **error)
{
  guint8 *data = praxi_pages_allocate (size);
  if (data == NULL)
    praxi_error_fail_file (error, PRAXI_ERROR_MEMORY, path, "not enough memory to read it");
  return data != NULL ? g_bytes_new_with_free_func (data, size, free, data) : NULL;
}

gboolean
praxi_onnx_read_part (guint8 *file,
                      gsize begin,
                      gsize end,
                      int fd,
                      const char *path,
                      GError **error)
{
  while (begin < end) {
    const ssize_t n = pread (fd, file + begin, end - begin, (off_t) begin);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return praxi_error_fail_file (
          error, n < 0 ? PRAXI_ERROR_DISK : PRAXI_ERROR_FORMAT, path, "%s",
          n < 0 ? g_strerror (errno) : "became shorter while it was read; try again");
    begin += (gsize) n;
  }
  return TRUE;
}

GBytes *
praxi_onnx_read_file (const char *path, GError **error)
{
  gsize size;
  const int fd = praxi_onnx_open_file (path, &size, error);
  if (fd < 0)
    return NULL;
  g_autoptr (GBytes) bytes = praxi_onnx_allocate_file (size, path, error);
  const gboolean good =
      bytes != NULL &&
      praxi_onnx_read_part ((guint8 *) g_bytes_get_data (bytes, NULL), 0, size, fd, path, error);
  close (fd);
  return good ? g_steal_pointer (&bytes) : NULL;
}

/* As lower-case hex; free with g_free. */
static char *
finish_sum (struct sha256_ctx *sum)
{
  guint8 digest[SHA256_DIGEST_SIZE];
  GString *hex = g_string_sized_new (2 * sizeof digest);
  sha256_digest (sum, sizeof digest, digest);
  for (gsize i = 0; i < sizeof digest; i++)
    g_string_append_printf (hex, "%02x", digest[i]);
  return g_string_free (hex, FALSE);
}

/* The digest of a file as it is, and with the digits at `at` replaced by zeros; `at` −1: none. */
static void
sum_both (const guint8 *data,
          gsize size,
          const PraxiOnnxPrefix *prefix,
          gint64 at,
          struct sha256_ctx *as_is,
          struct sha256_ctx *masked)
{
  char zeros[2 * SHA256_DIGEST_SIZE];
  memset (zeros, '0', sizeof zeros);
  const gsize end = at < 0 ? size : (gsize) at;
  const gboolean has_begun = prefix != NULL && prefix->n_bytes <= end;
  const gsize begin = has_begun ? prefix->n_bytes : 0;
  if (has_begun)
    *as_is = prefix->sum;
  else
    sha256_init (as_is);
  sha256_update (as_is, end - begin, data + begin);
  *masked = *as_is;
  if (at < 0)
    return;
  const gsize behind = end + sizeof zeros;
  sha256_update (masked, sizeof zeros, (const guint8 *) zeros);
  sha256_update (masked, size - behind, data + behind);
  sha256_update (as_is, size - end, data + end);
}

char *
praxi_onnx_sum (const guint8 *data, gsize size, gint64 at)
{
  struct sha256_ctx as_is, masked;
  sum_both (data, size, NULL, at, &as_is, &masked);
  return finish_sum (&masked);
}

static gboolean
cursor_is (const PraxiOnnxCursor *cursor, const char *text)
{
  const gsize length = strlen (text);
  return (gsize) (cursor->end - cursor->at) == length && memcmp (cursor->at, text, length) == 0;
}

typedef struct {
  int specs, sums;
  PraxiOnnxCursor sum; /* the value of praxi.sha256 */
} Metadata;

/* Looks through the metadata_props (field 14 of ModelProto) of a file. */
static void
find_metadata (PraxiOnnxCursor model, Metadata *found)
{
  PraxiOnnxField entry;
  while (model.at < model.end && praxi_onnx_read_field (&model, &entry)) {
    PraxiOnnxCursor key = {NULL, NULL}, value = {NULL, NULL};
    PraxiOnnxField part;
    if (entry.number != 14 || entry.wire_type != PRAXI_WIRE_BYTES)
      continue;
    while (entry.body.at < entry.body.end && praxi_onnx_read_field (&entry.body, &part)) {
      if (part.number == 1 && part.wire_type == PRAXI_WIRE_BYTES)
        key = part.body;
      else if (part.number == 2 && part.wire_type == PRAXI_WIRE_BYTES)
        value = part.body;
    }
    if (cursor_is (&key, "praxi.spec"))
      found->specs++;
    if (cursor_is (&key, "praxi.sha256")) {
      found->sums++;
      found->sum = value;
    }
  }
}

gint64
praxi_onnx_find_sum (const guint8 *data, gsize size)
{
  Metadata found = {0};
  find_metadata ((PraxiOnnxCursor){data, data + size}, &found);
  const gboolean fits = found.sums == 1 && found.sum.end - found.sum.at == 2 * SHA256_DIGEST_SIZE;
  return fits ? found.sum.at - data : -1;
}

/* Damage can hide an entry but not, with one bit, both names: a file that mentions either has to
 * have both.
 */
static gboolean
mentions_spec (const guint8 *data, gsize size)
{
  static const char spec[] = "praxi.spec", sum[] = "praxi.sha256";
  const guint8 *const end = data + size;
  for (const guint8 *at = data; at < end && (at = memmem (at, end - at, spec, 7)) != NULL; at++) {
    const gsize left = (gsize) (end - at);
    if ((left >= sizeof spec - 1 && memcmp (at, spec, sizeof spec - 1) == 0) ||
        (left >= sizeof sum - 1 && memcmp (at, sum, sizeof sum - 1) == 0))
      return TRUE;
  }
  return FALSE;
}

static gboolean
fail_sum (GError **error)
{
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "damaged: its checksum does not fit; copy it again from where it came");
  return FALSE;
}

gboolean
praxi_onnx_find_marks (const guint8 *data, gsize size, gint64 *at, GError **error)
{
  Metadata found = {0};
  find_metadata ((PraxiOnnxCursor){data, data + size}, &found);
  const gboolean has_both =
      found.specs == 1 && found.sums == 1 && found.sum.end - found.sum.at == 2 * SHA256_DIGEST_SIZE;
  *at = has_both ? found.sum.at - data : -1;
  if (!has_both && (found.specs > 0 || found.sums > 0 || mentions_spec (data, size)))
    return fail_sum (error);
  return TRUE;
}

char *
praxi_onnx_check_sum (const guint8 *data,
                      gsize size,
                      const PraxiOnnxPrefix *prefix,
                      gint64 at,
                      GError **error)
{
  struct sha256_ctx as_is, masked;
  sum_both (data, size, prefix, at, &as_is, &masked);
  g_autofree char *sum = finish_sum (&masked);
  if (at >= 0 && memcmp (sum, data + at, 2 * SHA256_DIGEST_SIZE) != 0) {
    fail_sum (error);
    return NULL;
  }
  return finish_sum (&as_is);
}

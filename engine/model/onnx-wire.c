#include "engine/model/onnx-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/core/text.h"

/* A model with a subgraph in a subgraph nests 14 deep; nothing that runs here needs more. */
enum { DEPTH_LIMIT = 32 };

typedef struct {
  const guint8 *at;
  const guint8 *end;
} Cursor;

static gboolean
read_varint (Cursor *cursor, guint64 *value)
{
  *value = 0;
  for (int shift = 0; shift < 70 && cursor->at < cursor->end; shift += 7) {
    const guint8 byte = *cursor->at++;
    if (shift < 64)
      *value |= (guint64) (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0)
      return TRUE;
  }
  return FALSE;
}

typedef struct {
  guint64 number;
  int wire_type;
  Cursor body; /* of a length-delimited field */
} Field;

/* Reads one field. Groups (wire types 3 and 4) are older than ONNX: whoever has one is damaged. */
static gboolean
read_field (Cursor *cursor, Field *field)
{
  guint64 tag, length = 0;
  if (!read_varint (cursor, &tag) || tag >> 3 == 0 || tag > G_MAXUINT32)
    return FALSE;
  field->number = tag >> 3;
  field->wire_type = (int) (tag & 7);
  if (field->wire_type == 0)
    return read_varint (cursor, &length);
  if (field->wire_type == 1)
    length = 8;
  else if (field->wire_type == 5)
    length = 4;
  else if (field->wire_type != 2 || !read_varint (cursor, &length))
    return FALSE;
  if (length > (guint64) (cursor->end - cursor->at))
    return FALSE;
  field->body = (Cursor){cursor->at, cursor->at + length};
  cursor->at += length;
  return TRUE;
}

static gboolean
scan (const ProtobufCMessageDescriptor *message, Cursor cursor, int depth)
{
  while (cursor.at < cursor.end) {
    Field field;
    if (!read_field (&cursor, &field))
      return FALSE;
    const ProtobufCFieldDescriptor *known =
        protobuf_c_message_descriptor_get_field (message, (unsigned) field.number);
    if (known == NULL || known->type != PROTOBUF_C_TYPE_MESSAGE)
      continue;
    if (field.wire_type != 2 || depth == DEPTH_LIMIT ||
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
  if (scan (descriptor, (Cursor){data, data + size}, 0))
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
fail_read (const char *path, PraxiErrorCode code, const char *why, GError **error)
{
  g_autofree char *name = praxi_text_file_name (path);
  g_set_error (error, PRAXI_ERROR, code, "%s: %s", name, why);
  return FALSE;
}

static gboolean
check_file (const char *path, const struct stat *status, GError **error)
{
  if (!S_ISREG (status->st_mode))
    return fail_read (path, PRAXI_ERROR_FORMAT, "not a regular file; name an ONNX file", error);
  if (status->st_size > G_MAXINT32)
    return fail_read (path, PRAXI_ERROR_FORMAT,
                      "larger than the 2 GiB an ONNX file may have; not a model", error);
  return TRUE;
}

static guint8 *
read_all (int fd, gsize size, const char *path, GError **error)
{
  g_autofree guint8 *data = g_try_malloc (size + 1);
  gsize done = 0;
  if (data == NULL) {
    fail_read (path, PRAXI_ERROR_MEMORY, "not enough memory to read it", error);
    return NULL;
  }
  while (done < size) {
    const ssize_t n = read (fd, data + done, size - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      fail_read (path, n < 0 ? PRAXI_ERROR_DISK : PRAXI_ERROR_FORMAT,
                 n < 0 ? g_strerror (errno) : "became shorter while it was read; try again", error);
      return NULL;
    }
    done += (gsize) n;
  }
  return g_steal_pointer (&data);
}

GBytes *
praxi_onnx_read_file (const char *path, GError **error)
{
  /* O_NONBLOCK: a FIFO in the file's place must not hold us up. */
  const int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    fail_read (path, errno == ENOENT ? PRAXI_ERROR_NOT_FOUND : PRAXI_ERROR_FAILED,
               g_strerror (errno), error);
    return NULL;
  }
  struct stat status;
  guint8 *data = NULL;
  if (fstat (fd, &status) != 0)
    fail_read (path, PRAXI_ERROR_FAILED, g_strerror (errno), error);
  else if (check_file (path, &status, error))
    data = read_all (fd, (gsize) status.st_size, path, error);
  close (fd);
  return data != NULL ? g_bytes_new_take (data, (gsize) status.st_size) : NULL;
}

char *
praxi_onnx_sum (const guint8 *data, gsize size, gint64 at)
{
  guint8 zeros[PRAXI_SHA256_HEX];
  memset (zeros, '0', sizeof zeros);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  if (at < 0) {
    g_checksum_update (sum, data, (gssize) size);
  } else {
    const gsize behind = (gsize) at + PRAXI_SHA256_HEX;
    g_checksum_update (sum, data, (gssize) at);
    g_checksum_update (sum, zeros, PRAXI_SHA256_HEX);
    g_checksum_update (sum, data + behind, (gssize) (size - behind));
  }
  return g_strdup (g_checksum_get_string (sum));
}

static gboolean
cursor_is (const Cursor *cursor, const char *text)
{
  const gsize length = strlen (text);
  return (gsize) (cursor->end - cursor->at) == length && memcmp (cursor->at, text, length) == 0;
}

typedef struct {
  int specs, sums;
  Cursor sum; /* the value of praxi.sha256 */
} Metadata;

/* Looks through the metadata_props (field 14 of ModelProto) of a file. */
static void
find_metadata (Cursor model, Metadata *found)
{
  Field entry;
  while (model.at < model.end && read_field (&model, &entry)) {
    Cursor key = {NULL, NULL}, value = {NULL, NULL};
    Field part;
    if (entry.number != 14 || entry.wire_type != 2)
      continue;
    while (entry.body.at < entry.body.end && read_field (&entry.body, &part)) {
      if (part.number == 1 && part.wire_type == 2)
        key = part.body;
      else if (part.number == 2 && part.wire_type == 2)
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
  find_metadata ((Cursor){data, data + size}, &found);
  const gboolean fits = found.sums == 1 && found.sum.end - found.sum.at == PRAXI_SHA256_HEX;
  return fits ? found.sum.at - data : -1;
}

/* Damage can hide an entry but not, with one bit, both names: a file that mentions either has to
 * have both.
 */
static gboolean
mentions_spec (const guint8 *data, gsize size)
{
  return size > 0 && (memmem (data, size, "praxi.spec", 10) != NULL ||
                      memmem (data, size, "praxi.sha256", 12) != NULL);
}

gboolean
praxi_onnx_check_sum (const guint8 *data, gsize size, gint64 *at, GError **error)
{
  Metadata found = {0};
  *at = -1;
  find_metadata ((Cursor){data, data + size}, &found);
  if (found.specs == 0 && found.sums == 0 && !mentions_spec (data, size))
    return TRUE;
  if (found.specs == 1 && found.sums == 1 && found.sum.end - found.sum.at == PRAXI_SHA256_HEX) {
    *at = found.sum.at - data;
    g_autofree char *sum = praxi_onnx_sum (data, size, *at);
    if (memcmp (sum, found.sum.at, PRAXI_SHA256_HEX) == 0)
      return TRUE;
  }
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "damaged: its checksum does not fit; copy it again from where it came");
  return FALSE;
}

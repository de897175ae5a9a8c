/* Memory in large pages holds what was written, wherever the kernel puts it. */
#include <errno.h>
#include <glib.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/core/pages.h"

static void
fill (guint8 *data, gsize bytes)
{
  for (gsize i = 0; i < bytes; i++)
    data[i] = (guint8) (i * 31 >> 3);
}

static void
assert_filled (const guint8 *data, gsize bytes)
{
  for (gsize i = 0; i < bytes; i++)
    if (data[i] != (guint8) (i * 31 >> 3))
      g_error ("byte %" G_GSIZE_FORMAT " is another one", i);
}

static void
test_zeros (void)
{
  const gsize bytes = PRAXI_LARGE_PAGE_BYTES + 5000;
  guint8 *data = praxi_pages_map (-1, bytes, TRUE);
  g_assert_nonnull (data);
  g_assert_cmpuint ((uintptr_t) data % PRAXI_LARGE_PAGE_BYTES, ==, 0);
  for (gsize i = 0; i < bytes; i++)
    g_assert_cmpint (data[i], ==, 0);
  fill (data, bytes);
  praxi_pages_unite (data, bytes);
  assert_filled (data, bytes);
  praxi_pages_give_back (data, bytes);
  g_assert_cmpint (data[0] | data[PRAXI_LARGE_PAGE_BYTES], ==, 0);
  praxi_pages_unmap (data, bytes);
}

/* Two who see the same file, one of whom puts it into large pages. */
static void
test_file (void)
{
  const gsize bytes = 2 * PRAXI_LARGE_PAGE_BYTES;
  const int fd = memfd_create ("test", MFD_CLOEXEC);
  g_assert_cmpint (ftruncate (fd, (off_t) bytes), ==, 0);
  guint8 *writer = praxi_pages_map (fd, bytes, TRUE);
  const guint8 *reader = praxi_pages_map (fd, bytes, FALSE);
  g_assert_true (writer != NULL && reader != NULL);
  g_assert_cmpuint ((uintptr_t) writer % PRAXI_LARGE_PAGE_BYTES, ==, 0);
  fill (writer, bytes);
  assert_filled (reader, bytes);
  praxi_pages_unite (writer, bytes);
  assert_filled (writer, bytes);
  writer[bytes - 1] = 77;
  g_assert_cmpint (reader[bytes - 1], ==, 77);
  praxi_pages_unmap (writer, bytes);
  assert_filled (reader, bytes - 1);
  praxi_pages_unmap ((void *) reader, bytes);
  close (fd);
}

static void
test_refused (void)
{
  g_assert_null (praxi_pages_map (-1, G_MAXSIZE / 4, TRUE));
  g_assert_cmpint (errno, ==, ENOMEM);
  g_assert_null (praxi_pages_map (1000, 4096, TRUE)); /* no such descriptor */
  g_assert_cmpint (errno, ==, EBADF);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pages/zeros", test_zeros);
  g_test_add_func ("/pages/file", test_file);
  g_test_add_func ("/pages/refused", test_refused);
  return g_test_run ();
}

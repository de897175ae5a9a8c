#include "engine/media/preview-cache.h"

enum { WIDTH = 4, HEIGHT = 2, BYTES = WIDTH * HEIGHT * 4, KEPT = 3 };

static void
add (PraxiPreviewCache *cache, int ordinal, int side)
{
  guint8 pixels[BYTES];
  for (int i = 0; i < BYTES; i++)
    pixels[i] = (guint8) (ordinal * 10 + side + i);
  praxi_preview_cache_add (cache, &(PraxiPreview){{ordinal, side, side}, WIDTH, HEIGHT, pixels});
}

static gboolean
has (PraxiPreviewCache *cache, int ordinal, int side)
{
  const PraxiPreview *preview =
      praxi_preview_cache_get (cache, (PraxiPreviewKey){ordinal, side, side});
  for (int i = 0; preview != NULL && i < BYTES; i++)
    g_assert_cmpint (preview->pixels[i], ==, (guint8) (ordinal * 10 + side + i));
  return preview != NULL;
}

static void
test_oldest_goes (void)
{
  g_autoptr (PraxiPreviewCache) cache = praxi_preview_cache_new (KEPT * BYTES);
  for (int i = 0; i < KEPT; i++)
    add (cache, i, 5);
  g_assert_true (has (cache, 0, 5)); /* asked for: 1 is the oldest now */
  add (cache, 7, 5);
  g_assert_false (has (cache, 1, 5));
  g_assert_true (has (cache, 0, 5));
  g_assert_true (has (cache, 2, 5));
  g_assert_true (has (cache, 7, 5));
}

static void
test_size_counts (void)
{
  g_autoptr (PraxiPreviewCache) cache = praxi_preview_cache_new (KEPT * BYTES);
  add (cache, 1, 5);
  g_assert_false (has (cache, 1, 6));
  add (cache, 1, 6);
  g_assert_true (has (cache, 1, 5));
  g_assert_true (has (cache, 1, 6));
}

static void
test_one_is_kept (void)
{
  g_autoptr (PraxiPreviewCache) cache = praxi_preview_cache_new (1);
  add (cache, 1, 5);
  g_assert_true (has (cache, 1, 5));
  add (cache, 2, 5);
  g_assert_false (has (cache, 1, 5));
  g_assert_true (has (cache, 2, 5));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/preview-cache/oldest-goes", test_oldest_goes);
  g_test_add_func ("/media/preview-cache/size-counts", test_size_counts);
  g_test_add_func ("/media/preview-cache/one-is-kept", test_one_is_kept);
  return g_test_run ();
}

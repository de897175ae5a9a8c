/* What a decoder that was taken over says to the server. */
#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/clip-stream.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const PraxiClipStreamOptions options = {
      .frames = 3, .height = 2, .width = 2, .rate_hz = 1, .max_windows = 10, .limit_ms = 1000};
  const int fd = memfd_create ("said", MFD_CLOEXEC);
  if (fd < 0 || write (fd, data, size) != (gssize) size || lseek (fd, 0, SEEK_SET) != 0)
    return 0;
  g_autoptr (PraxiClipStream) stream = praxi_clip_stream_new (fd, &options);
  g_autoptr (GError) error = NULL;
  int n_clips = 0;
  while (praxi_clip_stream_next (stream, &error) != NULL)
    n_clips++;
  g_assert_true (n_clips <= options.max_windows);
  g_assert_true (n_clips > 0 || error != NULL);
  return 0;
}

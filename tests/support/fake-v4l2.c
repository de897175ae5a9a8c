/* Preloaded: /dev/video0 is a camera that films moving bars, 320 × 180 at 25 Hz, through
 * Video4Linux's streaming calls on a memory file. $PRAXI_V4L2 says what it is like, words with
 * commas between them:
 *
 *   mjpeg=FILE  it also gives the JPEGs that stand one behind the other in this file
 *   missing, denied, busy, no-camera
 *               opening it fails so, or finds no camera
 *   stall=N     after N pictures none comes any more, until it is opened again
 *   gone=N      after N pictures it is unplugged, two seconds later it is there again
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 320, HEIGHT = 180, FRAME_BYTES = WIDTH * HEIGHT * 2 };
enum {
  BUFFER_BYTES = (FRAME_BYTES + 4095) / 4096 * 4096,
  MAX_BUFFERS = 8
}; /* they begin at pages */
enum { RATE_HZ = 25, GONE_S = 2 };

static struct {
  int fd; /* -1: closed */
  int is_nonblocking, n_buffers, has_misbehaved;
  unsigned char *memory;
  unsigned pixel_format;
  int queue[MAX_BUFFERS], n_queued;
  unsigned sequence;
  double begin_s, gone_until_s;
} device = {.fd = -1};

static double
now_s (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* What stands behind `word`, "" when nothing does; NULL: the word is not there. */
static const char *
option (const char *word)
{
  const char *words = getenv ("PRAXI_V4L2");
  const size_t length = strlen (word);
  for (const char *at = words; at != NULL && *at != '\0';
       at = strchr (at, ','), at = at ? at + 1 : NULL)
    if (strncmp (at, word, length) == 0 && strchr ("=,", at[length]) != NULL)
      return at[length] == '=' ? at + length + 1 : "";
  return NULL;
}

static int
fail (int reason)
{
  errno = reason;
  return -1;
}

static int
open_device (int flags)
{
  if (option ("missing") != NULL || now_s () < device.gone_until_s)
    return fail (ENOENT);
  if (option ("denied") != NULL)
    return fail (EACCES);
  if (device.fd >= 0)
    return fail (EBUSY);
  device.fd = memfd_create ("video0", MFD_CLOEXEC);
  device.is_nonblocking = (flags & O_NONBLOCK) != 0;
  device.pixel_format = V4L2_PIX_FMT_YUYV;
  device.n_buffers = device.n_queued = 0;
  return device.fd;
}

/* The symbol is open64, since files count in 64 bits here. */
int
open (const char *path, int flags, ...)
{
  va_list arguments;
  va_start (arguments, flags);
  const int mode = va_arg (arguments, int);
  va_end (arguments);
  if (strcmp (path, "/dev/video0") == 0)
    return open_device (flags);
  int (*real) (const char *, int, ...);
  *(void **) &real = dlsym (RTLD_NEXT, "open64");
  return real (path, flags, mode);
}

int
close (int fd)
{
  int (*real) (int);
  *(void **) &real = dlsym (RTLD_NEXT, "close");
  if (fd >= 0 && fd == device.fd) {
    if (device.memory != NULL)
      munmap (device.memory, (size_t) device.n_buffers * BUFFER_BYTES);
    device.memory = NULL;
    device.fd = -1;
  }
  return real (fd);
}

static void
film_bars (unsigned char *to, unsigned number)
{
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      *to++ = (unsigned char) (32 + (((unsigned) x + 4 * number) / 32 % 7) * 32);
      *to++ = (unsigned char) (x % 2 == 0 ? 96 + y / 4 : 160 - y / 4);
    }
}

/* The picture of that number in the file of JPEGs, from one start of image to the next. */
static unsigned
film_jpeg (unsigned char *to, unsigned number)
{
  static unsigned char bytes[4 << 20];
  static size_t n_bytes, begins[256], n_begins;
  const char *words = option ("mjpeg");
  if (n_begins == 0) {
    char path[256];
    snprintf (path, sizeof path, "%.*s", (int) strcspn (words, ","), words);
    FILE *file = fopen (path, "rb");
    n_bytes = file != NULL ? fread (bytes, 1, sizeof bytes, file) : 0;
    for (size_t i = 0; i + 2 < n_bytes && n_begins < 255; i++)
      if (bytes[i] == 0xff && bytes[i + 1] == 0xd8 && bytes[i + 2] == 0xff)
        begins[n_begins++] = i;
    begins[n_begins] = n_bytes;
  }
  if (n_begins == 0)
    return 0;
  const size_t k = number % n_begins, length = begins[k + 1] - begins[k];
  memcpy (to, bytes + begins[k], length < FRAME_BYTES ? length : FRAME_BYTES);
  return (unsigned) length;
}

/* Whether it goes wrong now. */
static int
misbehaves (const char *word)
{
  const char *at = option (word);
  return at != NULL && !device.has_misbehaved && device.sequence >= (unsigned) atoi (at);
}

static int
take_picture (struct v4l2_buffer *buffer)
{
  for (;;) {
    if (misbehaves ("gone")) {
      device.has_misbehaved = 1;
      device.gone_until_s = now_s () + GONE_S;
      return fail (ENODEV);
    }
    const double due_s = device.begin_s + (double) device.sequence / RATE_HZ;
    if (!misbehaves ("stall") && device.n_queued > 0 && now_s () >= due_s)
      break;
    if (device.is_nonblocking)
      return fail (EAGAIN);
    nanosleep (&(const struct timespec){.tv_nsec = 2000000}, NULL);
  }
  const int index = device.queue[0];
  memmove (device.queue, device.queue + 1, (size_t) --device.n_queued * sizeof *device.queue);
  unsigned char *to = device.memory + (size_t) index * BUFFER_BYTES;
  unsigned bytes = FRAME_BYTES;
  if (device.pixel_format == V4L2_PIX_FMT_MJPEG)
    bytes = film_jpeg (to, device.sequence);
  else
    film_bars (to, device.sequence);
  const double at_s = now_s ();
  *buffer = (struct v4l2_buffer){
      .index = (unsigned) index,
      .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
      .memory = V4L2_MEMORY_MMAP,
      .bytesused = bytes,
      .length = FRAME_BYTES,
      .sequence = device.sequence++,
      .timestamp = {(long) at_s, (long) ((at_s - (double) (long) at_s) * 1e6)}};
  return 0;
}

static int
set_format (struct v4l2_format *format)
{
  if (option ("busy") != NULL)
    return fail (EBUSY);
  const int has_jpeg = option ("mjpeg") != NULL;
  if (format->fmt.pix.pixelformat != V4L2_PIX_FMT_MJPEG || !has_jpeg)
    format->fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
  device.pixel_format = format->fmt.pix.pixelformat;
  format->fmt.pix.width = WIDTH;
  format->fmt.pix.height = HEIGHT;
  format->fmt.pix.field = V4L2_FIELD_NONE;
  format->fmt.pix.bytesperline = device.pixel_format == V4L2_PIX_FMT_YUYV ? WIDTH * 2 : 0;
  format->fmt.pix.sizeimage = FRAME_BYTES;
  return 0;
}

static int
request_buffers (struct v4l2_requestbuffers *request)
{
  if (request->count > MAX_BUFFERS)
    request->count = MAX_BUFFERS;
  device.n_buffers = (int) request->count;
  const size_t bytes = (size_t) device.n_buffers * BUFFER_BYTES;
  if (ftruncate (device.fd, (off_t) bytes) != 0)
    return -1;
  device.memory = mmap (NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, device.fd, 0);
  return device.memory != MAP_FAILED ? 0 : -1;
}

static int
capabilities (struct v4l2_capability *of)
{
  strcpy ((char *) of->card, "Fake camera");
  of->capabilities =
      (option ("no-camera") != NULL ? 0 : V4L2_CAP_VIDEO_CAPTURE) | V4L2_CAP_STREAMING;
  return 0;
}

static int
describe_format (struct v4l2_fmtdesc *of)
{
  if (of->index > (option ("mjpeg") != NULL ? 1 : 0))
    return fail (EINVAL);
  of->pixelformat = of->index == 0 ? V4L2_PIX_FMT_YUYV : V4L2_PIX_FMT_MJPEG;
  return 0;
}

static int
obey (unsigned long request, void *argument)
{
  struct v4l2_buffer *buffer = argument;
  switch (request) {
  case VIDIOC_QUERYCAP:
    return capabilities (argument);
  case VIDIOC_ENUM_FMT:
    return describe_format (argument);
  case VIDIOC_G_INPUT:
    *(int *) argument = 0;
    return 0;
  case VIDIOC_ENUMINPUT:
  case VIDIOC_S_INPUT:
  case VIDIOC_G_PARM:
    return 0;
  case VIDIOC_G_FMT:
  case VIDIOC_S_FMT:
    return set_format (argument);
  case VIDIOC_REQBUFS:
    return request_buffers (argument);
  case VIDIOC_QUERYBUF:
    buffer->length = FRAME_BYTES;
    buffer->m.offset = buffer->index * BUFFER_BYTES;
    return 0;
  case VIDIOC_QBUF:
    device.queue[device.n_queued++] = (int) buffer->index;
    return 0;
  case VIDIOC_STREAMON:
    device.begin_s = now_s ();
    device.has_misbehaved |= device.sequence > 0; /* once only */
    device.sequence = 0;
    return 0;
  case VIDIOC_STREAMOFF:
    device.n_queued = 0;
    return 0;
  case VIDIOC_DQBUF:
    return take_picture (argument);
  default:
    return fail (ENOTTY);
  }
}

int
ioctl (int fd, unsigned long request, ...)
{
  va_list arguments;
  va_start (arguments, request);
  void *argument = va_arg (arguments, void *);
  va_end (arguments);
  if (fd >= 0 && fd == device.fd)
    return obey (request & 0xffffffff, argument);
  int (*real) (int, unsigned long, ...);
  *(void **) &real = dlsym (RTLD_NEXT, "ioctl");
  return real (fd, request, argument);
}

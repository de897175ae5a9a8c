#include "engine/media/decode-protocol.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
wait_until_writable (int socket_fd)
{
  struct pollfd poll_fd = {.fd = socket_fd, .events = POLLOUT};
  poll (&poll_fd, 1, -1);
}

gboolean
praxi_decode_send (int socket_fd, const void *message, gsize size_bytes, int fd, gboolean wait)
{
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (sizeof (int))];
  } control = {.bytes = {0}};
  struct iovec part = {.iov_base = (void *) message, .iov_len = size_bytes};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  if (fd >= 0) {
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof control.bytes;
    struct cmsghdr *rights = CMSG_FIRSTHDR (&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN (sizeof fd);
    memcpy (CMSG_DATA (rights), &fd, sizeof fd);
  }
  for (;;) {
    if (sendmsg (socket_fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t) size_bytes)
      return TRUE;
    const gboolean is_full = errno == EAGAIN || errno == EWOULDBLOCK;
    if (is_full && wait)
      wait_until_writable (socket_fd);
    else if (errno != EINTR)
      return FALSE;
  }
}

/* The one descriptor that may come along; what else comes is closed. */
static int
take_descriptor (struct msghdr *header)
{
  int taken = -1;
  for (struct cmsghdr *c = CMSG_FIRSTHDR (header); c != NULL; c = CMSG_NXTHDR (header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
      continue;
    const gsize n = (c->cmsg_len - CMSG_LEN (0)) / sizeof (int);
    for (gsize i = 0; i < n; i++) {
      int fd;
      memcpy (&fd, CMSG_DATA (c) + i * sizeof fd, sizeof fd);
      if (taken < 0)
        taken = fd;
      else
        close (fd);
    }
  }
  return taken;
}

int
praxi_decode_receive (int socket_fd, void *message, gsize size_bytes, int *fd, gboolean wait)
{
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (sizeof (int))];
  } control;
  struct iovec part = {.iov_base = message, .iov_len = size_bytes};
  struct msghdr header = {.msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = control.bytes,
                          .msg_controllen = sizeof control.bytes};
  ssize_t n;
  do
    n = recvmsg (socket_fd, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  const int taken = take_descriptor (&header);
  if (fd != NULL)
    *fd = taken;
  else if (taken >= 0)
    close (taken);
  return n == (ssize_t) size_bytes && (header.msg_flags & MSG_TRUNC) == 0 ? 1 : -1;
}

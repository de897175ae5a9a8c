#include "engine/media/sandbox-trial.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
  const char *what;
  gboolean (*try) (void); /* TRUE: it succeeded; else errno says why not */
} Attempt;

static gboolean
open_file (void)
{
  return open ("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static gboolean
list_folder (void)
{
  return open ("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0;
}

static gboolean
make_file (void)
{
  return open ("/tmp/praxi-sandbox-trial", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0;
}

static gboolean
make_folder (void)
{
  return mkdir ("/tmp/praxi-sandbox-trial-folder", 0700) == 0;
}

static gboolean
remove_file (void)
{
  return unlink ("/tmp/praxi-sandbox-trial") == 0;
}

static gboolean
connect_tcp (void)
{
  const int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons (80), .sin_addr = {htonl (INADDR_LOOPBACK)}};
  return fd >= 0 && (connect (fd, (const struct sockaddr *) &address, sizeof address) == 0 ||
                     errno == ECONNREFUSED);
}

static gboolean
make_udp_socket (void)
{
  return socket (AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0;
}

static gboolean
make_local_socket (void)
{
  return socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static gboolean
run_program (void)
{
  char *const argv[] = {(char *) "true", NULL};
  char *const environment[] = {NULL};
  return execve ("/bin/true", argv, environment) == 0;
}

static gboolean
start_process (void)
{
  const pid_t pid = fork ();
  if (pid == 0)
    _exit (0);
  if (pid > 0)
    waitpid (pid, NULL, 0);
  return pid > 0;
}

static gboolean
signal_parent (void)
{
  return kill (getppid (), 0) == 0;
}

static gboolean
trace_parent (void)
{
  return ptrace (PTRACE_SEIZE, getppid (), NULL, NULL) == 0;
}

static gboolean
make_code (void)
{
  return mmap (NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
               0) != MAP_FAILED;
}

static gboolean
lift_limit (void)
{
  return setrlimit (RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) == 0;
}

static const Attempt list[PRAXI_SANDBOX_ATTEMPTS] = {
    {"open a file", open_file},
    {"list a folder", list_folder},
    {"make a file", make_file},
    {"make a folder", make_folder},
    {"remove a file", remove_file},
    {"connect over TCP", connect_tcp},
    {"make a UDP socket", make_udp_socket},
    {"make a local socket", make_local_socket},
    {"start a process", start_process},
    {"signal the parent", signal_parent},
    {"trace the parent", trace_parent},
    {"make memory executable", make_code},
    {"lift a limit", lift_limit},
    {"run a program", run_program}, /* the last: nothing comes after it */
};

void
praxi_sandbox_try (PraxiSandboxAttempt *attempts)
{
  for (int i = 0; i < PRAXI_SANDBOX_ATTEMPTS; i++) {
    errno = 0;
    const gboolean is_done = list[i].try ();
    attempts[i] = (PraxiSandboxAttempt){list[i].what, is_done ? 0 : MAX (errno, 1)};
  }
}

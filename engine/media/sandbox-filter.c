#include "engine/media/sandbox-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

#define MAX_INSTRUCTIONS 512
#define NUMBER_AT offsetof (struct seccomp_data, nr)
#define ARCHITECTURE_AT offsetof (struct seccomp_data, arch)
#define ARGUMENT_AT(i) (offsetof (struct seccomp_data, args) + 8 * (guint32) (i))

/* Allowed when (argument & mask) == value; mask 0: always. */
typedef struct {
  int call;
  int argument;
  guint64 mask;
  guint64 value;
} Rule;

/* The most frequent first. */
static const Rule allowed[] = {
    {SYS_futex},
    {SYS_read},
    {SYS_pread64},
    {SYS_recvmsg},
    {SYS_sendmsg},
    {SYS_poll},
    {SYS_ppoll},
    {SYS_lseek},
    {SYS_write}, /* messages on stderr */
    {SYS_writev},
    {SYS_fstat},
    /* fstat of some C libraries. */
    {SYS_newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH},
    {SYS_close},
    {SYS_mmap, 2, PROT_EXEC, 0},
    {SYS_mprotect, 2, PROT_EXEC, 0},
    {SYS_mremap},
    {SYS_munmap},
    {SYS_madvise},
    {SYS_brk},
    /* Threads, not processes. clone3 has its flags in memory, out of sight; ENOSYS leads to clone.
     */
    {SYS_clone, 0, CLONE_THREAD, CLONE_THREAD},
    {SYS_set_robust_list},
    {SYS_rseq},
    {SYS_set_tid_address},
    {SYS_sched_getaffinity},
    {SYS_sched_yield},
    {SYS_membarrier},
    {SYS_rt_sigprocmask},
    {SYS_rt_sigaction},
    {SYS_rt_sigreturn},
    {SYS_sigaltstack},
    {SYS_prctl, 0, G_MAXUINT64, PR_SET_NAME},
    /* Reads a limit, sets none. */
    {SYS_prlimit64, 2, G_MAXUINT64, 0},
    {SYS_clock_gettime},
    {SYS_clock_getres},
    {SYS_clock_nanosleep},
    {SYS_nanosleep},
    {SYS_gettimeofday},
    {SYS_restart_syscall},
    {SYS_getrandom},
    {SYS_getrusage},
    {SYS_sysinfo},
    {SYS_uname},
    {SYS_getpid},
    {SYS_getppid},
    {SYS_gettid},
    {SYS_exit},
    {SYS_exit_group},
};

/* What gets a clear answer. */
static const int refused[] = {
#ifdef SYS_open
    SYS_open,
#endif
#ifdef SYS_access
    SYS_access,
#endif
#ifdef SYS_readlink
    SYS_readlink,
#endif
#ifdef SYS_fork
    SYS_fork,     SYS_vfork,
#endif
    SYS_openat,   SYS_openat2,   SYS_faccessat, SYS_readlinkat, SYS_socket, SYS_connect,
    SYS_bind,     SYS_execve,    SYS_execveat,  SYS_clone,      SYS_kill,   SYS_ptrace,
    SYS_unlinkat, SYS_renameat2, SYS_mmap,      SYS_mprotect,
};

typedef struct {
  struct sock_filter instructions[MAX_INSTRUCTIONS];
  guint n;
} Program;

static void
add (Program *program, struct sock_filter instruction)
{
  g_assert (program->n < MAX_INSTRUCTIONS);
  program->instructions[program->n++] = instruction;
}

static void
add_load (Program *program, guint32 offset)
{
  add (program, (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offset));
}

/* Goes on when the accumulator is value, else leaves out the next `skip` instructions. */
static void
add_expect (Program *program, guint32 value, guint8 skip)
{
  add (program, (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
}

static void
add_answer (Program *program, guint32 answer)
{
  add (program, (struct sock_filter) BPF_STMT (BPF_RET | BPF_K, answer));
}

/* Compares 32 bits of an argument. */
static void
add_half (Program *program, guint32 offset, guint32 mask, guint32 value, guint8 skip)
{
  add_load (program, offset);
  add (program, (struct sock_filter) BPF_STMT (BPF_ALU | BPF_AND | BPF_K, mask));
  add_expect (program, value, skip);
}

/* An argument is 64 bits, low half first on the processors known here, and the accumulator 32. */
static void
add_rule (Program *program, const Rule *rule)
{
  if (rule->mask == 0) {
    add_expect (program, (guint32) rule->call, 1);
    add_answer (program, SECCOMP_RET_ALLOW);
    return;
  }
  const guint32 at = ARGUMENT_AT (rule->argument);
  add_expect (program, (guint32) rule->call, 8);
  add_half (program, at, (guint32) rule->mask, (guint32) rule->value, 4);
  add_half (program, at + 4, (guint32) (rule->mask >> 32), (guint32) (rule->value >> 32), 1);
  add_answer (program, SECCOMP_RET_ALLOW);
  add_load (program, NUMBER_AT);
}

static void
assemble (Program *program)
{
  add_load (program, ARCHITECTURE_AT);
  add (program, (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
  add_answer (program, SECCOMP_RET_KILL_PROCESS);
  add_load (program, NUMBER_AT);
  for (guint i = 0; i < G_N_ELEMENTS (allowed); i++)
    add_rule (program, &allowed[i]);
  /* abort() signals the thread itself. */
  add_rule (program, &(Rule){SYS_tgkill, 0, G_MAXUINT32, (guint64) getpid ()});
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    add_expect (program, (guint32) refused[i], 1);
    add_answer (program, SECCOMP_RET_ERRNO | EACCES);
  }
  add_answer (program, SECCOMP_RET_ERRNO | ENOSYS);
}

gboolean
praxi_sandbox_filter_exists (void)
{
  const guint32 action = SECCOMP_RET_KILL_PROCESS;
  return ARCHITECTURE != 0 && syscall (SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

gboolean
praxi_sandbox_filter_install (void)
{
  Program program = {.n = 0};
  assemble (&program);
  const struct sock_fprog loaded = {.len = (unsigned short) program.n,
                                    .filter = program.instructions};
  return syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) == 0;
}

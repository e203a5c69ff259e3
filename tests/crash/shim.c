// Watches the storage calls of the program that it is loaded into (LD_PRELOAD), and at one of them stops it, fails it, or
// sends it a signal. Calls are caught by the kernel (seccomp), so that none escapes that bypasses libc. Built by tool.rs.
//
//   SHIM_LOG=FILE   a record of each call with its bytes; with SHIM_AT, of the call that was hit alone
//   SHIM_AT=K       which call, counted from 1; with SHIM_ON=1 all later ones too
//   SHIM_LOOK=1     counts calls that only look as well: reads, opens, locks
//   SHIM_DO=...     before, after, torn: dies there, in the last half way through the bytes
//                   eio, enospc, short: the call fails, or takes half of the bytes; with SHIM_ON the disk is full then
//                   int, term, intint: sends itself that signal first; stop: SIGSTOP
//                   nosync: every sync of the run says that it was done, and does nothing
//   SHIM_MEMORY=K   the K-th allocation finds no memory; with SHIM_ON=1 no later one does. With 0 they are counted in the log
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#define OURS 0x57524954 /* in the unused sixth argument: a call of the shim itself */

enum sort { BYTES, SYNC, SPACE, FREE, LOOK }; // takes bytes, syncs, may need space, needs none, changes nothing

static const struct call { long nr; const char *name; enum sort sort; int paths; } calls[] = {
  {SYS_write, "write", BYTES, 0}, {SYS_pwrite64, "write", BYTES, 0}, {SYS_writev, "write", BYTES, 0},
  {SYS_fsync, "sync", SYNC, 0}, {SYS_fdatasync, "sync", SYNC, 0}, {SYS_ftruncate, "truncate", SPACE, 0},
  {SYS_fallocate, "allocate", SPACE, 0}, {SYS_rename, "rename", SPACE, 2}, {SYS_renameat, "rename", SPACE, 2},
  {SYS_renameat2, "rename", SPACE, 2}, {SYS_link, "link", SPACE, 2}, {SYS_linkat, "link", SPACE, 2},
  {SYS_mkdir, "mkdir", SPACE, 1}, {SYS_mkdirat, "mkdir", SPACE, 1}, {SYS_unlink, "unlink", FREE, 1},
  {SYS_unlinkat, "unlink", FREE, 1}, {SYS_rmdir, "rmdir", FREE, 1}, {SYS_fchmod, "chmod", FREE, 0},
  {SYS_chmod, "chmod", FREE, 1}, {SYS_fchown, "chown", FREE, 0}, {SYS_open, "open", LOOK, 1},
  {SYS_openat, "open", LOOK, 1}, {SYS_read, "read", LOOK, 0}, {SYS_pread64, "read", LOOK, 0},
  {SYS_flock, "flock", LOOK, 0}, {SYS_fcntl, "lock", LOOK, 0}, {SYS_getdents64, "list", LOOK, 0},
  {SYS_newfstatat, "stat", LOOK, 0}, {SYS_fstat, "stat", LOOK, 0}, {SYS_statx, "stat", LOOK, 0},
};
enum { CALLS = sizeof calls / sizeof *calls };

static const char *deed;
static long at, on, looks, count, owner;
static int out = -1;
static volatile int busy;

static long do_call(long nr, const long *a) {
  register long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = OURS;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}
#define CALL(nr, ...) do_call(nr, (long[5]){__VA_ARGS__})

static int is(const char *word) { return deed && strcmp(deed, word) == 0; }
static void die(void) { CALL(SYS_kill, owner, SIGKILL); for (;;) CALL(SYS_pause, 0); }

static void say(const char *name, long result, unsigned long ino, long offset, const void *one, size_t n, const char *two, int made) {
  char head[160];
  if (out < 0) return;
  size_t m = two ? strlen(two) : 0;
  int length = snprintf(head, sizeof head, "%s %ld %lu %ld %zu %zu %d\n", name, result, ino, offset, n, m, made);
  CALL(SYS_write, out, (long)head, length);
  if (n) CALL(SYS_write, out, (long)one, (long)n);
  if (m) CALL(SYS_write, out, (long)two, (long)m);
}

static long perform(const struct call *c, long nr, long *a) {
  struct stat found = {0};
  const char *one = c->paths ? (const char *)a[0] : NULL, *two = c->paths == 2 ? (const char *)a[1] : NULL;
  int at_form = nr == SYS_openat || nr == SYS_renameat || nr == SYS_renameat2 || nr == SYS_linkat || nr == SYS_mkdirat || nr == SYS_unlinkat;
  if (at_form) one = (const char *)a[1], two = c->paths == 2 ? (const char *)a[3] : NULL;
  int flags = nr == SYS_open ? (int)a[1] : nr == SYS_openat ? (int)a[2] : 0;
  enum sort sort = flags & (O_CREAT | O_TRUNC) ? SPACE : c->sort;
  size_t bytes = c->sort == BYTES ? (size_t)a[2] : 0;
  int terminal = sort == BYTES && a[0] <= 2;

  if (is("nosync") && sort == SYNC) return 0;
  if ((nr == SYS_fcntl && a[1] != F_SETLK) || (sort == LOOK && !looks)) return do_call(nr, a);
  count++;
  int hit = at && (count == at || (on && count > at && !terminal && sort != LOOK));
  if (hit && count == at) say(c->name, 0, 0, 0, one, one ? strlen(one) : 0, two, 0);
  if (hit && is("before")) die();
  if (hit && is("eio")) return -EIO;
  if (hit && is("enospc") && (count == at || sort < FREE)) return -ENOSPC;
  if (hit && is("short") && count > at && sort < FREE) return -ENOSPC;
  if (hit && (is("short") || is("torn")) && bytes > 1) a[2] = (long)(bytes /= 2);
  if (hit && is("stop")) CALL(SYS_kill, owner, SIGSTOP);
  if (hit && (is("int") || is("intint"))) CALL(SYS_tgkill, owner, owner, SIGINT);
  if (hit && is("intint")) CALL(SYS_tgkill, owner, owner, SIGINT);
  if (hit && is("term")) CALL(SYS_tgkill, owner, owner, SIGTERM);

  int stood = one && CALL(SYS_newfstatat, AT_FDCWD, (long)one, (long)&found, AT_SYMLINK_NOFOLLOW) == 0;
  long offset = nr == SYS_pwrite64 ? a[3] : nr == SYS_write ? CALL(SYS_lseek, a[0], 0, SEEK_CUR) : nr == SYS_ftruncate ? a[1] : 0;
  long result = do_call(nr, a);
  if (hit && (is("after") || is("torn"))) die();
  if (sort == LOOK && !at) say(c->name, 0, 0, 0, NULL, 0, NULL, 0);
  if (at || result < 0 || sort == LOOK) return result;
  if (one) { if (c->paths == 1) CALL(SYS_newfstatat, AT_FDCWD, (long)one, (long)&found, AT_SYMLINK_NOFOLLOW); }
  else CALL(SYS_fstat, a[0], (long)&found);
  const char *name = stood && flags & O_TRUNC ? "truncate" : terminal ? "tell" : c->name;
  say(name, result, found.st_ino, offset, one ? one : (void *)a[1], one ? strlen(one) : bytes ? (size_t)result : 0, two, one && !stood);
  return result;
}

static void trapped(int signal, siginfo_t *info, void *context) {
  greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
  long a[5] = {r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8]}, nr = info->si_syscall;
  const struct call *c = calls;
  while (c->nr != nr) c++;
  if (nr == SYS_writev) { // a short write of the first part that is not empty
    const struct iovec *part = (const struct iovec *)a[1];
    while (a[2] > 1 && part->iov_len == 0) part++, a[2]--;
    nr = SYS_write, a[1] = (long)part->iov_base, a[2] = (long)part->iov_len;
  }
  while (__sync_lock_test_and_set(&busy, 1)) CALL(SYS_sched_yield, 0);
  r[REG_RAX] = CALL(SYS_getpid, 0) == owner ? perform(c, nr, a) : do_call(nr, a);
  __sync_lock_release(&busy);
  (void)signal;
}

static long starve, counting, taken;

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
static int starved(void) {
  if (!counting) return 0;
  long mine = __sync_add_and_fetch(&taken, 1);
  if (!starve || !(mine == starve || (on && mine > starve))) return 0;
  errno = ENOMEM;
  return 1;
}
void *malloc(size_t n) { return starved() ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t m) { return starved() ? NULL : __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { return starved() ? NULL : __libc_realloc(p, n); }

__attribute__((destructor)) static void end(void) {
  if (counting && !starve) say("memory", 0, 0, taken, NULL, 0, NULL, 0);
}

__attribute__((constructor)) static void begin(void) {
  const char *text;
  deed = getenv("SHIM_DO");
  at = (text = getenv("SHIM_AT")) ? atol(text) : 0;
  on = getenv("SHIM_ON") != NULL, looks = getenv("SHIM_LOOK") != NULL, owner = getpid();
  if ((text = getenv("SHIM_LOG"))) out = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out >= 0) { int high = fcntl(out, F_DUPFD_CLOEXEC, 900); close(out); out = high; }
  if ((text = getenv("SHIM_MEMORY"))) starve = atol(text), counting = 1;

  struct sock_filter code[2 * CALLS + 12];
  size_t n = 0;
#define STEP(...) code[n++] = (struct sock_filter)__VA_ARGS__
  STEP(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])));
  STEP(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OURS, 0, 1));
  STEP(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  STEP(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
  for (size_t i = 0; i < CALLS; i++) {
    STEP(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].nr, 0, 1));
    STEP(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
  }
  // Copies within the kernel would not show their bytes: without them, copying reads and writes.
  long copies[] = {SYS_copy_file_range, SYS_sendfile};
  for (size_t i = 0; i < 2; i++) {
    STEP(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)copies[i], 0, 1));
    STEP(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
  }
  STEP(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  struct sock_fprog program = {(unsigned short)n, code};
  struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER};
  if (sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
    perror("shim");
    _exit(99);
  }
}

/* Lets one file operation of a process fail, or ends the process there.

   Loaded by LD_PRELOAD it stands before the C library, and so sees what Python, Polars and Arrow do
   alike. It counts the operations on files below one folder once `faults_arm` has been called, and
   acts on the one of the number asked for. Operations are passed on otherwise. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
  OPEN = 1, WRITE = 2, SYNC = 4, RENAME = 8, LINK = 16, UNLINK = 32, MKDIR = 64, RMDIR = 128,
  CHMOD = 256, TRUNCATE = 512, READ = 1024, LOOK = 2048,
};
enum act { NONE, FAIL, FAIL_FROM, SIGNAL, TEAR }; /* FAIL_FROM: this one and all after it */

static char root[PATH_MAX];
static size_t root_length;
static int kinds, act, value, log_handle = -1; /* value: the errno, or the signal */
static long at;
static atomic_long count;

/* Begin to count. Returns nothing; `log` gets a line for the operation that was met. */
void faults_arm(const char *folder, int of_kinds, int what, int with, long number, int log) {
  snprintf(root, sizeof root, "%s/", folder);
  root_length = strlen(root);
  kinds = of_kinds, act = what, value = with, at = number, log_handle = log;
  atomic_store(&count, 0);
}

static int below_root(int folder, const char *path) {
  char link[64], full[2 * PATH_MAX];
  ssize_t length = 0;
  if (!root_length) return 0;
  if (path && path[0] == '/') return strncmp(path, root, root_length) == 0;
  if (folder == AT_FDCWD)
    snprintf(link, sizeof link, "/proc/self/cwd");
  else
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  length = syscall(SYS_readlink, link, full, PATH_MAX);
  if (length <= 0) return 0;
  snprintf(full + length, PATH_MAX, "/%s", path ? path : "");
  return strncmp(full, root, root_length) == 0;
}

static void tell(const char *name, int folder, const char *path) {
  char line[2 * PATH_MAX], link[64], of[PATH_MAX] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  if (!path) {
    ssize_t length = syscall(SYS_readlink, link, of, sizeof of - 1);
    of[length > 0 ? length : 0] = 0;
    path = strncmp(of, root, root_length) ? of : of + root_length;
  }
  int length = snprintf(line, sizeof line, "%s %s\n", name, path);
  if (log_handle >= 0) syscall(SYS_write, log_handle, line, length);
}

/* Return the errno that an operation has to fail with, 0 for none, -1 where a write is torn. */
static int met(enum kind kind, const char *name, int folder, const char *path) {
  if (!(kind & kinds) || !below_root(folder, path)) return 0;
  long number = atomic_fetch_add(&count, 1) + 1;
  if (number < at || (number > at && act != FAIL_FROM)) return 0;
  if (number == at) tell(name, folder, path);
  if (act == SIGNAL) syscall(SYS_kill, getpid(), value);
  if (act == FAIL || act == FAIL_FROM) return value;
  return act == TEAR ? -1 : 0;
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))
#define FAILS(kind, folder, path)                                   \
  do {                                                              \
    int error = met(kind, __func__, folder, path);                  \
    if (error > 0) { errno = error; return -1; }                    \
  } while (0)

static enum kind kind_of_open(int flags) {
  return flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) ? OPEN : LOOK;
}

#define OPENS(name)                                                 \
  int name(const char *path, int flags, ...) {                      \
    va_list rest;                                                   \
    va_start(rest, flags);                                          \
    mode_t mode = va_arg(rest, mode_t);                             \
    va_end(rest);                                                   \
    FAILS(kind_of_open(flags), AT_FDCWD, path);                     \
    return REAL(name)(path, flags, mode);                           \
  }
#define OPENS_AT(name)                                              \
  int name(int folder, const char *path, int flags, ...) {          \
    va_list rest;                                                   \
    va_start(rest, flags);                                          \
    mode_t mode = va_arg(rest, mode_t);                             \
    va_end(rest);                                                   \
    FAILS(kind_of_open(flags), folder, path);                       \
    return REAL(name)(folder, path, flags, mode);                   \
  }
OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

/* Write half, and be killed. */
static void tear(int handle, const void *data, size_t length) {
  syscall(SYS_write, handle, data, length / 2);
  syscall(SYS_kill, getpid(), SIGKILL);
}

ssize_t write(int handle, const void *data, size_t length) {
  int error = met(WRITE, __func__, handle, NULL);
  if (error < 0) tear(handle, data, length);
  if (error > 0) { errno = error; return -1; }
  return REAL(write)(handle, data, length);
}

#define HANDLED(result, kind, name, given, passed)                  \
  result name given {                                               \
    FAILS(kind, handle, NULL);                                      \
    return REAL(name) passed;                                       \
  }
#define CALLED(kind, name, folder, given, passed)                   \
  int name given {                                                  \
    FAILS(kind, folder, path);                                      \
    return REAL(name) passed;                                       \
  }

HANDLED(ssize_t, WRITE, pwrite, (int handle, const void *d, size_t n, off_t o), (handle, d, n, o))
HANDLED(ssize_t, WRITE, pwrite64, (int handle, const void *d, size_t n, off64_t o), (handle, d, n, o))
HANDLED(ssize_t, WRITE, writev, (int handle, const struct iovec *v, int n), (handle, v, n))
HANDLED(ssize_t, READ, read, (int handle, void *d, size_t n), (handle, d, n))
HANDLED(ssize_t, READ, pread, (int handle, void *d, size_t n, off_t o), (handle, d, n, o))
HANDLED(ssize_t, READ, pread64, (int handle, void *d, size_t n, off64_t o), (handle, d, n, o))
HANDLED(int, SYNC, fsync, (int handle), (handle))
HANDLED(int, SYNC, fdatasync, (int handle), (handle))
HANDLED(int, TRUNCATE, ftruncate, (int handle, off_t n), (handle, n))
HANDLED(int, TRUNCATE, ftruncate64, (int handle, off64_t n), (handle, n))
HANDLED(int, CHMOD, fchmod, (int handle, mode_t m), (handle, m))
CALLED(RENAME, rename, AT_FDCWD, (const char *path, const char *to), (path, to))
CALLED(RENAME, renameat, f, (int f, const char *path, int g, const char *to), (f, path, g, to))
CALLED(LINK, link, AT_FDCWD, (const char *path, const char *to), (path, to))
CALLED(LINK, symlink, AT_FDCWD, (const char *to, const char *path), (to, path))
CALLED(UNLINK, unlink, AT_FDCWD, (const char *path), (path))
CALLED(UNLINK, unlinkat, f, (int f, const char *path, int flags), (f, path, flags))
CALLED(MKDIR, mkdir, AT_FDCWD, (const char *path, mode_t m), (path, m))
CALLED(RMDIR, rmdir, AT_FDCWD, (const char *path), (path))
CALLED(CHMOD, chmod, AT_FDCWD, (const char *path, mode_t m), (path, m))
CALLED(CHMOD, fchmodat, f, (int f, const char *path, mode_t m, int g), (f, path, m, g))

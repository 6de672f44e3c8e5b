/* Records what a process writes below one directory, in the order it does, so that a power cut can be simulated.
 *
 * Loaded before libc (LD_PRELOAD). RECORD_DIR is the directory, RECORD_TO the trace. Each entry is: operation (1 byte),
 * offset (8), length of the path (4), length of the data (4), path, data. Written with one call each, so that threads
 * do not mix.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 'c', WRITE = 'w', TRUNCATE = 't', SYNC = 's', UNLINK = 'u', RENAME = 'r', LINK = 'l' };

static int trace = -1;
static const char *watched;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    watched = getenv("RECORD_DIR");
    const char *to = getenv("RECORD_TO");
    if (watched && to) trace = REAL(int, open64, const char *, int, ...)(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int ours(const char *path) { return trace >= 0 && path && strncmp(path, watched, strlen(watched)) == 0; }

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return ours(path);
}

static void absolute(int dir, const char *name, char *path) {
    if (name[0] == '/') { snprintf(path, PATH_MAX, "%s", name); return; }
    char base[PATH_MAX];
    if (dir == AT_FDCWD) { if (!getcwd(base, sizeof base)) base[0] = 0; }
    else { char link[64]; snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
           ssize_t n = readlink(link, base, sizeof base - 1); base[n < 0 ? 0 : n] = 0; }
    snprintf(path, PATH_MAX, "%s/%s", base, name);
}

static void note(char what, uint64_t offset, const char *path, const void *data, uint32_t size) {
    int kept = errno;
    uint32_t length = strlen(path);
    char head[17];
    head[0] = what;
    memcpy(head + 1, &offset, 8);
    memcpy(head + 9, &length, 4);
    memcpy(head + 13, &size, 4);
    struct iovec parts[3] = {{head, 17}, {(void *)path, length}, {(void *)data, size}};
    pthread_mutex_lock(&turn);
    ssize_t done = REAL(ssize_t, writev, int, const struct iovec *, int)(trace, parts, 3);
    pthread_mutex_unlock(&turn);
    if (done != (ssize_t)(17 + length + size)) abort();
    errno = kept;
}

static void created(int dir, const char *name, int flags, int existed) {
    char path[PATH_MAX];
    absolute(dir, name, path);
    if (!ours(path)) return;
    if ((flags & O_CREAT) && !existed) note(CREATE, 0, path, "", 0);
    else if (flags & O_TRUNC) note(TRUNCATE, 0, path, "", 0);
}

static int opened(int dir, const char *name, int flags, mode_t mode) {
    int existed = faccessat(dir, name, F_OK, 0) == 0;
    int fd = REAL(int, openat64, int, const char *, int, ...)(dir, name, flags, mode);
    if (fd >= 0 && (flags & (O_CREAT | O_TRUNC))) created(dir, name, flags, existed);
    return fd;
}

#define MODE(flags) mode_t mode = 0; if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, int); va_end(rest); }
int open(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return opened(AT_FDCWD, name, flags, mode); }
int openat(int dir, const char *name, int flags, ...) { MODE(flags) return opened(dir, name, flags, mode); }
int openat64(int dir, const char *name, int flags, ...) { MODE(flags) return opened(dir, name, flags, mode); }

static void wrote(int fd, const void *data, ssize_t done, off_t offset) {
    char path[PATH_MAX];
    if (done > 0 && path_of(fd, path)) note(WRITE, offset, path, data, done);
}

ssize_t write(int fd, const void *data, size_t size) {
    char path[PATH_MAX];
    if (trace < 0 || fd == trace || !path_of(fd, path)) return REAL(ssize_t, write, int, const void *, size_t)(fd, data, size);
    ssize_t done = REAL(ssize_t, write, int, const void *, size_t)(fd, data, size);
    if (done > 0) note(WRITE, lseek(fd, 0, SEEK_CUR) - done, path, data, done);
    return done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    ssize_t done = REAL(ssize_t, pwrite, int, const void *, size_t, off_t)(fd, data, size, at);
    wrote(fd, data, done, at);
    return done;
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    ssize_t done = REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)(fd, data, size, at);
    wrote(fd, data, done, at);
    return done;
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    ssize_t done = REAL(ssize_t, writev, int, const struct iovec *, int)(fd, parts, count);
    if (trace < 0 || fd == trace || done <= 0 || !path_of(fd, path)) return done;
    off_t at = lseek(fd, 0, SEEK_CUR) - done;
    ssize_t left = done;
    for (int i = 0; i < count && left > 0; i++) {
        ssize_t size = left < (ssize_t)parts[i].iov_len ? left : (ssize_t)parts[i].iov_len;
        if (size) note(WRITE, at, path, parts[i].iov_base, size);
        at += size;
        left -= size;
    }
    return done;
}

static void cut(int fd, int done, off_t size) {
    char path[PATH_MAX];
    if (done == 0 && path_of(fd, path)) note(TRUNCATE, size, path, "", 0);
}
int ftruncate(int fd, off_t size) { int done = REAL(int, ftruncate, int, off_t)(fd, size); cut(fd, done, size); return done; }
int ftruncate64(int fd, off64_t size) { int done = REAL(int, ftruncate64, int, off64_t)(fd, size); cut(fd, done, size); return done; }

static void synced(int fd, int done) {
    char path[PATH_MAX];
    if (done == 0 && path_of(fd, path)) note(SYNC, 0, path, "", 0);
}
int fsync(int fd) { int done = REAL(int, fsync, int)(fd); synced(fd, done); return done; }
int fdatasync(int fd) { int done = REAL(int, fdatasync, int)(fd); synced(fd, done); return done; }

static void moved(char what, int from_dir, const char *from, int to_dir, const char *to) {
    char was[PATH_MAX], is[PATH_MAX];
    absolute(from_dir, from, was);
    absolute(to_dir, to, is);
    if (ours(was)) note(what, 0, was, is, strlen(is));
}
int unlink(const char *name) {
    char path[PATH_MAX];
    int done = REAL(int, unlink, const char *)(name);
    absolute(AT_FDCWD, name, path);
    if (done == 0 && ours(path)) note(UNLINK, 0, path, "", 0);
    return done;
}
int unlinkat(int dir, const char *name, int flags) {
    char path[PATH_MAX];
    absolute(dir, name, path);
    int done = REAL(int, unlinkat, int, const char *, int)(dir, name, flags);
    if (done == 0 && ours(path)) note(UNLINK, 0, path, "", 0);
    return done;
}
int rename(const char *from, const char *to) {
    int done = REAL(int, rename, const char *, const char *)(from, to);
    if (done == 0) moved(RENAME, AT_FDCWD, from, AT_FDCWD, to);
    return done;
}
int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    int done = REAL(int, renameat, int, const char *, int, const char *)(from_dir, from, to_dir, to);
    if (done == 0) moved(RENAME, from_dir, from, to_dir, to);
    return done;
}
int link(const char *from, const char *to) {
    int done = REAL(int, link, const char *, const char *)(from, to);
    if (done == 0) moved(LINK, AT_FDCWD, from, AT_FDCWD, to);
    return done;
}
int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    int done = REAL(int, linkat, int, const char *, int, const char *, int)(from_dir, from, to_dir, to, flags);
    if (done == 0) moved(LINK, from_dir, from, to_dir, to);
    return done;
}

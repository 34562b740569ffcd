/* Loaded before the C library by tests: the n-th call that changes something below a directory fails.
 *
 * SQLite, Polars, the Delta library and Python all come to the disk by these functions. What fails,
 * and when, is read from a file that the test shares with every process (`refusing_disk.py`).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NOTHING = 0, ONE = 1, FROM_THERE_ON = 2 };

struct control {
    _Atomic long what_fails;
    long number;
    long error;
    _Atomic long calls;
    _Atomic long failures;
    char last[984];
};

static struct control *control;
static const char *root;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("REFUSING_DISK_CONTROL");
    root = getenv("REFUSING_DISK_ROOT");
    if (path == NULL || root == NULL) return;
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return;
    void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (shared != MAP_FAILED) control = shared;
}

/* The error of a call on this path, or 0 if it is to be carried out. */
static int error_at_path(const char *call, const char *path) {
    if (control == NULL || control->what_fails == NOTHING) return 0;
    if (strncmp(path, root, strlen(root)) != 0) return 0;
    long call_number = ++control->calls;
    int fails = control->what_fails == ONE ? call_number == control->number
                                           : call_number >= control->number;
    if (!fails) return 0;
    snprintf(control->last, sizeof control->last, "%s %s", call, path);
    ++control->failures;
    return (int)control->error;
}

static int error_at(const char *call, int descriptor) {
    if (control == NULL || control->what_fails == NOTHING) return 0;
    char name[64], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return error_at_path(call, path);
}

#define CARRY_OUT(type, name, arguments, ...) \
    static type(*carry_out) arguments;        \
    if (carry_out == NULL) carry_out = (type(*) arguments)dlsym(RTLD_NEXT, #name); \
    return carry_out(__VA_ARGS__)

#define REFUSE(failed)        \
    do {                      \
        int error = (failed); \
        if (error != 0) {     \
            errno = error;    \
            return -1;        \
        }                     \
    } while (0)

#define ON_DESCRIPTOR(type, name, arguments, ...)     \
    type name arguments {                             \
        REFUSE(error_at(#name, descriptor));          \
        CARRY_OUT(type, name, arguments, __VA_ARGS__); \
    }

#define ON_PATH(type, name, arguments, ...)           \
    type name arguments {                             \
        REFUSE(error_at_path(#name, path));           \
        CARRY_OUT(type, name, arguments, __VA_ARGS__); \
    }

/* These say what is wrong by their result. */
#define BY_RESULT(name)                                            \
    int name(int descriptor, off_t offset, off_t length) {         \
        int error = error_at(#name, descriptor);                   \
        if (error != 0) return error;                              \
        CARRY_OUT(int, name, (int, off_t, off_t), descriptor, offset, length); \
    }

#define OPENING(name)                                              \
    int name(const char *path, int flags, ...) {                   \
        va_list more;                                              \
        va_start(more, flags);                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                              \
        if (flags & O_CREAT) REFUSE(error_at_path(#name, path));   \
        CARRY_OUT(int, name, (const char *, int, ...), path, flags, mode); \
    }

#define OPENING_AT(name)                                           \
    int name(int directory, const char *path, int flags, ...) {    \
        va_list more;                                              \
        va_start(more, flags);                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                              \
        if (flags & O_CREAT) REFUSE(error_at_path(#name, path));   \
        CARRY_OUT(int, name, (int, const char *, int, ...), directory, path, flags, mode); \
    }

ON_DESCRIPTOR(ssize_t, write, (int descriptor, const void *bytes, size_t length), descriptor, bytes, length)
ON_DESCRIPTOR(ssize_t, pwrite, (int descriptor, const void *bytes, size_t length, off_t offset), descriptor, bytes, length, offset)
ON_DESCRIPTOR(ssize_t, pwrite64, (int descriptor, const void *bytes, size_t length, off_t offset), descriptor, bytes, length, offset)
ON_DESCRIPTOR(ssize_t, writev, (int descriptor, const struct iovec *parts, int count), descriptor, parts, count)
ON_DESCRIPTOR(ssize_t, pwritev, (int descriptor, const struct iovec *parts, int count, off_t offset), descriptor, parts, count, offset)
ON_DESCRIPTOR(ssize_t, pwritev64, (int descriptor, const struct iovec *parts, int count, off_t offset), descriptor, parts, count, offset)
ON_DESCRIPTOR(ssize_t, copy_file_range, (int from, off_t *from_offset, int descriptor, off_t *offset, size_t length, unsigned flags), from, from_offset, descriptor, offset, length, flags)
ON_DESCRIPTOR(ssize_t, sendfile, (int descriptor, int from, off_t *offset, size_t length), descriptor, from, offset, length)
ON_DESCRIPTOR(ssize_t, sendfile64, (int descriptor, int from, off_t *offset, size_t length), descriptor, from, offset, length)
ON_DESCRIPTOR(int, fsync, (int descriptor), descriptor)
ON_DESCRIPTOR(int, fdatasync, (int descriptor), descriptor)
ON_DESCRIPTOR(int, ftruncate, (int descriptor, off_t length), descriptor, length)
ON_DESCRIPTOR(int, ftruncate64, (int descriptor, off_t length), descriptor, length)
ON_DESCRIPTOR(int, fallocate, (int descriptor, int mode, off_t offset, off_t length), descriptor, mode, offset, length)
ON_DESCRIPTOR(int, fallocate64, (int descriptor, int mode, off_t offset, off_t length), descriptor, mode, offset, length)
ON_PATH(int, rename, (const char *from, const char *path), from, path)
ON_PATH(int, renameat, (int from_directory, const char *from, int directory, const char *path), from_directory, from, directory, path)
ON_PATH(int, renameat2, (int from_directory, const char *from, int directory, const char *path, unsigned flags), from_directory, from, directory, path, flags)
ON_PATH(int, link, (const char *from, const char *path), from, path)
ON_PATH(int, linkat, (int from_directory, const char *from, int directory, const char *path, int flags), from_directory, from, directory, path, flags)
ON_PATH(int, mkdir, (const char *path, mode_t mode), path, mode)
ON_PATH(int, mkdirat, (int directory, const char *path, mode_t mode), directory, path, mode)
BY_RESULT(posix_fallocate)
BY_RESULT(posix_fallocate64)
OPENING(open)
OPENING(open64)
OPENING_AT(openat)
OPENING_AT(openat64)

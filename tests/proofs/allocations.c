/* Makes one allocation fail: preloaded into a program that calls allocations_begin(), it
 * counts the calls of malloc and its siblings from then on, in all threads, and lets the one
 * fail whose number the environment variable FAIL gives. With FAIL_AT it also tells on
 * stderr who called it. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_int counting;
static atomic_long count;
static long victim = -1;

__attribute__((constructor)) static void begin(void) {
    const char *number = getenv("FAIL");
    if (number)
        victim = atol(number);
}

void allocations_begin(void) {
    counting = 1;
}

long allocations_end(void) {
    counting = 0;
    return count;
}

/* True if this allocation is to fail. */
static int fails(void) {
    if (!counting || atomic_fetch_add(&count, 1) != victim)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
    return fails() ? NULL : __libc_calloc(items, size);
}

void *realloc(void *memory, size_t size) {
    return fails() ? NULL : __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (fails())
        return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

#include "allocation_failure.h"

#if !defined(__has_feature)
#define __has_feature(feature) 0
#endif

#if defined(__linux__)
#include <features.h>
#endif

#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

// Swift's runtime answers a failed allocation with a trap and several lines. These definitions take the place of
// glibc's in the whole program, and its own allocator stays behind them.
void *__libc_malloc(size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_int exit_status;
static void (*_Atomic clean_up_first)(void);

static void fail(size_t size) {
  int status = atomic_load(&exit_status);
  if (status == 0) return;
  void (*clean_up)(void) = atomic_load(&clean_up_first);
  if (clean_up) clean_up();
  char text[96] = "deq: expected memory for ";
  size_t length = 0;
  while (text[length]) length++;
  char digits[24];
  int count = 0;
  do digits[count++] = (char)('0' + size % 10);
  while (size /= 10);
  while (count) text[length++] = digits[--count];
  for (const char *rest = " more bytes, found none\n"; *rest; rest++) text[length++] = *rest;
  ssize_t written = write(STDERR_FILENO, text, length);
  (void)written;
  _exit(status);
}

void *malloc(size_t size) {
  void *memory = __libc_malloc(size);
  if (!memory) fail(size);
  return memory;
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  void *found = __libc_memalign(alignment, size);
  if (!found) {
    fail(size);
    return ENOMEM;
  }
  *memory = found;
  return 0;
}

void exit_on_allocation_failure(int status, void (*clean_up)(void)) {
  atomic_store(&clean_up_first, clean_up);
  atomic_store(&exit_status, status);
}

#else

void exit_on_allocation_failure(int status, void (*clean_up)(void)) {
  (void)status;
  (void)clean_up;
}

#endif

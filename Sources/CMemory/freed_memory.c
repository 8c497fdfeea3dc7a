#include "freed_memory.h"

#include <limits.h>

#if defined(__linux__)
#include <malloc.h>
#endif

void keep_freed_memory(void) {
#if defined(__GLIBC__)
  // The largest threshold that glibc accepts: half of an arena.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

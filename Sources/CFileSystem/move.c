#define _GNU_SOURCE
#include "move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int move_without_replacing(const char *path, const char *target) {
#if defined(__APPLE__)
  int result = renamex_np(path, target, RENAME_EXCL);
#else
  int result = renameat2(AT_FDCWD, path, AT_FDCWD, target, RENAME_NOREPLACE);
#endif
  if (result == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) return errno;
  // The file system lacks the call. A link never replaces a file.
  if (link(path, target) != 0) return errno;
  return unlink(path) == 0 ? 0 : errno;
}

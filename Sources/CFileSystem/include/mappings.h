#pragma once

#include <stddef.h>

/// Remembers which file is mapped at these bytes, for the message if it becomes shorter while it is read. Returns a
/// number for `forget_mapping`, or -1 if there is no room: the message then names no file.
int remember_mapping(const void *start, size_t count, const char *path);

/// Forgets a mapping before it is removed.
void forget_mapping(int number);

/// Ends the process with `status` and one line on standard error where a mapped file has become shorter and its
/// missing bytes are read, after it has called `clean_up`, which may call nothing that allocates.
void exit_on_shrunken_file(int status, void (*clean_up)(void));

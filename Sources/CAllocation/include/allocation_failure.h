#pragma once

#include <stddef.h>

/// Ends the process with `status` and one line on standard error if an allocation fails, after it has called
/// `clean_up`, which may call nothing that allocates. Has no effect with C libraries other than glibc, nor in a
/// program that a sanitizer watches.
void exit_on_allocation_failure(int status, void (*clean_up)(void));

#pragma once

/// Lets malloc keep what is freed, for what is allocated next. Where the C library is not glibc, nothing changes.
void keep_freed_memory(void);

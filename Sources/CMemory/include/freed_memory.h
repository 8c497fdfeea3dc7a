#pragma once

/// Lets malloc keep freed memory for later allocations. Has no effect with C libraries other than glibc.
void keep_freed_memory(void);

#pragma once

/// Renames a file unless the new name is taken. Returns 0, or the code of the error: EEXIST for a name that is taken.
int move_without_replacing(const char *path, const char *target);

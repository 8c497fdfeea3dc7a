#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Converts the numbers of a text that has nothing but numbers as JSON writes them, brackets, commas and white space,
/// each to the nearest double, ties to even.
///
/// @param numbers Room for `count` numbers.
/// @return How many were converted: fewer than `count` where the text has fewer, or the next one is beyond the range of
///   a double; 0 where the C++ library cannot convert floating-point numbers.
size_t read_numbers(const char *text, size_t length, double *numbers, size_t count);

#ifdef __cplusplus
}
#endif

#include "number_text.h"

#include <charconv>

extern "C" size_t read_numbers(const char *text, size_t length, double *numbers, size_t count) {
  size_t found = 0;
#if defined(__cpp_lib_to_chars)
  const char *const end = text + length;
  while (text < end && found < count) {
    if (*text != '-' && (*text < '0' || *text > '9')) {
      ++text;
      continue;
    }
    const auto result = std::from_chars(text, end, numbers[found]);
    if (result.ec != std::errc()) break;
    text = result.ptr;
    ++found;
  }
#endif
  return found;
}

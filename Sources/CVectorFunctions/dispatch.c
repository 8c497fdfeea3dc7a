// Chooses the widest vectors of the machine at run time.
#include "tables.h"

#if defined(__x86_64__)
static int width(void) {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return 512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 256 : 128;
}

#define CHOSEN(precision) \
  (width() == 512 ? avx512_##precision##_table : width() == 256 ? avx2_##precision##_table : baseline_##precision##_table)
#else
#define CHOSEN(precision) baseline_##precision##_table
#endif

void vector_evaluate_double(vector_function f, double a, double b, const double *p, double *z, size_t count) {
  CHOSEN(double)[f].evaluate(p, z, count, a, b);
}

void vector_evaluate_float(vector_function f, float a, float b, const float *p, float *z, size_t count) {
  CHOSEN(float)[f].evaluate(p, z, count, a, b);
}

void vector_pull_back_double(vector_function f, double a, double b, const double *p, double *g, size_t count) {
  CHOSEN(double)[f].pull_back(p, g, count, a, b);
}

void vector_pull_back_float(vector_function f, float a, float b, const float *p, float *g, size_t count) {
  CHOSEN(float)[f].pull_back(p, g, count, a, b);
}

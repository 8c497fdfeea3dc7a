// The loops of every function, one table for each instruction set and precision.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "constants.h"
#include "vector_functions.h"

typedef struct {
  void (*evaluate)(const double *p, double *z, size_t count, double a, double b);
  void (*pull_back)(const double *p, double *g, size_t count, double a, double b);
} double_loops;

typedef struct {
  void (*evaluate)(const float *p, float *z, size_t count, float a, float b);
  void (*pull_back)(const float *p, float *g, size_t count, float a, float b);
} float_loops;

// Every machine has vectors of 128 bits.
typedef double_loops baseline_double_loops;
typedef float_loops baseline_float_loops;
extern const baseline_double_loops baseline_double_table[vector_function_count];
extern const baseline_float_loops baseline_float_table[vector_function_count];

#if defined(__x86_64__)
typedef double_loops avx2_double_loops;
typedef float_loops avx2_float_loops;
extern const avx2_double_loops avx2_double_table[vector_function_count];
extern const avx2_float_loops avx2_float_table[vector_function_count];
typedef double_loops avx512_double_loops;
typedef float_loops avx512_float_loops;
extern const avx512_double_loops avx512_double_table[vector_function_count];
extern const avx512_float_loops avx512_float_table[vector_function_count];
#endif

// Vectors of 256 bits, for machines with AVX2 and FMA.
#include "tables.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define REAL double
#define INTEGER int64_t
#define LANES 4
#define NAME(f) avx2_double_##f
#define CONSTANT(c) double_##c
#include "functions.h"

#define REAL float
#define INTEGER int32_t
#define LANES 8
#define NAME(f) avx2_float_##f
#define CONSTANT(c) float_##c
#include "functions.h"

#pragma clang attribute pop
#endif

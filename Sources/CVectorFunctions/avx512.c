// Vectors of 512 bits, for machines with AVX-512.
#include "tables.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,fma"))), apply_to = function)

#define REAL double
#define INTEGER int64_t
#define LANES 8
#define NAME(f) avx512_double_##f
#define CONSTANT(c) double_##c
#include "functions.h"

#define REAL float
#define INTEGER int32_t
#define LANES 16
#define NAME(f) avx512_float_##f
#define CONSTANT(c) float_##c
#include "functions.h"

#pragma clang attribute pop
#endif

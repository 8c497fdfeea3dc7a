// Vectors of 128 bits: SSE2 on x86-64, Advanced SIMD on arm64.
#include "tables.h"

#define REAL double
#define INTEGER int64_t
#define LANES 2
#define NAME(f) baseline_double_##f
#define CONSTANT(c) double_##c
#include "functions.h"

#define REAL float
#define INTEGER int32_t
#define LANES 4
#define NAME(f) baseline_float_##f
#define CONSTANT(c) float_##c
#include "functions.h"

// The functions and their derivatives, on vectors of LANES numbers of type REAL, and loops over whole buffers.
//
// Included once for each instruction set and precision, with these macros:
//   REAL, INTEGER  the number, and the integer as wide
//   LANES          how many of them a vector holds
//   NAME(f)        what to call f here
//   CONSTANT(c)    a constant of constants.h in this precision
//
// The last, incomplete vector of a buffer is filled up with zeros and goes the same way as all others, so that the
// value of an element does not depend on where it stands.

#define VECTOR NAME(vector)
#define MASK NAME(mask)

typedef REAL VECTOR __attribute__((vector_size(LANES * sizeof(REAL))));
typedef INTEGER MASK __attribute__((vector_size(LANES * sizeof(REAL))));

static inline VECTOR NAME(splat)(REAL x) {
  VECTOR v;
  for (int lane = 0; lane < LANES; lane++) v[lane] = x;
  return v;
}

static inline VECTOR NAME(select)(MASK mask, VECTOR a, VECTOR b) {
  return (VECTOR)((mask & (MASK)a) | (~mask & (MASK)b));
}

static inline VECTOR NAME(magnitude)(VECTOR p) {
  return NAME(select)(p < 0, -p, p);
}

#define SELECT(mask, a, b) NAME(select)(mask, a, b)
#define SPLAT(x) NAME(splat)((REAL)(x))
#define ABS(p) NAME(magnitude)(p)
#define EXP(p) NAME(exponential)(p, SPLAT(0))

// c[0] xⁿ + … + c[n], by Horner's rule.
#define POLYNOMIAL(c, x) NAME(polynomial)(c, sizeof(c) / sizeof(REAL), x)
static inline __attribute__((always_inline)) VECTOR NAME(polynomial)(const REAL *c, size_t count, VECTOR x) {
  VECTOR sum = SPLAT(c[0]);
#pragma clang loop unroll(full)
  for (size_t i = 1; i < count; i++) sum = sum * x + c[i];
  return sum;
}

// Adding ROUND to a small number puts the nearest integer into its lowest bits.
#define ROUND CONSTANT(round)

// 2^k for an integer k to which ROUND has been added, within the range of normal numbers.
static inline VECTOR NAME(power_of_two)(VECTOR k) {
  return (VECTOR)(((MASK)k << CONSTANT(mantissa_bits)) + (MASK)SPLAT(1));
}

// value 2^k for a whole number k, in two factors, so that results that overflow or are subnormal are
// correct.
static inline VECTOR NAME(times_power_of_two)(VECTOR value, VECTOR k) {
  VECTOR half = k * (REAL)0.5 + ROUND;
  return value * NAME(power_of_two)(half) * NAME(power_of_two)(k - (half - ROUND) + ROUND);
}

// p if e^p is neither 0 nor infinite; otherwise the nearest number for which it is.
static inline VECTOR NAME(bounded_exponent)(VECTOR p) {
  VECTOR bounded = SELECT(p > CONSTANT(exp_upper), SPLAT(CONSTANT(exp_upper)), p);
  return SELECT(bounded < CONSTANT(exp_lower), SPLAT(CONSTANT(exp_lower)), bounded);
}

// e^(p + low), |low| far below |p|: p = k log 2 + r, and e^r = 1 + r + r² q(r).
static inline VECTOR NAME(exponential)(VECTOR p, VECTOR low) {
  VECTOR bounded = NAME(bounded_exponent)(p);
  VECTOR k = (bounded * CONSTANT(log2_e) + ROUND) - ROUND;
  VECTOR r = ((bounded - k * CONSTANT(log_2_high)) - k * CONSTANT(log_2_low)) + low;
  return NAME(times_power_of_two)(1 + (r + r * r * POLYNOMIAL(CONSTANT(exp), r)), k);
}

// e^p with r and 1 + r as sums of two numbers, so that little is lost besides the last rounding.
static inline VECTOR NAME(careful_exponential)(VECTOR p) {
  VECTOR bounded = NAME(bounded_exponent)(p);
  VECTOR k = (bounded * CONSTANT(log2_e) + ROUND) - ROUND;
  VECTOR high = bounded - k * CONSTANT(log_2_high), low = k * CONSTANT(log_2_low), r = high - low;
  VECTOR sum = 1 + r, rest = ((1 - sum) + r) + ((high - r) - low);
  return NAME(times_power_of_two)(sum + (rest + r * r * POLYNOMIAL(CONSTANT(exp), r)), k);
}

// e^p - 1: by its series where the difference would cancel.
static inline VECTOR NAME(expm1)(VECTOR p) {
  VECTOR near = p + p * p * POLYNOMIAL(CONSTANT(expm1), p);
  return SELECT(ABS(p) < (REAL)0.5, near, EXP(p) - 1);
}

// log(1 + e) for e from 0 to 1: log(1 + e) = 2 artanh(s), s = e / (2 + e).
static inline VECTOR NAME(log1p)(VECTOR e) {
  VECTOR s = e / (2 + e), square = s * s;
  return 2 * s + s * square * POLYNOMIAL(CONSTANT(log1p), square);
}

// log p: p = 2^k m with m from √½ to √2, and log m = 2 artanh(s), s = (m - 1) / (m + 1).
static inline VECTOR NAME(logarithm)(VECTOR p) {
  MASK subnormal = p < CONSTANT(least_normal);
  VECTOR scaled = SELECT(subnormal, p * CONSTANT(scale_up), p);
  MASK root_half = (MASK)SPLAT(0.70710678118654752440), one = (MASK)SPLAT(1);
  MASK bits = (MASK)scaled + (one - root_half);
  MASK exponent = (bits >> CONSTANT(mantissa_bits)) - CONSTANT(exponent_bias);
  // Small integers become numbers through the lowest bits of ROUND.
  VECTOR k = (VECTOR)(exponent + (MASK)SPLAT(ROUND)) - ROUND;
  k = SELECT(subnormal, k - CONSTANT(scale_up_exponent), k);
  VECTOR m = (VECTOR)((bits & ((MASK){0} + (((INTEGER)1 << CONSTANT(mantissa_bits)) - 1))) + root_half);
  VECTOR f = m - 1, s = f / (2 + f), square = s * s;
  VECTOR tail = s * square * POLYNOMIAL(CONSTANT(log), square);
  // 2s = f - s f, and f is exact.
  VECTOR value = k * CONSTANT(log_2_high) + (f - (s * f - (tail + k * CONSTANT(log_2_low))));
  value = SELECT(p == SPLAT(INFINITY), p, value);
  value = SELECT(p == 0, SPLAT(-INFINITY), value);
  return SELECT(p >= 0, value, SPLAT(NAN));
}

// tanh p = -m / (2 + m), m = e^-2|p| - 1, with the sign of p.
static inline VECTOR NAME(hyperbolic_tangent)(VECTOR p) {
  VECTOR m = NAME(expm1)(-2 * ABS(p)), t = m / (2 + m);
  return (VECTOR)(((MASK)t & ~(MASK)SPLAT(-0.0)) | ((MASK)p & (MASK)SPLAT(-0.0)));
}

// erfc x for x >= 0 is e^-x² / (1 + 2x) times a function without poles of t = (x - c) / (x + c)
// (Schonfelder 1978). `bell` becomes e^-x². Its exponent is squared in two parts, because rounding x² once
// would lose as many bits as it has before the point.
static inline VECTOR NAME(complementary_error)(VECTOR x, VECTOR *bell) {
  VECTOR bounded = SELECT(x > CONSTANT(erfc_end), SPLAT(CONSTANT(erfc_end)), x);
  VECTOR high = (VECTOR)((MASK)bounded & ~((MASK){0} + CONSTANT(low_half)));
  VECTOR low = (bounded - high) * (bounded + high);
  *bell = NAME(exponential)(-high * high, -low);
  VECTOR above = bounded + CONSTANT(erfc_centre), linear = 1 + 2 * bounded;
  VECTOR inverse = 1 / (above * linear);
  VECTOR t = (bounded - CONSTANT(erfc_centre)) * (linear * inverse);
  return *bell * (above * inverse) * POLYNOMIAL(CONSTANT(erfc), t);
}

// erf p: by its series near 0, else 1 - erfc |p|, with the sign of p.
static inline VECTOR NAME(error_function)(VECTOR p) {
  VECTOR x = ABS(p), bell;
  VECTOR near = p * POLYNOMIAL(CONSTANT(erf), p * p);
  VECTOR far = 1 - NAME(complementary_error)(x, &bell);
  return SELECT(x < (REAL)0.75, near, SELECT(p < 0, -far, far));
}

// Φ(p), the normal distribution function, and its slope, e^(-p²/2) / √(2π).
static inline VECTOR NAME(normal_distribution)(VECTOR p, VECTOR *slope) {
  VECTOR tail = NAME(complementary_error)(ABS(p) * (REAL)0.70710678118654752440, slope) / 2;
  *slope *= (REAL)0.39894228040143267794;
  return SELECT(p < 0, tail, 1 - tail);
}

// 1 / (1 + e^-p) and 1 / (1 + e^p), without overflow or cancellation on either side.
typedef struct { VECTOR open, shut; } NAME(gates);
static inline NAME(gates) NAME(logistic)(VECTOR p) {
  VECTOR e = EXP(-ABS(p)), large = SPLAT(1) / (1 + e), small = e * large;
  return (NAME(gates)){SELECT(p >= 0, large, small), SELECT(p >= 0, small, large)};
}
#define LOGISTIC(p) NAME(logistic)(p)

// tanh(log(1 + e^p)) and one minus it: tanh(log u) = (u² - 1) / (u² + 1); with e = e^-|p| neither end overflows.
static inline NAME(gates) NAME(mish_gates)(VECTOR p) {
  VECTOR e = EXP(-ABS(p));
  MASK positive = p >= 0;
  VECTOR shared = 1 / SELECT(positive, 1 + 2 * e + 2 * e * e, 2 + 2 * e + e * e);
  return (NAME(gates)){
    SELECT(positive, 1 + 2 * e, e * (2 + e)) * shared, SELECT(positive, 2 * e * e, SPLAT(2)) * shared};
}

#define TANH_ARGUMENT(p) ((REAL)0.79788456080286535588 * (p + (REAL)0.044715 * p * p * p))

// VALUE is f(p), SLOPE is f'(p).
#define VALUE(f) static inline VECTOR NAME(f##_value)(VECTOR p, REAL a, REAL b)
#define SLOPE(f) static inline VECTOR NAME(f##_slope)(VECTOR p, REAL a, REAL b)

VALUE(relu) { return SELECT(p <= 0, SPLAT(0), p); }
SLOPE(relu) { return SELECT(p > 0, SPLAT(1), SPLAT(0)); }

VALUE(leaky_relu) { return SELECT(p > 0, p, a * p); }
SLOPE(leaky_relu) { return SELECT(p > 0, SPLAT(1), SPLAT(a)); }

VALUE(hard_tanh) { return SELECT(p < a, SPLAT(a), SELECT(p > b, SPLAT(b), p)); }
SLOPE(hard_tanh) { return SELECT((p > a) & (p < b), SPLAT(1), SPLAT(0)); }

VALUE(hard_sigmoid) { return NAME(hard_tanh_value)(p + 3, 0, 6) / 6; }
SLOPE(hard_sigmoid) { return SELECT((p > -3) & (p < 3), SPLAT(1) / 6, SPLAT(0)); }

VALUE(hard_swish) { return p * NAME(hard_sigmoid_value)(p, a, b); }
SLOPE(hard_swish) { return SELECT(p <= -3, SPLAT(0), SELECT(p < 3, p / 3 + (REAL)0.5, SPLAT(1))); }

VALUE(softshrink) { return SELECT(p > a, p - a, SELECT(p < -a, p + a, SELECT(p == p, SPLAT(0), p))); }
SLOPE(softshrink) { return SELECT((p > a) | (p < -a), SPLAT(1), SPLAT(0)); }

VALUE(hardshrink) { return SELECT((p <= a) & (p >= -a), SPLAT(0), p); }
SLOPE(hardshrink) { return SELECT((p > a) | (p < -a), SPLAT(1), SPLAT(0)); }

VALUE(threshold) { return SELECT(p <= a, SPLAT(b), p); }
SLOPE(threshold) { return SELECT(p > a, SPLAT(1), SPLAT(0)); }

VALUE(softsign) { return p / (1 + ABS(p)); }
SLOPE(softsign) { return 1 / ((1 + ABS(p)) * (1 + ABS(p))); }

VALUE(sigmoid) { return 1 / (1 + EXP(-p)); }
SLOPE(sigmoid) {
  NAME(gates) gates = LOGISTIC(p);
  return gates.open * gates.shut;
}

VALUE(log_sigmoid) { return SELECT(p < 0, p, SPLAT(0)) - NAME(log1p)(EXP(-ABS(p))); }
SLOPE(log_sigmoid) { return LOGISTIC(p).shut; }

VALUE(silu) { return p / (1 + EXP(-p)); }
SLOPE(silu) {
  NAME(gates) gates = LOGISTIC(p);
  return gates.open * (1 + p * gates.shut);
}

VALUE(mish) { return p * NAME(mish_gates)(p).open; }
SLOPE(mish) {
  NAME(gates) gates = NAME(mish_gates)(p);
  return gates.open + p * LOGISTIC(p).open * gates.shut * (1 + gates.open);
}

VALUE(softplus) {
  VECTOR t = a * p;
  return SELECT(t > b, p, (SELECT(t > 0, t, SPLAT(0)) + NAME(log1p)(EXP(-ABS(t)))) / a);
}
SLOPE(softplus) { return SELECT(a * p > b, SPLAT(1), 1 / (1 + EXP(-(a * p)))); }

VALUE(elu) { return SELECT(p > 0, p, a * NAME(expm1)(p)); }
SLOPE(elu) { return SELECT(p > 0, SPLAT(1), a * EXP(p)); }

VALUE(celu) { return SELECT(p > 0, p, a * NAME(expm1)(p / a)); }
SLOPE(celu) { return SELECT(p > 0, SPLAT(1), EXP(p / a)); }

VALUE(selu) { return SELECT(p > 0, b * p, a * NAME(expm1)(p)); }
SLOPE(selu) { return SELECT(p > 0, SPLAT(b), a * EXP(p)); }

VALUE(gelu) {
  VECTOR slope;
  return p * NAME(normal_distribution)(p, &slope);
}
SLOPE(gelu) {
  VECTOR slope, distribution = NAME(normal_distribution)(p, &slope);
  return distribution + p * slope;
}

VALUE(gelu_tanh) { return p / (1 + EXP(-2 * TANH_ARGUMENT(p))); }
SLOPE(gelu_tanh) {
  // (1 + tanh u) / 2 is the logistic function of 2u; u' may be infinite where it is flat.
  NAME(gates) gates = LOGISTIC(2 * TANH_ARGUMENT(p));
  VECTOR slope = 2 * gates.open * gates.shut;
  VECTOR inner = (REAL)0.79788456080286535588 * (1 + (REAL)(3 * 0.044715) * p * p);
  return SELECT(slope == 0, gates.open, gates.open + p * slope * inner);
}

VALUE(tanh) { return NAME(hyperbolic_tangent)(p); }
SLOPE(tanh) {
  // 1 - tanh² = 4e / (1 + e)² with e = e^-2|p|, which does not cancel.
  VECTOR e = EXP(-2 * ABS(p)), root = 2 / (1 + e);
  return e * root * root;
}

VALUE(tanhshrink) { return p - NAME(hyperbolic_tangent)(p); }
SLOPE(tanhshrink) {
  VECTOR t = NAME(hyperbolic_tangent)(p);
  return t * t;
}

VALUE(exp) { return NAME(careful_exponential)(p); }
SLOPE(exp) { return NAME(careful_exponential)(p); }

VALUE(log) { return NAME(logarithm)(p); }
SLOPE(log) { return 1 / p; }

VALUE(erf) { return NAME(error_function)(p); }
SLOPE(erf) { return (REAL)1.12837916709551257390 * EXP(-p * p); }

#define LOOPS(f) \
  static void NAME(f##_evaluate)(const REAL *p, REAL *z, size_t count, REAL a, REAL b) { \
    size_t i = 0; \
    for (; i + LANES <= count; i += LANES) { \
      VECTOR v; \
      __builtin_memcpy(&v, p + i, sizeof v); \
      v = NAME(f##_value)(v, a, b); \
      __builtin_memcpy(z + i, &v, sizeof v); \
    } \
    if (i < count) { \
      VECTOR v = SPLAT(0); \
      __builtin_memcpy(&v, p + i, (count - i) * sizeof(REAL)); \
      v = NAME(f##_value)(v, a, b); \
      __builtin_memcpy(z + i, &v, (count - i) * sizeof(REAL)); \
    } \
  } \
  static void NAME(f##_pull_back)(const REAL *p, REAL *g, size_t count, REAL a, REAL b) { \
    size_t i = 0; \
    for (; i + LANES <= count; i += LANES) { \
      VECTOR v, h; \
      __builtin_memcpy(&v, p + i, sizeof v); \
      __builtin_memcpy(&h, g + i, sizeof h); \
      h *= NAME(f##_slope)(v, a, b); \
      __builtin_memcpy(g + i, &h, sizeof h); \
    } \
    if (i < count) { \
      VECTOR v = SPLAT(0), h = SPLAT(0); \
      __builtin_memcpy(&v, p + i, (count - i) * sizeof(REAL)); \
      __builtin_memcpy(&h, g + i, (count - i) * sizeof(REAL)); \
      h *= NAME(f##_slope)(v, a, b); \
      __builtin_memcpy(g + i, &h, (count - i) * sizeof(REAL)); \
    } \
  }

#define ALL_FUNCTIONS(X) \
  X(relu) X(leaky_relu) X(hard_tanh) X(hard_sigmoid) X(hard_swish) X(softshrink) X(hardshrink) X(threshold) \
  X(softsign) X(sigmoid) X(log_sigmoid) X(silu) X(mish) X(softplus) X(elu) X(celu) X(selu) X(gelu) \
  X(gelu_tanh) X(tanh) X(tanhshrink) X(exp) X(log) X(erf)

ALL_FUNCTIONS(LOOPS)

#define ENTRY(f) [vector_##f] = {NAME(f##_evaluate), NAME(f##_pull_back)},
const NAME(loops) NAME(table)[vector_function_count] = {ALL_FUNCTIONS(ENTRY)};

#undef VECTOR
#undef MASK
#undef SELECT
#undef SPLAT
#undef ABS
#undef EXP
#undef LOGISTIC
#undef TANH_ARGUMENT
#undef VALUE
#undef SLOPE
#undef LOOPS
#undef ALL_FUNCTIONS
#undef ENTRY
#undef REAL
#undef INTEGER
#undef LANES
#undef NAME
#undef POLYNOMIAL
#undef ROUND
#undef CONSTANT

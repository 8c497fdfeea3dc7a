#pragma once
#include <stddef.h>

/// Functions of one number, each with up to two constants, here called a and b.
typedef enum {
  vector_relu,
  vector_leaky_relu,   // a: the slope below 0
  vector_hard_tanh,    // between a and b
  vector_hard_sigmoid,
  vector_hard_swish,
  vector_softshrink,   // a
  vector_hardshrink,   // a
  vector_threshold,    // a: the threshold, b: the value up to there
  vector_softsign,
  vector_sigmoid,
  vector_log_sigmoid,
  vector_silu,
  vector_mish,
  vector_softplus,     // a: beta, b: the threshold
  vector_elu,          // a
  vector_celu,         // a
  vector_selu,         // a: alpha, b: scale
  vector_gelu,         // by the error function
  vector_gelu_tanh,    // by the hyperbolic tangent
  vector_tanh,
  vector_tanhshrink,
  vector_exp,
  vector_log,
  vector_erf,
  vector_function_count
} vector_function;

/// z[i] = f(p[i]); z may be p.
void vector_evaluate_double(vector_function f, double a, double b, const double *p, double *z, size_t count);
void vector_evaluate_float(vector_function f, float a, float b, const float *p, float *z, size_t count);

/// g[i] *= f'(p[i]).
void vector_pull_back_double(vector_function f, double a, double b, const double *p, double *g, size_t count);
void vector_pull_back_float(vector_function f, float a, float b, const float *p, float *g, size_t count);

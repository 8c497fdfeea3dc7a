// Inner products modulo a prime, each sum of products reduced as rarely as 128 bits allow.
#include "field_arithmetic.h"

typedef unsigned __int128 wide;

// How many products fit into 128 bits together with a remainder below 2¹²⁵: (2¹²⁸ − 2¹²⁵) / 2¹²²·⁰²,
// rounded down.
#define PRODUCTS_PER_REDUCTION 48

// A number of 64 bits modulo p. The estimated quotient is correct or one too small, since the relative
// error of the reciprocal is below 2⁻⁶².
static inline uint64_t rest(prime_field field, uint64_t number) {
  uint64_t rest = number - (uint64_t)((wide)number * field.reciprocal >> 124) * field.modulus;
  return rest >= field.modulus ? rest - field.modulus : rest;
}

// A congruent number below p·2⁶⁴.
static inline wide lowered(prime_field field, wide sum) {
  return (wide)rest(field, (uint64_t)(sum >> 64)) << 64 | (uint64_t)sum;
}

// The sum divided by 2⁶⁴ (Montgomery 1985), and added to a number.
static inline void add_reduced(prime_field field, wide sum, uint64_t *target) {
  uint64_t high = rest(field, (uint64_t)(sum >> 64));
  uint64_t correction = (uint64_t)((wide)((uint64_t)sum * field.inverse) * field.modulus >> 64);
  uint64_t quotient = high >= correction ? high - correction : high + (field.modulus - correction);
  uint64_t total = *target + quotient;
  *target = total >= field.modulus ? total - field.modulus : total;
}

// Two rows by two columns: the sums take eight registers, and each number that is loaded is used twice.
static void add_square(prime_field field, const uint64_t *a, const uint64_t *b, const uint64_t *x, const uint64_t *y,
                       size_t depth, uint64_t *target, size_t distance) {
  wide ax = 0, ay = 0, bx = 0, by = 0;
  for (size_t start = 0; start < depth; start += PRODUCTS_PER_REDUCTION) {
    size_t end = depth - start < PRODUCTS_PER_REDUCTION ? depth : start + PRODUCTS_PER_REDUCTION;
    for (size_t index = start; index < end; index++) {
      uint64_t p = x[index], q = y[index];
      ax += (wide)p * a[index];
      bx += (wide)p * b[index];
      ay += (wide)q * a[index];
      by += (wide)q * b[index];
    }
    ax = lowered(field, ax);
    bx = lowered(field, bx);
    ay = lowered(field, ay);
    by = lowered(field, by);
  }
  add_reduced(field, ax, target);
  add_reduced(field, ay, target + 1);
  add_reduced(field, bx, target + distance);
  add_reduced(field, by, target + distance + 1);
}

static void add_one(prime_field field, const uint64_t *a, const uint64_t *x, size_t depth, uint64_t *target) {
  wide sum = 0;
  for (size_t start = 0; start < depth; start += PRODUCTS_PER_REDUCTION) {
    size_t end = depth - start < PRODUCTS_PER_REDUCTION ? depth : start + PRODUCTS_PER_REDUCTION;
    for (size_t index = start; index < end; index++) sum += (wide)a[index] * x[index];
    sum = lowered(field, sum);
  }
  add_reduced(field, sum, target);
}

void field_add_products(const prime_field *field, const uint64_t *left, const uint64_t *right, size_t rows,
                        size_t columns, size_t depth, uint64_t *target, size_t distance) {
  for (size_t row = 0; row < rows; row += 2) {
    const uint64_t *a = left + row * depth;
    uint64_t *line = target + row * distance;
    size_t height = rows - row < 2 ? 1 : 2;
    size_t column = 0;
    if (height == 2) {
      for (; column + 1 < columns; column += 2) {
        const uint64_t *x = right + column * depth;
        add_square(*field, a, a + depth, x, x + depth, depth, line + column, distance);
      }
    }
    for (; column < columns; column++) {
      for (size_t k = 0; k < height; k++) {
        add_one(*field, a + k * depth, right + column * depth, depth, line + k * distance + column);
      }
    }
  }
}

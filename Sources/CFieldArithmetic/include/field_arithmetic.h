#pragma once

#include <stddef.h>
#include <stdint.h>

/// The integers modulo an odd prime p between 2⁶⁰ and 2⁶¹·⁰¹.
typedef struct {
  /// p.
  uint64_t modulus;
  /// p⁻¹ modulo 2⁶⁴.
  uint64_t inverse;
  /// ⌊2¹²⁴ / p⌋.
  uint64_t reciprocal;
} prime_field;

/// Adds to `target` the inner products of the rows of `left`, `[rows, depth]`, with those of `right`,
/// `[columns, depth]`, each divided by 2⁶⁴ modulo p. A row of `target` has `columns` numbers, and rows are
/// `distance` apart. All numbers are below p.
void field_add_products(const prime_field *field, const uint64_t *left, const uint64_t *right, size_t rows,
                        size_t columns, size_t depth, uint64_t *target, size_t distance);

/// Writes the digests of `count` messages of three words under a key of 32 bytes. Each digest is 48 bytes
/// long and is written as six consecutive words: BLAKE2b (RFC 7693) of `first`, `second` and a number,
/// which is `start` for the first message and increases by one. Words are little-endian.
void hash_numbers(const uint64_t key[4], uint64_t first, uint64_t second, uint64_t start, size_t count,
                  uint64_t *digests);

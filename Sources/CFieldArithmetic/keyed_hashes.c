// BLAKE2b of many short messages under one key. The key's block is compressed only once, and four messages
// at a time if the machine has vectors of 256 bits.
#include "field_arithmetic.h"

typedef uint64_t four __attribute__((vector_size(32)));

static const uint64_t beginning[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                      0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

static const uint8_t order[12][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3}};

#define ROTATED(x, n) ((x) >> (n) | (x) << (64 - (n)))

#define MIX(a, b, c, d, x, y)  \
  a += b + x;                  \
  d = ROTATED(d ^ a, 32);      \
  c += d;                      \
  b = ROTATED(b ^ c, 24);      \
  a += b + y;                  \
  d = ROTATED(d ^ a, 16);      \
  c += d;                      \
  b = ROTATED(b ^ c, 63);

// Takes a block of words m, which ends behind so many bytes, into the state h; `last` is all ones for the last block.
#define COMPRESSION(NAME, WORD)                                                                               \
  static inline __attribute__((always_inline)) void NAME(WORD *h, const WORD *m, uint64_t bytes, uint64_t last) { \
    WORD v[16];                                                                                               \
    for (int i = 0; i < 8; i++) {                                                                             \
      v[i] = h[i];                                                                                            \
      v[i + 8] = (WORD){0} + beginning[i];                                                                    \
    }                                                                                                         \
    v[12] ^= bytes;                                                                                           \
    v[14] ^= last;                                                                                            \
    _Pragma("clang loop unroll(full)") for (int round = 0; round < 12; round++) {                             \
      const uint8_t *s = order[round];                                                                        \
      MIX(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]])                                                          \
      MIX(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]])                                                          \
      MIX(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]])                                                         \
      MIX(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]])                                                         \
      MIX(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]])                                                         \
      MIX(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]])                                                       \
      MIX(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]])                                                        \
      MIX(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]])                                                        \
    }                                                                                                         \
    for (int i = 0; i < 8; i++) h[i] ^= v[i] ^ v[i + 8];                                                      \
  }

COMPRESSION(compress, uint64_t)
COMPRESSION(compress_four, four)

// The number of bytes up to the end of a message: the key's block of 128, and three words.
#define BYTES (128 + 24)

static void hash_one(const uint64_t *state, uint64_t first, uint64_t second, uint64_t number, uint64_t *digest) {
  uint64_t h[8], m[16] = {first, second, number};
  for (int i = 0; i < 8; i++) h[i] = state[i];
  compress(h, m, BYTES, ~(uint64_t)0);
  for (int i = 0; i < 6; i++) digest[i] = h[i];
}

#if defined(__x86_64__)
__attribute__((target("avx2")))
#endif
static void hash_four(const uint64_t *state, uint64_t first, uint64_t second, uint64_t start, uint64_t *digests) {
  const four none = {0};
  four h[8], m[16] = {none + first, none + second, (four){start, start + 1, start + 2, start + 3}};
  for (int i = 0; i < 8; i++) h[i] = none + state[i];
  compress_four(h, m, BYTES, ~(uint64_t)0);
  for (int lane = 0; lane < 4; lane++) {
    for (int i = 0; i < 6; i++) digests[6 * lane + i] = h[i][lane];
  }
}

static int has_wide_vectors(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2");
#else
  return 0;
#endif
}

void hash_numbers(const uint64_t key[4], uint64_t first, uint64_t second, uint64_t start, size_t count,
                  uint64_t *digests) {
  uint64_t state[8], block[16] = {key[0], key[1], key[2], key[3]};
  for (int i = 0; i < 8; i++) state[i] = beginning[i];
  // The lengths of the key and of a digest, and the parameters of sequential hashing.
  state[0] ^= 0x01010000 ^ 32 << 8 ^ 48;
  compress(state, block, 128, 0);
  size_t index = 0;
  if (has_wide_vectors()) {
    for (; index + 4 <= count; index += 4) hash_four(state, first, second, start + index, digests + 6 * index);
  }
  for (; index < count; index++) hash_one(state, first, second, start + index, digests + 6 * index);
}

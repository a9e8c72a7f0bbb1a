#pragma once

#if defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>
#endif

// Single instructions for which Swift has no name.

/// Tells the core that this thread only waits for another one's write.
static inline __attribute__((always_inline)) void nn_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Asks for the cache line at `place`, which need not exist.
static inline __attribute__((always_inline)) void nn_prefetch(const void *place) { __builtin_prefetch(place, 0, 3); }

/// The same into the second-level cache, for what is needed some microseconds later.
static inline __attribute__((always_inline)) void nn_prefetch_second(const void *place) { __builtin_prefetch(place, 0, 2); }

#if defined(__AVX512BW__) && defined(__AVX512VL__)
/// Bit i is set where byte i of 16 is not `value`.
static inline __attribute__((always_inline)) unsigned nn_bytes_other_than(const void *bytes, unsigned char value) {
  return _mm_cmpneq_epi8_mask(_mm_loadu_si128((const __m128i *)bytes), _mm_set1_epi8((char)value));
}

/// Writes those of 16 words whose bit is set side by side, and zeros behind them.
static inline __attribute__((always_inline)) void nn_compress(const void *words, unsigned bits, void *to) {
  _mm512_storeu_si512(to, _mm512_maskz_compress_epi32((__mmask16)bits, _mm512_loadu_si512(words)));
}
#endif

// Vectors as wide as the level's registers.
#if defined(__AVX512DQ__)
#define NN_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define NN_VECTOR_BYTES 32
#else
#define NN_VECTOR_BYTES 16
#endif
typedef float nn_floats __attribute__((ext_vector_type(NN_VECTOR_BYTES / 4)));
typedef double nn_doubles __attribute__((ext_vector_type(NN_VECTOR_BYTES / 8)));
typedef int nn_ints __attribute__((ext_vector_type(NN_VECTOR_BYTES / 4)));
typedef unsigned int nn_words __attribute__((ext_vector_type(NN_VECTOR_BYTES / 4)));
typedef long long nn_longs __attribute__((ext_vector_type(NN_VECTOR_BYTES / 8)));
typedef unsigned long long nn_long_words __attribute__((ext_vector_type(NN_VECTOR_BYTES / 8)));

/// Bit i tells whether a < b in lane i.
static inline __attribute__((always_inline)) unsigned int nn_below(nn_words a, nn_words b) {
  nn_ints below = a < b;
#if NN_VECTOR_BYTES == 64
  return __builtin_ia32_cvtd2mask512(below);
#elif NN_VECTOR_BYTES == 32
  return (unsigned int)__builtin_ia32_movmskps256((nn_floats)below);
#elif defined(__SSE__)
  return (unsigned int)__builtin_ia32_movmskps((nn_floats)below);
#else
  unsigned int bits = 0;
  for (int i = 0; i < NN_VECTOR_BYTES / 4; i++) bits |= (unsigned int)(below[i] & 1) << i;
  return bits;
#endif
}

/// The upper 24 bits of each word as a number from 0 to 1, exactly.
static inline __attribute__((always_inline)) nn_floats nn_unit_floats(nn_words w) {
  return __builtin_convertvector((nn_ints)(w >> 8), nn_floats) * 0x1p-24f;
}

/// The upper 53 bits, as 32 and 21 of them turned into numbers through the lowest bits of 2^52 + k.
static inline __attribute__((always_inline)) nn_doubles nn_unit_doubles(nn_long_words w) {
  nn_doubles base = (nn_doubles)0x1p52;
  nn_doubles high = (nn_doubles)((w >> 32) | (nn_long_words)base) - base;
  nn_doubles low = (nn_doubles)((w >> 11 & 0x1fffff) | (nn_long_words)base) - base;
  return high * 0x1p-32 + low * 0x1p-53;
}

/// The lanes whose bit is set, the others 0.
static inline __attribute__((always_inline)) nn_floats nn_keep_floats(nn_floats v, unsigned int bits) {
  nn_ints lane;
  for (int i = 0; i < NN_VECTOR_BYTES / 4; i++) lane[i] = 1 << i;
  nn_ints kept = ((nn_ints)(int)bits & lane) != 0;
  return (nn_floats)((nn_ints)v & kept);
}

static inline __attribute__((always_inline)) nn_doubles nn_keep_doubles(nn_doubles v, unsigned int bits) {
  nn_longs lane;
  for (int i = 0; i < NN_VECTOR_BYTES / 8; i++) lane[i] = 1ll << i;
  nn_longs kept = (nn_longs)(((nn_longs)(long long)bits & lane) != 0);
  return (nn_doubles)((nn_longs)v & kept);
}

#if NN_VECTOR_BYTES == 64
/// x 2^⌊n⌋, rounded once where it is subnormal.
static inline __attribute__((always_inline)) nn_floats nn_scale(nn_floats x, nn_floats n) {
  return __builtin_ia32_scalefps512_mask(x, n, x, (unsigned short)-1, 4);
}

/// The elements of `table` that the lowest four bits of each of `places` name.
static inline __attribute__((always_inline)) nn_floats nn_pick(nn_floats table, nn_ints places) {
  return __builtin_ia32_permvarsf512(table, places);
}
#endif

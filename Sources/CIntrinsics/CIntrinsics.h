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

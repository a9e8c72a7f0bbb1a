#include <string.h>

// Helpers that Swift's compiler writes, weakly, into every module with a trivial type of that size. The kernels' modules hold such types, so the
// linker might keep a copy with AVX instructions and use it for the whole program. A definition that is not weak comes before all of those:
// this one, compiled for any processor. `scripts/check-symbols` looks that nothing else of the kind is left.

void *__swift_memcpy64_16(void *to, const void *from, const void *type);
void *__swift_memcpy32_16(void *to, const void *from, const void *type);
void __swift_noop_void_return(void *object, const void *type);

void *__swift_memcpy64_16(void *to, const void *from, const void *type) {
  (void)type;
  return memcpy(to, from, 64);
}

void *__swift_memcpy32_16(void *to, const void *from, const void *type) {
  (void)type;
  return memcpy(to, from, 32);
}

void __swift_noop_void_return(void *object, const void *type) {
  (void)object;
  (void)type;
}

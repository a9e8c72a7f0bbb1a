import Kernels
import Testing

@Test func levelIsKnown() { #expect(["base", "avx2", "avx512"].contains(Kernels.level)) }

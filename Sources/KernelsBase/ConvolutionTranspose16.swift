#if AVX512
  /// 16 x 16 in registers: elements, then pairs, are interleaved within quarters, then quarters are gathered twice.
  ///
  /// Each step works on another element type. Otherwise LLVM looks through all of them, sees columns put together
  /// from 16 rows, and spends three times as many permutations on them.
  extension Lanes32 {
    @inline(__always) private static func unpackLow(_ a: Tile32, _ b: Tile32) -> Tile32 {
      Tile32(a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5], a[8], b[8], a[9], b[9], a[12], b[12], a[13], b[13])
    }
    @inline(__always) private static func unpackHigh(_ a: Tile32, _ b: Tile32) -> Tile32 {
      Tile32(a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7], a[10], b[10], a[11], b[11], a[14], b[14], a[15], b[15])
    }
    @inline(__always) private static func pairsLow(_ a: Tile32, _ b: Tile32) -> Tile32 {
      let x = unsafeBitCast(a, to: SIMD8<Double>.self), y = unsafeBitCast(b, to: SIMD8<Double>.self)
      return unsafeBitCast(SIMD8<Double>(x[0], y[0], x[2], y[2], x[4], y[4], x[6], y[6]), to: Tile32.self)
    }
    @inline(__always) private static func pairsHigh(_ a: Tile32, _ b: Tile32) -> Tile32 {
      let x = unsafeBitCast(a, to: SIMD8<Double>.self), y = unsafeBitCast(b, to: SIMD8<Double>.self)
      return unsafeBitCast(SIMD8<Double>(x[1], y[1], x[3], y[3], x[5], y[5], x[7], y[7]), to: Tile32.self)
    }
    @inline(__always) private static func quartersEven(_ a: Tile32, _ b: Tile32) -> Tile32 {
      let x = unsafeBitCast(a, to: SIMD16<Int32>.self), y = unsafeBitCast(b, to: SIMD16<Int32>.self)
      return unsafeBitCast(SIMD16<Int32>(x[0], x[1], x[2], x[3], x[8], x[9], x[10], x[11], y[0], y[1], y[2], y[3], y[8], y[9], y[10], y[11]), to: Tile32.self)
    }
    @inline(__always) private static func farEven(_ a: Tile32, _ b: Tile32) -> Tile32 {
      let x = unsafeBitCast(a, to: SIMD8<Int64>.self), y = unsafeBitCast(b, to: SIMD8<Int64>.self)
      return unsafeBitCast(SIMD8<Int64>(x[0], x[1], x[4], x[5], y[0], y[1], y[4], y[5]), to: Tile32.self)
    }
    @inline(__always) private static func quartersOdd(_ a: Tile32, _ b: Tile32) -> Tile32 {
      let x = unsafeBitCast(a, to: SIMD16<Int32>.self), y = unsafeBitCast(b, to: SIMD16<Int32>.self)
      return unsafeBitCast(SIMD16<Int32>(x[4], x[5], x[6], x[7], x[12], x[13], x[14], x[15], y[4], y[5], y[6], y[7], y[12], y[13], y[14], y[15]), to: Tile32.self)
    }
    @inline(__always) private static func farOdd(_ a: Tile32, _ b: Tile32) -> Tile32 {
      let x = unsafeBitCast(a, to: SIMD8<Int64>.self), y = unsafeBitCast(b, to: SIMD8<Int64>.self)
      return unsafeBitCast(SIMD8<Int64>(x[2], x[3], x[6], x[7], y[2], y[3], y[6], y[7]), to: Tile32.self)
    }
    @inline(__always) static func transposed(_ r: Vectors16<Tile32>) -> Vectors16<Tile32> {
      let t0 = unpackLow(r.0, r.1), t1 = unpackHigh(r.0, r.1)
      let t2 = unpackLow(r.2, r.3), t3 = unpackHigh(r.2, r.3)
      let t4 = unpackLow(r.4, r.5), t5 = unpackHigh(r.4, r.5)
      let t6 = unpackLow(r.6, r.7), t7 = unpackHigh(r.6, r.7)
      let t8 = unpackLow(r.8, r.9), t9 = unpackHigh(r.8, r.9)
      let t10 = unpackLow(r.10, r.11), t11 = unpackHigh(r.10, r.11)
      let t12 = unpackLow(r.12, r.13), t13 = unpackHigh(r.12, r.13)
      let t14 = unpackLow(r.14, r.15), t15 = unpackHigh(r.14, r.15)
      let u0 = pairsLow(t0, t2), u1 = pairsHigh(t0, t2)
      let u2 = pairsLow(t1, t3), u3 = pairsHigh(t1, t3)
      let u4 = pairsLow(t4, t6), u5 = pairsHigh(t4, t6)
      let u6 = pairsLow(t5, t7), u7 = pairsHigh(t5, t7)
      let u8 = pairsLow(t8, t10), u9 = pairsHigh(t8, t10)
      let u10 = pairsLow(t9, t11), u11 = pairsHigh(t9, t11)
      let u12 = pairsLow(t12, t14), u13 = pairsHigh(t12, t14)
      let u14 = pairsLow(t13, t15), u15 = pairsHigh(t13, t15)
      let v0 = quartersEven(u0, u4), v4 = quartersOdd(u0, u4)
      let v8 = quartersEven(u8, u12), v12 = quartersOdd(u8, u12)
      let v1 = quartersEven(u1, u5), v5 = quartersOdd(u1, u5)
      let v9 = quartersEven(u9, u13), v13 = quartersOdd(u9, u13)
      let v2 = quartersEven(u2, u6), v6 = quartersOdd(u2, u6)
      let v10 = quartersEven(u10, u14), v14 = quartersOdd(u10, u14)
      let v3 = quartersEven(u3, u7), v7 = quartersOdd(u3, u7)
      let v11 = quartersEven(u11, u15), v15 = quartersOdd(u11, u15)
      return (
        farEven(v0, v8), farEven(v1, v9), farEven(v2, v10), farEven(v3, v11),
        farEven(v4, v12), farEven(v5, v13), farEven(v6, v14), farEven(v7, v15),
        farOdd(v0, v8), farOdd(v1, v9), farOdd(v2, v10), farOdd(v3, v11),
        farOdd(v4, v12), farOdd(v5, v13), farOdd(v6, v14), farOdd(v7, v15)
      )
    }
  }
#endif

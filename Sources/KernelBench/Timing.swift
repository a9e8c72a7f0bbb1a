/// Seconds of one call: the fastest of several runs of about 20 ms, which other programs on the machine disturb least.
func secondsPerCall(_ body: () -> Void) -> Double {
  let clock = ContinuousClock()
  func seconds(_ calls: Int) -> Double {
    let duration = clock.measure { for _ in 0..<calls { body() } }
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
  var calls = 1
  while seconds(calls) < 0.005 { calls *= 2 }
  calls = max(1, calls * 4)
  return (0..<7).map { _ in seconds(calls) / Double(calls) }.min()!
}

/// A number with `digits` behind the point, in `width` places.
func column(_ value: Double, _ digits: Int = 1, _ width: Int = 9) -> String {
  let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
  let text = "\((value * scale).rounded() / scale)"
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

/// A number with `digits` behind the point, in `width` places.
func column(_ value: Double, _ digits: Int = 1, _ width: Int = 9) -> String {
  let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
  let text = "\((value * scale).rounded() / scale)"
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

/// Colours for numbers from 0 to 1: control points at even steps, straight lines between.
package enum Colormap: String, CaseIterable, Sendable {
  case gray, binary, viridis, plasma, coolwarm, hot, blues

  /// 0xRRGGBB. viridis and plasma as published by their authors, sampled at eighths; coolwarm Moreland's two ends and the middle; blues ColorBrewer's.
  package var points: [Int] {
    switch self {
    case .gray: [0x000000, 0xffffff]
    case .binary: [0xffffff, 0x000000]
    case .viridis: [0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725]
    case .plasma: [0x0d0887, 0x4c02a1, 0x7e03a8, 0xa92395, 0xcc4778, 0xe56b5d, 0xf89540, 0xfdc527, 0xf0f921]
    case .coolwarm: [0x3b4cc0, 0xdddddd, 0xb40426]
    case .hot: [0x000000, 0xff0000, 0xffff00, 0xffffff]
    case .blues: [0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x08519c, 0x08306b]
    }
  }

  /// The colour of a number from 0 to 1, 0xRRGGBB.
  package func rgb(_ value: Double) -> Int {
    let points = points
    let position = min(max(value, 0), 1) * Double(points.count - 1)
    let below = min(Int(position), points.count - 2)
    let share = position - Double(below)
    func mix(_ shift: Int) -> Int {
      let a = Double(points[below] >> shift & 255), b = Double(points[below + 1] >> shift & 255)
      return Int((a + (b - a) * share).rounded())
    }
    return mix(16) << 16 | mix(8) << 8 | mix(0)
  }

  /// 256 steps.
  package var table: [Int] { (0..<256).map { rgb(Double($0) / 255) } }
}

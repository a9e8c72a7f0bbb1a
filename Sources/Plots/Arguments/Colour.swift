internal import LuaBridge

/// A colour, 0xRRGGBB: a name of CSS, "#rrggbb", or the number of one of the palette's.
struct Colour: LuaValue, Equatable {
  static var luaName: String { "colour" }
  let rgb: Int

  /// Okabe & Ito's palette, told apart by colour-blind eyes too; yellow, faint on white, comes last.
  static let palette = [0x0072b2, 0xd55e00, 0x009e73, 0xe69f00, 0xcc79a7, 0x56b4e9, 0x555555, 0xf0e442].map(Colour.init)
  /// The palette's colour for the `i`-th curve or class, from 0.
  static func cycle(_ i: Int) -> Colour { palette[((i % palette.count) + palette.count) % palette.count] }

  init(_ rgb: Int) { self.rgb = rgb }

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Colour {
    if let number = stack.integer(at: index) {
      guard number >= 1 else { throw TypeMismatch("colour", detail: "the palette's colours count from 1, got \(number)") }
      return cycle(number - 1)
    }
    guard let name = stack.string(at: index) else { throw TypeMismatch("colour (a name such as \"red\", or \"#rrggbb\")") }
    guard let colour = Colour(named: name) else {
      let hint = closest(to: name, in: named.keys.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
      throw TypeMismatch("colour", detail: "'\(name)' is no colour: give \"#rrggbb\" or a name such as \"steelblue\"\(hint)")
    }
    return colour
  }
  func push(_ stack: LuaStack) { stack.push(hex) }

  init?(named name: String) {
    if name.hasPrefix("#"), name.utf8.count == 7, let rgb = Int(name.dropFirst(), radix: 16), rgb >= 0, !name.contains("+") {
      self.rgb = rgb
    } else if let rgb = Self.named[name.lowercased().replacing("grey", with: "gray").filter { $0 != "-" && $0 != " " && $0 != "_" }] {
      self.rgb = rgb
    } else {
      return nil
    }
  }

  var hex: String {
    let digits = String(rgb, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
  /// Red, green, blue from 0 to 255.
  var channels: (Int, Int, Int) { (rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255) }

  /// As gnuplot's `rgb` takes it; alpha 1 hides what is behind.
  func command(alpha: Double = 1) -> String {
    guard alpha < 1 else { return "rgb '\(hex)'" }
    let digits = String(Int(((1 - max(alpha, 0)) * 255).rounded()), radix: 16)
    return "rgb '#" + (digits.count < 2 ? "0" : "") + digits + hex.dropFirst() + "'"
  }

  /// `share` of this colour, the rest of white.
  func tint(_ share: Double) -> Colour {
    func mix(_ value: Int) -> Int { Int((Double(value) * share + 255 * (1 - share)).rounded()) }
    let (r, g, b) = channels
    return Colour(mix(r) << 16 | mix(g) << 8 | mix(b))
  }

  /// The names of CSS, without its rarer shades.
  private static let named: [String: Int] = [
    "aqua": 0x00ffff, "aquamarine": 0x7fffd4, "beige": 0xf5f5dc, "bisque": 0xffe4c4, "black": 0x000000, "blue": 0x0000ff, "blueviolet": 0x8a2be2,
    "brown": 0xa52a2a, "cadetblue": 0x5f9ea0, "chartreuse": 0x7fff00, "chocolate": 0xd2691e, "coral": 0xff7f50, "cornflowerblue": 0x6495ed,
    "crimson": 0xdc143c, "cyan": 0x00ffff, "darkblue": 0x00008b, "darkcyan": 0x008b8b, "darkgoldenrod": 0xb8860b, "darkgray": 0xa9a9a9,
    "darkgreen": 0x006400, "darkmagenta": 0x8b008b, "darkolivegreen": 0x556b2f, "darkorange": 0xff8c00, "darkred": 0x8b0000, "darksalmon": 0xe9967a,
    "darkslateblue": 0x483d8b, "darkslategray": 0x2f4f4f, "darkturquoise": 0x00ced1, "darkviolet": 0x9400d3, "deeppink": 0xff1493,
    "deepskyblue": 0x00bfff, "dimgray": 0x696969, "dodgerblue": 0x1e90ff, "firebrick": 0xb22222, "forestgreen": 0x228b22, "fuchsia": 0xff00ff,
    "gold": 0xffd700, "goldenrod": 0xdaa520, "gray": 0x808080, "green": 0x008000, "greenyellow": 0xadff2f, "hotpink": 0xff69b4,
    "indianred": 0xcd5c5c, "indigo": 0x4b0082, "ivory": 0xfffff0, "khaki": 0xf0e68c, "lavender": 0xe6e6fa, "lightblue": 0xadd8e6,
    "lightcoral": 0xf08080, "lightgray": 0xd3d3d3, "lightgreen": 0x90ee90, "lightpink": 0xffb6c1, "lightsalmon": 0xffa07a,
    "lightseagreen": 0x20b2aa, "lightskyblue": 0x87cefa, "lightsteelblue": 0xb0c4de, "lime": 0x00ff00, "limegreen": 0x32cd32, "magenta": 0xff00ff,
    "maroon": 0x800000, "mediumblue": 0x0000cd, "mediumorchid": 0xba55d3, "mediumpurple": 0x9370db, "mediumseagreen": 0x3cb371,
    "mediumvioletred": 0xc71585, "midnightblue": 0x191970, "navy": 0x000080, "olive": 0x808000, "olivedrab": 0x6b8e23, "orange": 0xffa500,
    "orangered": 0xff4500, "orchid": 0xda70d6, "palegreen": 0x98fb98, "peru": 0xcd853f, "pink": 0xffc0cb, "plum": 0xdda0dd, "powderblue": 0xb0e0e6,
    "purple": 0x800080, "rebeccapurple": 0x663399, "red": 0xff0000, "rosybrown": 0xbc8f8f, "royalblue": 0x4169e1, "saddlebrown": 0x8b4513,
    "salmon": 0xfa8072, "sandybrown": 0xf4a460, "seagreen": 0x2e8b57, "sienna": 0xa0522d, "silver": 0xc0c0c0, "skyblue": 0x87ceeb,
    "slateblue": 0x6a5acd, "slategray": 0x708090, "springgreen": 0x00ff7f, "steelblue": 0x4682b4, "tan": 0xd2b48c, "teal": 0x008080,
    "thistle": 0xd8bfd8, "tomato": 0xff6347, "turquoise": 0x40e0d0, "violet": 0xee82ee, "wheat": 0xf5deb3, "white": 0xffffff, "yellow": 0xffff00,
    "yellowgreen": 0x9acd32,
  ]
}

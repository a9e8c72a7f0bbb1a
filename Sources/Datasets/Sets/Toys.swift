internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Small sets of points in the plane, drawn when they are asked for.
enum Toys {
  private static let seed = Param<Int?>.option("seed", default: nil, "points of its own; otherwise T.manual_seed's stream is drawn from")
  private static let oneHot = Param<Bool>.option("one_hot", default: false, "t as rows of a one among zeros instead of labels from 1")

  static let rows: [Row] = [
    Row(
      "spiral",
      "Arms of a spiral: radius r from 0 to 1, angle 4 (class + r) and a normal noise, at (r sin, r cos).\n"
        + "Shapes: x (classes × points, 2), t (classes × points) labels from 1, class after class.\nErrors: classes outside 1..1000; points outside 1..10000000.",
      Param("classes", default: 3, "how many"), Param("points", default: 100, "of each class"), Param.option("noise", default: 0.2, "standard deviation of the angle"),
      seed, oneHot,
      place: .function, example: "return #data.spiral{classes = 3, points = 100}"
    ) { classes, points, noise, seed, oneHot in
      var stream = try RandomStream(optional: seed)
      return try set("spiral", classes, points, oneHot) { label, i in
        let radius = Double(i) / Double(points)
        let angle = 4 * (Double(label) + radius) + noise * stream.normal()
        return (radius * sin(angle), radius * cos(angle))
      }
    },
    Row(
      "moons", "Two half circles that reach into each other.\nShapes: x (2 × points, 2), t (2 × points) labels from 1.\nErrors: points outside 1..10000000.",
      Param("points", default: 100, "of each class"),
      Param.option("noise", default: 0.1, "standard deviation of both coordinates"), seed, oneHot, place: .function, example: "return #data.moons()"
    ) { points, noise, seed, oneHot in
      var stream = try RandomStream(optional: seed)
      return try set("moons", 2, points, oneHot) { label, i in
        let angle = Double.pi * Double(i) / Double(max(points - 1, 1))
        let (x, y) = label == 0 ? (cos(angle), sin(angle)) : (1 - cos(angle), 0.5 - sin(angle))
        return (x + noise * stream.normal(), y + noise * stream.normal())
      }
    },
    Row(
      "blobs",
      "Normal clouds around centres that are drawn from -10..10.\n"
        + "Shapes: x (classes × points, 2), t (classes × points) labels from 1, class after class.\nErrors: classes outside 1..1000; points outside 1..10000000.",
      Param("classes", default: 3, "how many"),
      Param("points", default: 100, "of each class"), Param.option("std", default: 1.0, "of both coordinates"), seed, oneHot, place: .function,
      example: "return #data.blobs{classes = 4}"
    ) { classes, points, std, seed, oneHot in
      var stream = try RandomStream(optional: seed)
      var centre = (0.0, 0.0)
      return try set("blobs", classes, points, oneHot) { _, i in
        if i == 0 { centre = (20 * stream.uniform() - 10, 20 * stream.uniform() - 10) }
        return (centre.0 + std * stream.normal(), centre.1 + std * stream.normal())
      }
    },
    Row(
      "xor",
      "The corners of the unit square: label 1 (\"0\") where both coordinates are equal, label 2 (\"1\") where they differ.\n"
        + "Shapes: x (4 × points, 2), t (4 × points) labels from 1.\nErrors: points outside 1..10000000.",
      Param("points", default: 1, "at each corner"), Param.option("noise", default: 0.0, "standard deviation of both coordinates"), seed, oneHot, place: .function,
      example: "return data.xor().x"
    ) { points, noise, seed, oneHot in
      var stream = noise == 0 ? RandomStream(seed: 0) : try RandomStream(optional: seed)
      return try set("xor", 2, points, oneHot, corners: true) { corner, _ in
        (Double(corner >> 1) + noise * stream.normal(), Double(corner & 1) + noise * stream.normal())
      }
    },
  ]

  /// Points made one by one, class after class; with `corners` four groups of points whose class is the exclusive or of the corner's bits.
  private static func set(
    _ name: String, _ classes: Int, _ points: Int, _ oneHot: Bool, corners: Bool = false, _ point: (_ group: Int, _ i: Int) -> (Double, Double)
  ) throws -> Dataset {
    guard classes >= 1, classes <= 1000 else { throw LuaError("\(name): classes must lie between 1 and 1000, got \(classes)") }
    guard points >= 1, points <= 10_000_000 else { throw LuaError("\(name): points must lie between 1 and 10000000, got \(points)") }
    let groups = corners ? 4 : classes
    let x = try Tensor(empty: Shape(groups * points, 2), .float64)
    let t = oneHot ? try Tensor.zeros(Shape(groups * points, classes), .default) : try Tensor(empty: Shape(groups * points), .int64)
    let place = x.pointer(Double.self)
    for group in 0..<groups {
      let label = corners ? group >> 1 ^ group & 1 : group
      for i in 0..<points {
        let row = group * points + i
        (place[2 * row], place[2 * row + 1]) = point(group, i)
        if !oneHot { t.pointer(Int64.self)[row] = Int64(label) + 1 }
      }
      if oneHot { try t.narrowed(0, group * points, points).selected(1, label).write(Tensor.full(Shape(points), 1)) }
    }
    var details = Dataset.Details()
    details.classes = (0..<classes).map(String.init)
    return Dataset(name, [Column(try x.converted(to: .default)), Column(t)], details)
  }
}

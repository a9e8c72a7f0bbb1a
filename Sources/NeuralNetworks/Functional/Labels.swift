internal import LuaBridge
internal import Tensors

/// Class labels and positions as scripts give them, from 1, checked and turned into positions from 0.
struct Labels {
  /// int64, contiguous, from 0; −1 where the label is to be ignored.
  let positions: Tensor
  let ignored: Int

  /// - noun: what errors call one of them: "label", "position".
  /// - ignoring: a value that is left out instead of being an error.
  /// - Errors: NaN, fractions, truth values; a value outside 1 … classes, named with its place.
  init(_ labels: Tensor, classes: Int, ignoring: Int? = nil, _ function: String, noun: String = "label") throws {
    guard labels.type != .bool else { throw LuaError("\(function): \(noun)s must be whole numbers from 1, got a bool tensor \(labels.shape)") }
    if labels.type.isFloat {
      let source = try labels.contiguous()
      for (i, value) in try source.values().enumerated() where value != value.rounded() || !value.isFinite {
        throw LuaError("\(function): \(noun) \(value.luaLiteral) at position \(Self.place(i, labels.shape)) is not a whole number")
      }
    }
    let given = try labels.converted(to: .int64)
    let positions = given === labels ? try labels.copied() : given
    let values = positions.pointer(Int64.self), skipped = ignoring.map(Int64.init)
    var ignored = 0
    for i in 0..<positions.count {
      let value = values[i]
      if value == skipped {
        values[i] = -1
        ignored += 1
      } else if value >= 1, value <= classes {
        values[i] = value - 1
      } else {
        let reach = classes > 0 ? "is outside 1..\(classes)\(value == 0 ? "; \(noun)s count from 1" : "")" : "cannot be: there is nothing to choose from"
        throw LuaError("\(function): \(noun) \(value) at position \(Self.place(i, labels.shape)) \(reach)")
      }
    }
    self.positions = positions
    self.ignored = ignored
  }

  /// Where an element stands, as a script counts: `7`, or `{2,3}` in several dims.
  private static func place(_ index: Int, _ shape: Shape) -> String {
    guard shape.count > 1 else { return "\(index + 1)" }
    var rest = index, place = shape
    for i in stride(from: shape.count - 1, through: 0, by: -1) {
      place[i] = rest % shape[i] + 1
      rest /= shape[i]
    }
    return place.description
  }
}

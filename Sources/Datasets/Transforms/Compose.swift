internal import LuaBridge

/// Several transforms as one.
enum Compose {
  static let row = Row(
    results: "compose",
    """
    Does one after the other: transforms and functions (x, t) → x, t or x → x.
    Errors: anything else in the list.
    """, Param("transforms", LuaRest.self, "transforms and functions, or one list of them"), place: .function,
    example: "return data.transforms.compose(data.transforms.random_shift(1), data.transforms.flip(0.5))", returns: "Transform"
  ) { stack, rest in
    var rest = rest.indices
    if rest.count == 1, stack.type(at: rest.lowerBound) == .table, !stack.pushMetafield(rest.lowerBound, "__call") {
      let list = rest.lowerBound, count = stack.length(at: list)
      guard count <= 200, stack.reserve(Int32(count) + 16) else { throw LuaError("compose: at most 200 transforms, got \(count)") }
      let first = stack.top + 1
      for position in 0..<count { stack.rawGet(list, position + 1) }
      rest = first..<stack.top + 1
    }
    guard rest.count <= 200, stack.reserve(16) else { throw LuaError("compose: at most 200 transforms, got \(rest.count)") }
    var parts: [Transform.Part] = []
    for (position, index) in rest.enumerated() {
      if let transform = stack.object(at: index) as? Transform {
        parts += transform.parts
      } else if (try? LuaFunction.decode(stack, index)) != nil {
        parts.append(.function(stack.handle(at: index)))
      } else {
        throw LuaError("compose: number \(position + 1) is a \(stack.given(at: index)) (transform or function expected)")
      }
      guard parts.count <= 10_000 else { throw LuaError("compose: at most 10000 steps") }
    }
    Transform(parts).push(stack)
    for (key, index) in rest.enumerated() {
      stack.copy(index)
      stack.anchor(-2, key + 1)
    }
    return 1
  }
}

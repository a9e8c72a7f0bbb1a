public import LuaBridge
internal import Tensors

/// A dataset as scripts see it.
extension Dataset {
  public static var luaName: String { "Dataset" }
  public var luaClass: LuaClass { Self.type }

  static let type: LuaClass = LuaClass(
    "Dataset", "Samples with targets: what `data.mnist{…}` and the others make. `set[i]` is a sample, `#set` their number.", rows: methods,
    operators: [
      ("__len", Row("__len", "The number of samples.", Param("set", Dataset.self), Param("same", LuaRest.self)) { set, _ in set.count }),
      ("__tostring", Row("__tostring", "Its title, sizes and types.", Param("set", Dataset.self)) { set in set.description }),
    ],
    index: { stack in
      let set = try Dataset.decode(stack, 1)
      guard let position = stack.integer(at: 2) else {
        throw Dataset.type.unknown(stack.string(at: 2) ?? (try? stack.description(at: 2)) ?? "?")
      }
      try set.sample(try set.position(position, "dataset")).push(stack)
      return 1
    })

  /// `mnist train: 60000 samples, x {1,28,28}, 10 classes`
  public var description: String {
    "\(title): \(count) samples, x \(form.sample)" + (classes.map { ", \($0.count) classes" } ?? "")
  }

  /// One sample without its first dim; numbers where nothing is left.
  func sample(_ position: Int) throws -> Sample {
    Sample(x: try Sample.Value(batchInputs([position])), t: try Sample.Value(batchTargets([position])))
  }

  static let methods: [Row] = [
    Row(getter: "x", "All inputs (N, …) as one tensor.", example: "return data.digits().x", of: Dataset.self) { try $0.allInputs() },
    Row(getter: "t", "All targets: labels from 1, or rows of a one among zeros.", example: "return data.digits().t", of: Dataset.self) { try $0.allTargets() },
    Row(getter: "classes", "What each label means: `classes[1] == \"0\"` for digits; nil where nobody named them.", of: Dataset.self) { $0.classes },
    Row(
      "get", "One sample: its input and its target (a number where it has no dims). `set[i]` gives both in one table: {x, t}.", Param("set", Dataset.self),
      Param("i", Int.self, "from 1; from the end by -1"), place: .method, example: "local x, t = data.digits():get(1); return x"
    ) { set, i in
      let sample = try set.sample(try set.position(i, "get"))
      return (sample.x, sample.t)
    },
    Row(
      "subset", "The samples a to b, both included, as a set of their own; nothing is copied.", Param("set", Dataset.self), Param("a", Int.self), Param("b", Int.self),
      place: .method, example: "return #data.digits():subset(1, 100)"
    ) { set, a, b in
      let first = try set.position(a, "subset"), last = try set.position(b, "subset")
      guard first <= last else { throw LuaError("subset: \(a) comes after \(b)") }
      return set.part(Array(first...last))
    },
    Row(
      "split", "Shuffles, and gives two sets: this share of the samples, and the rest.", Param("set", Dataset.self), Param("share", Double.self, "between 0 and 1"),
      Param("seed", default: Int?.none, "an order of its own; otherwise T.manual_seed's stream is drawn from"), place: .method,
      example: "local train, test = data.digits():split(0.8, 1); return #train"
    ) { set, share, seed in try set.split(share, seed: seed) },
  ]
}

/// One sample: `{x, t, x = x, t = t}`.
struct Sample: LuaValue {
  enum Value: LuaValue {
    case number(Double), integer(Int), truth(Bool), tensor(Tensor)

    /// The only row of a batch.
    init(_ batch: Tensor) throws {
      if batch.rank > 1 {
        var shape = batch.shape
        shape.remove(at: 0)
        self = .tensor(try batch.reshaped(shape))
        return
      }
      switch batch.type {
      case .bool: self = .truth(batch.pointer(UInt8.self)[0] != 0)
      case .uint8: self = .integer(Int(batch.pointer(UInt8.self)[0]))
      case .int64: self = .integer(Int(batch.pointer(Int64.self)[0]))
      case .float32: self = .number(Double(batch.pointer(Float.self)[0]))
      case .float64: self = .number(batch.pointer(Double.self)[0])
      }
    }
    static var luaName: String { "Tensor or number" }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Value { .tensor(try Tensor.decode(stack, index)) }
    func push(_ stack: LuaStack) {
      switch self {
      case .number(let x): stack.push(x)
      case .integer(let n): stack.push(n)
      case .truth(let b): stack.push(b)
      case .tensor(let x): x.push(stack)
      }
    }
  }
  var x: Value
  var t: Value

  static var luaName: String { "sample" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Sample { throw TypeMismatch(luaName) }
  func push(_ stack: LuaStack) {
    stack.newTable(list: 2, fields: 2)
    for (position, (name, value)) in [("x", x), ("t", t)].enumerated() {
      value.push(stack)
      stack.copy(-1)
      stack.rawSet(-3, name)
      stack.rawSet(-2, position + 1)
    }
  }
}

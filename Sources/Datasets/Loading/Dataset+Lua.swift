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
      ("__display", DatasetDisplay.row),
    ],
    index: { stack in
      let set = try Dataset.decode(stack, 1)
      guard let position = stack.integer(at: 2) else {
        throw Dataset.type.unknown(stack.string(at: 2) ?? (try? stack.description(at: 2)) ?? "?")
      }
      try Sample(parts: set.sample(try set.position(position, "dataset"))).push(stack)
      return 1
    })

  /// `mnist train: 60000 samples, x {1,28,28}, 10 classes`
  public var description: String {
    "\(title): \(count) sample\(count == 1 ? "" : "s"), x \(columns[0].sample)" + (classes.map { ", \($0.count) class\($0.count == 1 ? "" : "es")" } ?? "")
  }

  /// One sample without its first dim; numbers where nothing is left.
  func sample(_ position: Int) throws -> [Sample.Value] {
    try columns.indices.map { try Sample.Value(batch([position], of: $0)) }
  }

  /// What examples read.
  static let fruit = """
    local file = io.open("fruit.csv", "w")
    file:write("weight,length,fruit\\n150,7.5,apple\\n120,18,banana\\n160,7,apple\\n")
    file:close()

    """
  static let pictures = """
    os.execute("mkdir -p pictures/dark pictures/light")
    for i = 1, 3 do
      data.write_image(("pictures/dark/%d.png"):format(i), T.rand(1, 8, 8) * 0.3)
      data.write_image(("pictures/light/%d.png"):format(i), T.rand(1, 8, 8) * 0.3 + 0.7)
    end

    """

  static let methods: [Row] = [
    Row(getter: "x", "All inputs (N, …) as one tensor.", example: "return data.digits().x", of: Dataset.self) { try $0.allInputs() },
    Row(getter: "t", "All targets: labels from 1, rows of a one among zeros, or numbers; nil for a set without.", example: "return data.digits().t", of: Dataset.self) {
      try $0.allTargets()
    },
    Row(
      getter: "classes", "What each label means: `classes[1] == \"0\"` for digits; nil where nobody named them.", example: "return data.digits().classes",
      of: Dataset.self
    ) { $0.classes },
    Row(getter: "columns", "The names of x's columns; nil where they have none.", example: "return data.iris().columns", of: Dataset.self) { $0.details.columns },
    Row(
      getter: "categories", "For each categorical column of a CSV file what its codes 1, 2, … mean: `categories.colour[1]`.",
      example: fruit + "return data.csv(\"fruit.csv\", {target = \"weight\", categorical = {\"fruit\"}}).categories.fruit", of: Dataset.self
    ) {
      Categories(names: $0.details.categories)
    },
    Row(
      getter: "mean", "The mean that each column of x had before it was normalised; nil where it was not.", example: "return data.iris{normalize = true}.mean",
      of: Dataset.self
    ) { $0.details.mean },
    Row(
      getter: "std", "The standard deviation that each column of x had before it was normalised; nil where it was not.",
      example: "return data.iris{normalize = true}.std", of: Dataset.self
    ) { $0.details.std },
    Row(
      getter: "files", "The file of each sample; nil for a set that is not made of files.", example: pictures + "return data.image_folder(\"pictures\").files",
      of: Dataset.self
    ) { $0.files },
    Row(
      getter: "skipped", "The files that were left out, each with the reason; nil for a set that is not made of files.",
      example: pictures + "return data.image_folder(\"pictures\", {skip = true}).skipped", of: Dataset.self
    ) { $0.details.skipped },
    Row(
      results: "get", "One sample: its input and its target (numbers where they have no dims). `set[i]` gives both in one table: {x, t}.", Param("set", Dataset.self),
      Param("i", Int.self, "from 1; from the end by -1"), place: .method, example: "local x, t = data.digits():get(1); return x",
      returns: "Tensor or number, Tensor or number"
    ) { stack, set, i in
      let sample = try set.sample(try set.position(i, "get"))
      guard stack.reserve(Int32(clamping: sample.count) + 8) else { throw LuaError("stack overflow") }
      for value in sample { value.push(stack) }
      return Int32(sample.count)
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

/// What codes mean, as a table of lists.
private struct Categories: LuaValue {
  let names: [String: [String]]?
  static var luaName: String { "table" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Categories { throw TypeMismatch(luaName) }
  func push(_ stack: LuaStack) {
    guard let names else { return stack.pushNil() }
    stack.newTable(fields: names.count)
    for (name, list) in names {
      list.push(stack)
      stack.rawSet(-2, name)
    }
  }
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
    static var luaName: String { "Tensor, table of numbers, number or boolean" }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Value {
      switch stack.type(at: index) {
      case .number: return stack.isInteger(at: index) ? .integer(stack.integer(at: index) ?? 0) : .number(stack.number(at: index) ?? 0)
      case .boolean: return .truth(stack.boolean(at: index))
      case .table: return .tensor(try Tensor.from(stack, stack.absolute(index)))
      default:
        guard let x = try? Tensor.decode(stack, index) else { throw TypeMismatch(luaName) }
        return .tensor(x)
      }
    }
    func push(_ stack: LuaStack) {
      switch self {
      case .number(let x): stack.push(x)
      case .integer(let n): stack.push(n)
      case .truth(let b): stack.push(b)
      case .tensor(let x): x.push(stack)
      }
    }
  }
  var parts: [Value]

  static var luaName: String { "sample" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Sample { throw TypeMismatch(luaName) }
  func push(_ stack: LuaStack) {
    stack.newTable(list: parts.count, fields: 2)
    for (position, value) in parts.enumerated() {
      value.push(stack)
      if position < 2 {
        stack.copy(-1)
        stack.rawSet(-3, position == 0 ? "x" : "t")
      }
      stack.rawSet(-2, position + 1)
    }
  }
}

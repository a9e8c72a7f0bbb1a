internal import LuaBridge
internal import Tensors

/// A loader as scripts see it.
extension DataLoader {
  static let type: LuaClass = LuaClass(
    "DataLoader", "Deals a dataset in batches: what `data.DataLoader(set, …)` makes; `#loader` is the number of batches.", rows: methods,
    operators: [
      ("__len", Row("__len", "The number of batches in an epoch.", Param("loader", DataLoader.self), Param("same", LuaRest.self)) { loader, _ in loader.count }),
      ("__tostring", Row("__tostring", "Its dataset and batch size.", Param("loader", DataLoader.self)) { $0.description }),
      (
        "__display",
        Row("__display", "What a notebook shows: its batches, and samples of its dataset.", Param("loader", DataLoader.self)) { loader in
          var html = HTML.heading("DataLoader", loader.summary)
          if case .set(let set) = loader.source { html += try DatasetDisplay.html(set) }
          return DisplayBundle(text: loader.description, [("text/html", .text(html))])
        }
      ),
    ],
    newIndex: { stack in
      guard stack.string(at: 2) == "epoch", let epoch = stack.integer(at: 3) else {
        throw LuaError("DataLoader: only 'epoch' can be set, to an integer")
      }
      try DataLoader.decode(stack, 1).epoch = epoch
      return 0
    })

  private var description: String {
    let set =
      switch source {
      case .set(let set): set.description
      case .script(let set): "\(set.count) items"
      }
    return "DataLoader(\(set); \(summary))"
  }
  private var summary: String { "\(count) batches of \(batchSize)\(shuffle ? ", shuffled" : "")\(transform.map { ", \($0.description)" } ?? "")" }

  /// Pushes a pass over the loader at index 1; it keeps the loader, and so the transform and the script's set, alive.
  private static func iterate(_ stack: LuaStack, _ loader: DataLoader, numbered: Bool) throws -> Int32 {
    if case .script(let set) = loader.source { try set.look(stack) }
    try BatchIterator(loader, numbered: numbered).push(stack)
    stack.copy(1)
    stack.anchor(-2, 1)
    return 1
  }

  private static let methods: [Row] = [
    Row(
      results: "batches",
      """
      One epoch: `for x, t in loader:batches() do … end`. A shuffled loader draws a new order at each call.
      """, Param("loader", DataLoader.self), place: .method,
      example: "local n = 0; for x, t in data.DataLoader(data.digits(), {batch_size = 100}):batches() do n = n + #x end; return n", returns: "iterator"
    ) { stack, loader in try iterate(stack, loader, numbered: false) },
    Row(
      results: "enumerate", "One epoch with the batches' numbers: `for i, x, t in loader:enumerate() do … end`.", Param("loader", DataLoader.self), place: .method,
      example: "for i, x, t in data.DataLoader(data.digits(), {batch_size = 100}):enumerate() do return i end", returns: "iterator"
    ) { stack, loader in try iterate(stack, loader, numbered: true) },
    Row(
      results: "state_dict",
      """
      What a resumed run needs to deal the same batches as the unbroken one: {epoch = …, seed = …}. A loader without a seed draws from T.manual_seed's stream, \
      whose place T.get_rng_state tells. Taken in the middle of an epoch, the next one begins with a new epoch.
      """, Param("loader", DataLoader.self), place: .method, example: "return data.DataLoader(data.digits(), {shuffle = true, seed = 1}):state_dict().epoch",
      returns: "table"
    ) { stack, loader in
      stack.newTable(fields: 2)
      stack.push(loader.epoch)
      stack.rawSet(-2, "epoch")
      if let seed = loader.seed {
        stack.push(seed)
        stack.rawSet(-2, "seed")
      }
      return 1
    },
    Row(
      procedure: "load_state_dict", "Goes on where `state_dict` was taken.\nErrors: a table without a whole number `epoch`; another seed than the loader's.",
      Param("loader", DataLoader.self), Param("state", LuaTable.self, "what state_dict gave"), place: .method,
      example: "local loader = data.DataLoader(data.digits(), {shuffle = true, seed = 1}); loader:load_state_dict(loader:state_dict())"
    ) { loader, state in
      let stack = state.stack
      func number(_ name: String) throws -> Int? {
        defer { stack.pop() }
        guard stack.rawGet(state.index, name) != .nil else { return nil }
        // States read back from files of tensors are tensors of one element.
        if let x = try? Tensor.decode(stack, stack.top), x.count == 1 { return Int(exactly: try x.values()[0]) }
        return stack.integer(at: -1)
      }
      guard let epoch = try number("epoch") else { throw LuaError("load_state_dict: the state needs a whole number 'epoch'") }
      let seed = try number("seed")
      guard seed == loader.seed else {
        throw LuaError(
          "load_state_dict: the state is of a loader with \(seed.map { "seed \($0)" } ?? "no seed"), this one has \(loader.seed.map { "seed \($0)" } ?? "none")")
      }
      loader.epoch = epoch
    },
    Row(getter: "dataset", "The set it deals.", example: "return data.DataLoader(data.digits()).dataset", of: DataLoader.self) { $0.source },
    Row(getter: "batch_size", "Samples in a batch.", example: "return data.DataLoader(data.digits(), {batch_size = 10}).batch_size", of: DataLoader.self) {
      $0.batchSize
    },
    Row(
      getter: "epoch", "How many orders were drawn; may be set, to go on where another run stopped.", example: "return data.DataLoader(data.digits()).epoch",
      of: DataLoader.self
    ) { $0.epoch },
  ]

  /// The set at an index: a Dataset, a tensor, or what a script wrote.
  private static func source(_ stack: LuaStack, _ index: Int32) throws -> Source {
    if let set = try? Dataset.decode(stack, index) { return .set(set) }
    if let x = try? Tensor.decode(stack, index) { return .set(try Dataset(x)) }
    switch stack.type(at: index) {
    case .table: return .script(try ScriptSet(stack, index))
    case .userdata where stack.object(at: index) == nil && stack.pushMetafield(index, "__len"):
      stack.pop()
      return .script(try ScriptSet(stack, index))
    default: throw ArgumentError(1, "Dataset expected, got \(stack.given(at: index))")
    }
  }

  /// `DataLoader{set, batch_size = 4}`: calls the function again with the set and the options apart. A script's own set may be a table too: one that has
  /// a Dataset first and names beside it is none.
  private static func unfold(_ stack: LuaStack, _ index: Int32) throws -> Int32? {
    guard stack.type(at: index) == .table, stack.length(at: index) >= 1, stack.reserve(12) else { return nil }
    let base = stack.top
    stack.rawGet(index, 1)
    guard (try? Dataset.decode(stack, stack.top)) != nil, stack.rawGet(index, 2) == .nil else {
      stack.top = base
      return nil
    }
    stack.pop()
    stack.newTable()
    stack.pushNil()
    while stack.next(index) {
      if stack.type(at: -2) == .string, let name = stack.string(at: -2) { stack.rawSet(base + 2, name) } else { stack.pop() }
    }
    stack.push(row)
    stack.copy(base + 1)
    stack.copy(base + 2)
    do { try stack.call(arguments: 2, results: 1) } catch let raised as LuaRaised { throw LuaError(raised.description) }
    return 1
  }

  static let row: Row = Row(
    results: "DataLoader",
    """
    Deals a dataset in batches, in order or shuffled. The same seed gives the same batches, bit for bit. A dataset is one of nnlua.data, a tensor, or any Lua object \
    with a length (`#set` or `set.length`) and `set:get(i)` → x, t or `set[i]` → {x, t}: its tensors, tables and numbers are stacked. \
    The transform is called with each batch; its random numbers belong to the epoch and the batch, so that they are the same with any `prefetch`. \
    Batches made ahead are gathered on another thread, and run through transforms of nnlua.data.transforms there; Lua functions and Lua datasets run when their \
    batch is asked for.
    Shapes: each batch x (batch_size, …), t (batch_size, …); the last may be smaller.
    Errors: an empty dataset; a batch_size below 1; items of different shapes.
    """, Param("dataset", LuaAny.self, "Dataset, Tensor, or an object with a length and get(i)"), Param("batch_size", default: 1, "samples in a batch"),
    Param("shuffle", default: false, "a new random order in each epoch"), Param.option("drop_last", default: false, "leave out a last batch that is smaller"),
    Param.option("seed", default: Int?.none, "a stream of orders of its own; otherwise T.manual_seed's is drawn from"),
    Param.option("prefetch", default: 0, "batches made ahead on another thread; it pays where transforms take a good part of a step of training"),
    Param.option("transform", default: LuaFunction?.none, "function (x, t) → x, t or x, or one of nnlua.data.transforms"), place: .function,
    example: "return data.DataLoader(data.digits(), {batch_size = 100, shuffle = true})", returns: "DataLoader"
  ) { stack, dataset, batchSize, shuffle, dropLast, seed, prefetch, transform in
    if stack.top == 1, let results = try unfold(stack, dataset.index) { return results }
    let loader = try DataLoader(source(stack, dataset.index), batchSize: batchSize, shuffle: shuffle, dropLast: dropLast, seed: seed, prefetch: prefetch)
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    loader.push(stack)
    if case .script = loader.source {
      stack.copy(dataset.index)
      stack.anchor(-2, 2)
    }
    if let transform {
      loader.transform = (stack.object(at: transform.index) as? Transform) ?? Transform([.function(stack.handle(at: transform.index))])
      stack.copy(transform.index)
      stack.anchor(-2, 1)
    }
    return 1
  }
}

extension DataLoader.Source: LuaValue {
  static var luaName: String { "Dataset" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> DataLoader.Source { .set(try Dataset.decode(stack, index)) }
  func push(_ stack: LuaStack) {
    switch self {
    case .set(let set): set.push(stack)
    case .script(let set): set.push(stack)
    }
  }
}

internal import LuaBridge

/// The cells of a CSV file as numbers and labels.
struct CSVTable {
  struct Options {
    var header = HeaderOption.auto
    var delimiter: UInt8?
    var quote = UInt8(ascii: "\"")
    var comment: UInt8 = 0
    var columns: [ColumnName]?
    var target = TargetOption.last
    var categorical: [ColumnName] = []
    var missing = MissingOption.error
    var limit: Int?
  }

  /// Names of x's columns, and which of them are categorical.
  private(set) var columns: [String] = []
  private(set) var isCategorical: [Bool] = []
  /// Rows of x, one after the other.
  private(set) var values: [Double] = []
  private(set) var rows = 0
  /// Numbers of t, `targetWidth` in each row; empty where t is text, or there is none.
  private(set) var targets: [Double] = []
  private(set) var targetWidth = 0
  /// A single target's cells.
  private(set) var labels: [CSVScanner.Cell] = []
  private(set) var labelsAreNumbers = true
  /// What the codes of each categorical column mean.
  private(set) var categories: [String: [String]] = [:]

  private enum Role { case skipped, number(Int), category(Int), target(Int), label }
  private var names: [String]?
  private var roles: [Role] = []
  private var codes: [(slot: Int, cells: [CSVScanner.Cell])] = []
  /// Places of `values` that wait for their column's mean.
  private var holes: [Int] = []
  private(set) var scanner: CSVScanner
  private let options: Options

  /// - Errors: begin with `line:column: `, or with a letter where they belong to the whole file.
  init(_ text: UnsafeBufferPointer<UInt8>, _ options: Options) throws {
    self.options = options
    scanner = CSVScanner(text, delimiter: options.delimiter ?? Self.delimiter(text, options), quote: options.quote, comment: options.comment)
    try read()
  }

  /// The letter among , ; tab | that the first line has most of, outside quotes.
  private static func delimiter(_ text: UnsafeBufferPointer<UInt8>, _ options: Options) -> UInt8 {
    var scanner = CSVScanner(text, delimiter: 0, quote: 0, comment: options.comment)
    guard scanner.nextRecord() else { return UInt8(ascii: ",") }
    let candidates = [UInt8](",;\t|".utf8)
    var counts = [0, 0, 0, 0], isQuoted = false
    for byte in text[scanner.place...] {
      if options.quote != 0, byte == options.quote { isQuoted.toggle() }
      if !isQuoted, byte == CSVScanner.newline || byte == CSVScanner.carriage { break }
      if !isQuoted, let k = candidates.firstIndex(of: byte) { counts[k] += 1 }
    }
    let most = counts.max() ?? 0
    return most == 0 ? candidates[0] : candidates[counts.firstIndex(of: most)!]
  }

  private mutating func record() throws -> [CSVScanner.Cell] {
    var cells: [CSVScanner.Cell] = []
    repeat { cells.append(try scanner.nextCell()) } while !cells[cells.count - 1].isLast
    return cells
  }

  private mutating func read() throws {
    guard scanner.nextRecord() else { throw LuaError("has no rows") }
    let first = try record()
    let hasHeader =
      switch options.header {
      case .present: true
      case .absent: false
      // Names are no numbers.
      case .auto: !first.contains { scanner.number($0) != nil }
      }
    if hasHeader { names = first.map(scanner.text) }
    try assignRoles(first.count)
    if !hasHeader { try add(first) }
    while options.limit.map({ rows < $0 }) ?? true, scanner.nextRecord() {
      if rows & 0xFFFF == 0 { try LuaState.checkInterrupt() }
      try addRecord(first.count, first[0].line, hasHeader)
    }
    guard rows > 0 else { throw LuaError(hasHeader ? "has a header, but no rows" : "has no rows") }
    try fillHoles()
    try encodeCategories()
  }

  // MARK: columns

  private func name(_ column: Int) -> String { names?[column] ?? "column\(column + 1)" }

  private func column(_ wanted: ColumnName, _ option: String, of count: Int) throws -> Int {
    switch wanted {
    case .place(let place):
      if place >= 1, place <= count { return place - 1 }
      if place < 0, place >= -count { return count + place }
      throw LuaError("\(option): there is no column \(place), the file has \(count)")
    case .name(let name):
      guard let names else { throw LuaError("\(option): the file has no header, so there is no column \"\(name)\"; give its number, or header = true") }
      let found = names.indices.filter { names[$0] == name }
      if found.count == 1 { return found[0] }
      if found.count > 1 { throw LuaError("\(option): \(found.count) columns are called \"\(name)\"; give its number") }
      let hint = closest(to: name, in: names).map { "; did you mean \"\($0)\"?" } ?? ""
      throw LuaError("\(option): there is no column \"\(name)\"\(hint) (columns: \(names.prefix(50).joined(separator: ", "))\(names.count > 50 ? ", …" : ""))")
    }
  }

  private mutating func assignRoles(_ count: Int) throws {
    roles = Array(repeating: .skipped, count: count)
    var taken: [Int] = []
    switch options.target {
    case .none: break
    case .last:
      if count > 1 {
        roles[count - 1] = .label
        taken = [count - 1]
      }
    case .one(let name):
      taken = [try column(name, "target", of: count)]
      roles[taken[0]] = .label
    case .list(let list):
      guard !list.isEmpty else { throw LuaError("target: the list is empty; pass false for no target") }
      for (slot, name) in list.enumerated() {
        taken.append(try column(name, "target", of: count))
        roles[taken[slot]] = .target(slot)
      }
    }
    targetWidth = taken.count
    let categorical = try options.categorical.map { try column($0, "categorical", of: count) }
    let chosen = try options.columns.map { try $0.map { try column($0, "columns", of: count) } } ?? (0..<count).filter { !taken.contains($0) }
    for (slot, column) in chosen.enumerated() {
      guard case .skipped = roles[column] else {
        guard taken.contains(column) else { throw LuaError("columns: \"\(name(column))\" is named twice") }
        throw LuaError("columns: \"\(name(column))\" is the target; name another one, or pass target = false for none")
      }
      if categorical.contains(column) {
        roles[column] = .category(codes.count)
        codes.append((slot, []))
      } else {
        roles[column] = .number(slot)
      }
    }
    if let other = categorical.first(where: { if case .category = roles[$0] { false } else { true } }) {
      throw LuaError("categorical: \"\(name(other))\" is none of x's columns")
    }
    guard !chosen.isEmpty else { throw LuaError("columns: none is left for x") }
    columns = chosen.map(name)
    isCategorical = chosen.map(categorical.contains)
  }

  // MARK: rows

  private func place(_ cell: CSVScanner.Cell) -> String { "\(cell.line):\(cell.column)" }
  /// ` (column "petal_length")`
  private func suffix(_ cell: CSVScanner.Cell) -> String { names.map { " (column \"\($0[cell.column - 1])\")" } ?? "" }
  private func quoted(_ cell: CSVScanner.Cell) -> String {
    let text = scanner.text(cell)
    return "'\(text.count > 40 ? text.prefix(40) + "…" : text)'"
  }

  /// The next record, cell by cell.
  private mutating func addRecord(_ width: Int, _ firstLine: Int, _ hasHeader: Bool) throws {
    begin()
    var keep = true, count = 0
    while true {
      let cell = try scanner.nextCell()
      count += 1
      if count <= width, keep { keep = try add(cell) }
      if cell.isLast {
        guard count == width else {
          throw LuaError(
            "\(cell.line): \(count) cell\(count == 1 ? "" : "s"), the \(hasHeader ? "header" : "first row") (line \(firstLine)) has \(width)")
        }
        break
      }
    }
    end(keep)
  }

  private mutating func add(_ record: [CSVScanner.Cell]) throws {
    begin()
    var keep = true
    for cell in record where keep { keep = try add(cell) }
    end(keep)
  }

  private mutating func begin() {
    values.append(contentsOf: repeatElement(0, count: columns.count))
    if case .list = options.target { targets.append(contentsOf: repeatElement(0, count: targetWidth)) }
  }

  private mutating func end(_ keep: Bool) {
    if keep {
      rows += 1
      return
    }
    values.removeLast(values.count - rows * columns.count)
    while let last = holes.last, last >= values.count { holes.removeLast() }
    if labels.count > rows { labels.removeLast() }
    if case .list = options.target { targets.removeLast(targetWidth) } else if targets.count > rows { targets.removeLast() }
    for k in codes.indices where codes[k].cells.count > rows { codes[k].cells.removeLast() }
  }

  /// One cell; false where its row is dropped.
  private mutating func add(_ cell: CSVScanner.Cell) throws -> Bool {
    switch roles[cell.column - 1] {
    case .skipped: return true
    case .number(let slot):
      if let number = scanner.number(cell) {
        values[rows * columns.count + slot] = number
        return true
      }
      guard scanner.isMissing(cell) else {
        let remedy = rows == 0 && names == nil ? "; is the first row a header? pass header = true" : ""
        throw LuaError("\(place(cell)): \(quoted(cell)) is not a number\(suffix(cell))\(remedy)")
      }
      let at = rows * columns.count + slot
      switch options.missing {
      case .error: throw missing(cell, "pass missing = \"nan\", \"mean\", \"drop\" or a number")
      case .drop: return false
      case .nan: values[at] = .nan
      case .value(let number): values[at] = number
      case .mean: holes.append(at)
      }
      return true
    case .category(let k):
      if scanner.isMissing(cell) {
        guard options.missing == .drop else { throw missing(cell, "a category has no substitute; pass missing = \"drop\"") }
        return false
      }
      codes[k].cells.append(cell)
      return true
    case .target(let slot):
      if let number = scanner.number(cell) {
        targets[rows * targetWidth + slot] = number
        return true
      }
      return try missingTarget(cell)
    case .label:
      if let number = scanner.number(cell) {
        if labelsAreNumbers { targets.append(number) }
      } else if scanner.isMissing(cell) {
        return try missingTarget(cell)
      } else {
        labelsAreNumbers = false
        targets = []
      }
      labels.append(cell)
      return true
    }
  }

  private func missing(_ cell: CSVScanner.Cell, _ remedy: String) -> LuaError {
    LuaError("\(place(cell)): the value is missing\(suffix(cell)); \(remedy)")
  }

  private func missingTarget(_ cell: CSVScanner.Cell) throws -> Bool {
    guard scanner.isMissing(cell) else { throw LuaError("\(place(cell)): \(quoted(cell)) is not a number\(suffix(cell))") }
    guard options.missing == .drop else { throw missing(cell, "a target has no substitute; pass missing = \"drop\"") }
    return false
  }

  // MARK: after the last row

  private mutating func fillHoles() throws {
    guard !holes.isEmpty else { return }
    let width = columns.count, absent = Set(holes)
    for slot in Set(holes.map { $0 % width }).sorted() {
      var sum = 0.0, count = 0
      for at in stride(from: slot, to: values.count, by: width) where !absent.contains(at) {
        sum += values[at]
        count += 1
      }
      guard count > 0 else { throw LuaError("column \"\(columns[slot])\" has no values, so there is no mean") }
      let mean = sum / Double(count)
      for at in holes where at % width == slot { values[at] = mean }
    }
  }

  private mutating func encodeCategories() throws {
    for (slot, cells) in codes {
      let (names, labels) = encode(cells)
      categories[columns[slot]] = names
      for (row, label) in labels.enumerated() { values[row * columns.count + slot] = Double(label) }
    }
    codes = []
  }

  /// The sorted texts of cells, and each cell's position among them, from 1.
  func encode(_ cells: [CSVScanner.Cell]) -> (names: [String], labels: [Int]) {
    var known: [String: Int] = [:], order: [String] = []
    let found = cells.map { cell in
      let text = scanner.text(cell)
      if let k = known[text] { return k }
      known[text] = order.count
      order.append(text)
      return order.count - 1
    }
    // By bytes: the same on every machine.
    let names = order.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var positions = Array(repeating: 0, count: order.count)
    for (position, name) in names.enumerated() { positions[known[name]!] = position + 1 }
    return (names, found.map { positions[$0] })
  }

  /// Labels by a list of classes: by their text, or by their value where both are numbers.
  func encode(_ cells: [CSVScanner.Cell], classes: [String]) throws -> [Int] {
    var known: [String: Int] = [:], numbers: [Double: Int] = [:]
    for (position, name) in classes.enumerated() {
      known[name] = position + 1
      if let number = Double(name) { numbers[number] = position + 1 }
    }
    return try cells.map { cell in
      if let label = known[scanner.text(cell)] ?? scanner.number(cell).flatMap({ numbers[$0] }) { return label }
      let list = classes.prefix(20).joined(separator: ", ") + (classes.count > 20 ? ", …" : "")
      throw LuaError("\(place(cell)): \(quoted(cell)) is none of the classes\(suffix(cell)) (\(list))")
    }
  }
}

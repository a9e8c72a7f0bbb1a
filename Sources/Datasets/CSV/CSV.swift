internal import LuaBridge
internal import Tensors

/// `data.csv`: a dataset from a file of comma-separated values (RFC 4180).
enum CSV {
  struct Form {
    var classes = ClassesOption.auto
    var dtype: ElementType?
    var normalize = false
    var oneHot = false
  }

  /// A dataset from text in UTF-8.
  static func dataset(_ title: String, _ text: UnsafeBufferPointer<UInt8>, _ options: CSVTable.Options, _ form: Form) throws -> Dataset {
    let type = form.dtype ?? .default
    guard type.isFloat else { throw LuaError("dtype must be float32 or float64, got \(type.name)") }
    if let limit = options.limit, limit < 1 { throw LuaError("limit must be at least 1, got \(limit)") }
    let table = try CSVTable(text, options)
    var values = table.values, details = Dataset.Details()
    if form.normalize { (details.mean, details.std) = try standardise(&values, table.isCategorical, type) }
    let x = try tensor(values, Shape(table.rows, table.columns.count), type)
    details.columns = table.columns
    if !table.categories.isEmpty { details.categories = table.categories }
    var columns = [Column(x)]
    if table.targetWidth > 0 { columns.append(try target(table, form, type, &details)) }
    return Dataset(title, columns, details)
  }

  private static func tensor(_ values: [Double], _ shape: Shape, _ type: ElementType) throws -> Tensor {
    let result = try Tensor(empty: shape, type)
    if type == .float64 {
      result.pointer(Double.self).update(from: values, count: values.count)
    } else {
      let target = result.pointer(Float.self)
      for i in values.indices { target[i] = Float(values[i]) }
    }
    return result
  }

  /// t: labels where the column is text or classes are asked for, otherwise numbers.
  private static func target(_ table: CSVTable, _ form: Form, _ type: ElementType, _ details: inout Dataset.Details) throws -> Column {
    let isList = table.labels.isEmpty
    if case .never = form.classes, !isList, !table.labelsAreNumbers { throw LuaError("the target is text, and classes = false asks for numbers") }
    let isNumbers =
      switch form.classes {
      case .never: true
      case .auto: isList || (table.labelsAreNumbers && !form.oneHot)
      case .found, .list: false
      }
    if isNumbers {
      if form.oneHot { throw LuaError("one_hot: the target is numbers, not classes") }
      return Column(try tensor(table.targets, isList ? Shape(table.rows, table.targetWidth) : Shape(table.rows), type))
    }
    if isList { throw LuaError("classes: the targets are a list of columns, which are numbers") }
    let classes: [String], labels: [Int]
    if case .list(let names) = form.classes {
      guard !names.isEmpty, Set(names).count == names.count else { throw LuaError("classes: \(names.isEmpty ? "the list is empty" : "one is named twice")") }
      classes = names
      labels = try table.encode(table.labels, classes: names)
    } else if table.labelsAreNumbers {
      let distinct = Set(table.targets).sorted()
      var positions: [Double: Int] = [:]
      for (i, value) in distinct.enumerated() { positions[value] = i + 1 }
      classes = distinct.map(\.luaLiteral)
      labels = table.targets.map { positions[$0] ?? 1 }
    } else {
      (classes, labels) = table.encode(table.labels)
    }
    details.classes = classes
    return Column(try Tensor(labels.map(Int64.init)), form.oneHot ? .oneHot(classes: classes.count) : .stored)
  }

  /// (x - mean) / std for each column, with the deviation of the whole (divided by N); a constant column becomes 0, a categorical one stays.
  private static func standardise(_ values: inout [Double], _ isCategorical: [Bool], _ type: ElementType) throws -> (Tensor, Tensor) {
    let width = isCategorical.count
    var means: [Double] = [], deviations: [Double] = []
    for column in 0..<width {
      var mean = 0.0, deviation = 1.0, count = 0.0
      if !isCategorical[column] {
        let places = stride(from: column, to: values.count, by: width)
        for i in places where !values[i].isNaN {
          mean += values[i]
          count += 1
        }
        mean /= max(count, 1)
        var squares = 0.0
        for i in places where !values[i].isNaN { squares += (values[i] - mean) * (values[i] - mean) }
        deviation = (squares / max(count, 1)).squareRoot()
        if !(deviation > 0) { deviation = 1 }
        for i in places { values[i] = (values[i] - mean) / deviation }
      }
      means.append(mean)
      deviations.append(deviation)
    }
    return (try tensor(means, Shape(width), type), try tensor(deviations, Shape(width), type))
  }

  // MARK: files

  static func load(_ path: String, _ encoding: String, _ options: CSVTable.Options, _ form: Form) throws -> Dataset {
    let encoding = try TextEncoding(name: encoding)
    do {
      let bytes = try encoding.decode(WholeFile.read(path))
      return try bytes.withUnsafeBufferPointer { try dataset(path.split(separator: "/").last.map(String.init) ?? path, $0, options, form) }
    } catch let error as LuaError {
      // `iris.csv:12:3: …` where a line is known, `iris.csv: …` where it is not.
      throw LuaError("csv: \(path):\(error.message.first?.isNumber == true ? "" : " ")\(error.message)")
    }
  }

  static let row = Row(
    "csv",
    """
    A dataset from a file of comma-separated values, plain or packed by gzip. Cells may stand in quotes, with doubled quotes and line ends in them (RFC 4180). \
    One column is t, the others x; `set.columns` names them. A target of text becomes labels from 1 with `set.classes`, sorted; a target of numbers stays numbers \
    (for regression) unless `classes` or `one_hot` is given. Empty cells, NA, NaN, N/A, null, None and ? are missing values. \
    Without a delimiter it is the one of , ; tab | that the first line has most of.
    Shapes: x (N, columns), t (N) labels or numbers, (N, classes) one-hot, (N, k) for a list of k targets.
    Errors: name the file, the line and the column: a cell that is no number, rows of different lengths, a quote that is never closed, bytes that are no letters in \
    the encoding, a missing value where none is allowed.
    """, Param("path", String.self),
    Param.option("target", default: TargetOption.last, "name or number of t's column, or a list of them; false for none"),
    Param.option("columns", default: [ColumnName]?.none, "names or numbers of x's columns; all but the target where left out"),
    Param.option("header", default: HeaderOption.auto, "the first row holds names; \"auto\": where none of its cells is a number"),
    Param.option("delimiter", default: LetterOption?.none, "between cells"),
    Param.option("classes", default: ClassesOption.auto, "true: a target of numbers is labels; a list: the classes in the order of their labels"),
    Param.option("categorical", default: [ColumnName](), "columns of x that are text: they become codes from 1, sorted; see `set.categories`"),
    Param.option("missing", default: MissingOption.error, "\"nan\"; \"mean\" of the column; \"drop\" the row; or a number that stands for it"),
    Param.option("one_hot", default: false, "t as rows of a one among zeros"),
    Param.option("normalize", default: false, "each column of x to mean 0 and standard deviation 1; see `set.mean` and `set.std`"),
    Param.option("encoding", default: "utf-8", "\"utf-8\", \"latin-1\", \"utf-16\", \"utf-16le\" or \"utf-16be\"; a byte order mark is recognised"),
    Param.option("quote", default: LetterOption(byte: UInt8(ascii: "\"")), "around cells; false for none"),
    Param.option("comment", default: LetterOption(byte: 0), "lines that begin with it are passed over"),
    Param.option("dtype", default: ElementType?.none, "float32 or float64; the default float type where left out"),
    Param.option("limit", default: Int?.none, "only the first so many rows"), place: .function,
    example: Dataset.fruit + "return data.csv(\"fruit.csv\", {target = \"fruit\"}).x"
  ) { path, target, columns, header, delimiter, classes, categorical, missing, oneHot, normalize, encoding, quote, comment, dtype, limit in
    let options = CSVTable.Options(
      header: header, delimiter: delimiter.flatMap { $0.byte == 0 ? nil : $0.byte }, quote: quote.byte, comment: comment.byte, columns: columns, target: target,
      categorical: categorical, missing: missing, limit: limit)
    return try load(path, encoding, options, Form(classes: classes, dtype: dtype, normalize: normalize, oneHot: oneHot))
  }
}

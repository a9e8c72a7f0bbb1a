internal import LuaBridge

/// Fisher's irises: R. A. Fisher 1936, "The use of multiple measurements in taxonomic problems"; see CResources/README.md.
enum Iris {
  static func load(normalize: Bool = false, oneHot: Bool = false, limit: Int? = nil) throws -> Dataset {
    var options = CSVTable.Options(header: .present, target: .one(.name("species")))
    options.limit = limit
    let text = ShippedFile.bytes("iris.csv").bindMemory(to: UInt8.self)
    do { return try CSV.dataset("iris", text, options, CSV.Form(normalize: normalize, oneHot: oneHot)) } catch let error as LuaError {
      throw LuaError("iris: \(error.message)")
    }
  }

  static let row = Row(
    "iris",
    """
    Fisher's 150 irises of three species, 50 of each, in this order; ships with nnlua. x: sepal_length, sepal_width, petal_length, petal_width in cm (`set.columns`).
    Shapes: x (150, 4), t (150) labels from 1: `set.classes` are setosa, versicolor, virginica.
    Paper: Fisher 1936, The use of multiple measurements in taxonomic problems
    """, Param.option("normalize", default: false, "each column to mean 0 and standard deviation 1; see `set.mean` and `set.std`"),
    Param.option("one_hot", default: false, "t is (N, 3) of zeros and a one"), Param.option("limit", default: Int?.none, "only the first so many samples"),
    place: .function, example: "return data.iris()"
  ) { normalize, oneHot, limit in try load(normalize: normalize, oneHot: oneHot, limit: limit) }
}

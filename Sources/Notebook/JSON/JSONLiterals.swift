/// JSON written as Swift's own literals.
extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
  public init(dictionaryLiteral elements: (String, JSON)...) {
    var object = JSONObject()
    for (name, value) in elements { object[name] = value }
    self = .object(object)
  }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }

  public static func integer(_ value: Int) -> JSON { .number("\(value)") }

  /// The value as compact text in UTF-8.
  public var bytes: [UInt8] { Array(text().utf8) }

  /// The object with one more member, or another value of it.
  public func with(_ name: String, _ value: JSON) -> JSON {
    guard case .object(var object) = self else { return self }
    object[name] = value
    return .object(object)
  }
}

/// A JSON value. Members keep their order, numbers their digits; parsing is limited in depth, so that no input overflows the stack.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// As it is written: "1e400" and integers of any length survive.
  case number(String)
  case string(String)
  case array([JSON])
  case object(JSONObject)
}

/// An object's members in their order.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  public struct Member: Sendable, Equatable {
    public var name: String
    public var value: JSON
  }
  public var members: [Member] = []

  public init() {}
  public init(dictionaryLiteral elements: (String, JSON)...) {
    for (name, value) in elements { self[name] = value }
  }
  public var isEmpty: Bool { members.isEmpty }
  /// Setting nil takes the member out.
  public subscript(name: String) -> JSON? {
    get { members.last { $0.name == name }?.value }
    set {
      if let place = members.firstIndex(where: { $0.name == name }) {
        if let newValue { members[place].value = newValue } else { members.remove(at: place) }
      } else if let newValue {
        members.append(Member(name: name, value: newValue))
      }
    }
  }
}

extension JSON {
  public subscript(name: String) -> JSON? {
    guard case .object(let object) = self else { return nil }
    return object[name]
  }
  public var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }
  public var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }
  public var int: Int? {
    guard case .number(let digits) = self else { return nil }
    return Int(digits)
  }
  public var array: [JSON]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }
  public var object: JSONObject? {
    guard case .object(let object) = self else { return nil }
    return object
  }
}

internal import LuaBridge

/// What the rows say of a function, as text.
public enum Reference {
  /// One paragraph for each function of that name; "tensor.sum" and "nnlua.tensor.sum" ask for one library's.
  public static func describe(_ name: String) -> [String] {
    Libraries.all.flatMap { library in
      library.rows.filter { [$0.name, "\(library.shortName).\($0.name)", "\(library.name).\($0.name)"].contains(name) }.map { text($0, library) }
    }
  }

  /// "; did you mean …?" where a name is near.
  public static func hint(for name: String) -> String {
    let names = Libraries.all.flatMap { library in library.rows.flatMap { [$0.name, "\(library.shortName).\($0.name)"] } }
    return closest(to: name, in: names).map { "; did you mean '\($0)'?" } ?? ""
  }

  private static func text(_ row: Row, _ library: Library) -> String {
    var call: [String] = [], lines: [String] = []
    for parameter in row.signature.parameters {
      call.append(parameter.named ? "{\(parameter.name)}" : parameter.literal == nil ? parameter.name : "[\(parameter.name)]")
      let literal = parameter.literal.map { $0 == "nil" ? ", may be left out" : ", \($0) by default" } ?? ""
      lines.append("  \(parameter.name): \(parameter.type)\(literal)\(parameter.doc.isEmpty ? "" : ": \(parameter.doc)")")
    }
    let owner = row.place.contains(.function) ? "\(library.name)." : "x\(row.place.contains(.method) ? ":" : ".")"
    let arguments = row.place == .getter ? "" : "(\(call.joined(separator: ", ")))"
    let head = "\(owner)\(row.name)\(arguments) -> \(row.returns)\n  \(row.doc)"
    let example = row.example.isEmpty ? [] : ["  example: \(row.example)"]
    return ([head] + lines + example).joined(separator: "\n")
  }
}

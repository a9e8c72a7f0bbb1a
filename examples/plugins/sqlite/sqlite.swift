import CSQLite
import NNLua

/// Data sets out of SQLite databases, by the C library: the folder CSQLite says how it is found and linked.
enum SQLite {
  /// The rows of a query. All columns but the last are x, the last is t.
  static func load(_ path: String, _ query: String, labels: Bool) throws -> Dataset {
    var database: OpaquePointer?, statement: OpaquePointer?
    defer {
      sqlite3_finalize(statement)
      sqlite3_close(database)
    }
    func check(_ code: Int32) throws {
      guard code == SQLITE_OK else { throw LuaError("sqlite: \(path): \(sqlite3_errmsg(database).map { String(cString: $0) } ?? "error \(code)")") }
    }
    try check(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, nil))
    try check(sqlite3_prepare_v2(database, query, -1, &statement, nil))
    let columns = Int(sqlite3_column_count(statement))
    guard columns >= 2 else { throw LuaError("sqlite: the query gives \(columns) column\(columns == 1 ? "" : "s"), x and t need at least 2") }
    var x: [Float] = [], t: [Float] = [], count = 0
    var code = sqlite3_step(statement)
    while code == SQLITE_ROW {
      count += 1
      for column in 0..<columns {
        let type = sqlite3_column_type(statement, Int32(column))
        guard type == SQLITE_INTEGER || type == SQLITE_FLOAT else {
          throw LuaError("sqlite: row \(count), column '\(String(cString: sqlite3_column_name(statement, Int32(column))))' is no number")
        }
        let value = Float(sqlite3_column_double(statement, Int32(column)))
        if column < columns - 1 { x.append(value) } else { t.append(value) }
      }
      code = sqlite3_step(statement)
    }
    guard code == SQLITE_DONE else { throw LuaError("sqlite: \(path): \(String(cString: sqlite3_errmsg(database)))") }
    guard count > 0 else { throw LuaError("sqlite: the query gives no rows") }
    let targets = try Tensor(t, count)
    return try Dataset("sqlite", x: Tensor(x, count, columns - 1), t: labels ? targets.converted(to: .int64) : targets)
  }

  static let row = Row(
    "sqlite",
    """
    The rows of a query of an SQLite database: the last column is t, the others are x.
    Shapes: x (N, columns - 1), t (N): labels as int64, or floats.
    Errors: a file that is no database; a query that is wrong, gives no rows or fewer than two columns; a value that is no number.
    """,
    Param("path", String.self, "the database's file"), Param("query", String.self, "SELECT …"), Param.option("labels", default: true, "t are classes from 1"),
    place: .function, example: "return require('sqlite').sqlite(':memory:', 'SELECT 0.5, 1.5, 2')"
  ) { try load($0, $1, labels: $2) }
}

let plugin = Plugin("sqlite", version: "0.1.0", "Data sets out of SQLite databases, also as data.sqlite.", dataSets: [SQLite.row], into: [.dataSets])

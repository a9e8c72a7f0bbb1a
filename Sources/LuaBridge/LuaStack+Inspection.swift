internal import CLua
internal import CShims

/// What Lua knows of a function without calling it.
package struct FunctionInfo: Sendable {
  /// The chunk's name: "@file.lua", "=stdin", or the text itself.
  package let source: String
  /// The lines on which it begins and ends.
  package let lines: ClosedRange<Int>
  package let parameters: [String]
  package let isVariadic: Bool

  /// As errors name it: "file.lua:12".
  package var place: String {
    let isNamed = source.hasPrefix("@") || source.hasPrefix("=")
    return "\(isNamed ? String(source.dropFirst()) : "text"):\(lines.lowerBound)"
  }
}

/// Values looked at without running anything.
extension LuaStack {
  /// What is known of a function written in Lua; nil for any other value.
  package func functionInfo(at index: Int32) -> FunctionInfo? {
    guard type(at: index) == .function, lua_iscfunction(L, index) == 0, reserve(4) else { return nil }
    var info = lua_Debug()
    copy(index)
    guard lua_getinfo(L, ">Su", &info) != 0 else { return nil }
    var parameters: [String] = []
    copy(index)
    for position in 0..<Int32(info.nparams) {
      guard let name = lua_getlocal(L, nil, position + 1) else { break }
      parameters.append(String(cString: name))
    }
    pop()
    let first = Int(info.linedefined)
    return FunctionInfo(
      source: String(cString: info.source), lines: first...max(first, Int(info.lastlinedefined)), parameters: parameters, isVariadic: info.isvararg != 0)
  }

  /// Pushes the metatable itself, whatever `__metatable` says; false, and nothing pushed, where there is none.
  package func pushMetatable(_ index: Int32) -> Bool { lua_getmetatable(L, index) != 0 }

  /// Pushes the variable of that name that a function written in Lua holds on to; false, and nothing pushed, where it has none.
  package func pushUpvalue(_ index: Int32, _ name: String) -> Bool {
    guard type(at: index) == .function, lua_iscfunction(L, index) == 0 else { return false }
    var position: Int32 = 1
    while let found = lua_getupvalue(L, index, position) {
      if String(cString: found) == name { return true }
      pop()
      position += 1
    }
    return false
  }

  /// Which bound function a value is (see `Row.identity`); nil where it is none.
  package func boundFunction(at index: Int32) -> UnsafeRawPointer? {
    guard type(at: index) == .function, lua_iscfunction(L, index) != 0, lua_getupvalue(L, index, 1) != nil else { return nil }
    defer { pop() }
    return lua_touserdata(L, -1).map { UnsafeRawPointer($0) }
  }
}

extension Row {
  /// The same for every place that its function is reached from.
  package var identity: UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passUnretained(box).toOpaque()) }
}

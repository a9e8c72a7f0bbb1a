internal import CResources

/// The text of a Lua file that ships inside the program.
func shippedLua(_ name: String) -> String {
  let resource = nn_find_resource(name)
  precondition(resource.bytes != nil, "no such resource: \(name)")
  return String(decoding: UnsafeBufferPointer(start: resource.bytes, count: resource.size), as: UTF8.self)
}

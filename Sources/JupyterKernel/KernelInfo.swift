internal import LuaBridge
internal import Notebook
internal import NNLua

/// What front ends ask a kernel first.
enum KernelInfo {
  static let protocolVersion = "5.4"

  static let json: JSON = [
    "status": "ok",
    "protocol_version": .string(protocolVersion),
    "implementation": "nnlua",
    "implementation_version": .string(NNLua.version),
    "language_info": [
      "name": "lua",
      "version": .string(LuaState.luaVersion),
      "mimetype": "text/x-lua",
      "file_extension": ".lua",
      "pygments_lexer": "lua",
      "codemirror_mode": "lua",
    ],
    "banner": .string("nnlua \(NNLua.version): Lua \(LuaState.luaVersion) with tensors and neural networks. ?name is help."),
    "debugger": false,
    "supported_features": [],
    "help_links": [["text": "Lua 5.4 reference", "url": "https://www.lua.org/manual/5.4/"]],
  ]
}

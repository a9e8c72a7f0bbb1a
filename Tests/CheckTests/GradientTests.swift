import Foundation
import LuaBridge
import Testing

/// Every row with a gradient agrees with central differences.
extension CheckTests {
  @Suite struct GradientTests {
    @Test func everyRowPassesGradcheck() throws {
      let lua = try Rows.interpreter()
      let stack = lua.stack, rows = Rows.luaTable(lua)
      let script = try String(contentsOfFile: Child.script("gradients.lua"), encoding: .utf8)
      try lua.load(script, name: "=gradients.lua")
      try lua.load(rows, name: "=rows")
      try stack.call(arguments: 0, results: 1)
      try lua.load("return {\(Self.exceptions)}", name: "=exceptions")
      try stack.call(arguments: 0, results: 1)
      try stack.call(arguments: 2, results: 2)
      let report = stack.string(at: -2) ?? "", checked = stack.integer(at: -1) ?? 0
      #expect(report == "", "\(checked) rows are right")
      #expect(checked > 150)
    }

    /// `true`: has no gradient by its nature. A set: only these arguments have one.
    static let exceptions =
      // What is made anew, cut off, or rounded to float32.
      ["zeros_like", "ones_like", "full_like", "rand_like", "randn_like", "uniform_", "normal_", "bernoulli_", "detach", "unique", "float", "grad", "numerical_gradient"]
      .map { "[\"nnlua.tensor.\($0)\"] = true, " }.joined()
      + ["ModuleList", "ModuleDict", "Parameter", "class"].map { "[\"nnlua.nn.\($0)\"] = true, " }.joined()  // have no forward
      + "[\"nnlua.nn.functional.one_hot\"] = true, "  // the tensor's
      // Labels and positions given as floats.
      + [("embedding", 2), ("cross_entropy", 1), ("nll_loss", 1), ("hinge_loss", 1)].map { "[\"nnlua.nn.functional.\($0)\"] = {[\($1)] = true}, " }.joined()
      + "[\"nnlua.nn.HingeLoss\"] = {true}, [\"nnlua.nn.Embedding\"] = {}, [\"nnlua.nn.CosineEmbeddingLoss\"] = {true, true}, [\"nnlua.nn.functional.cosine_embedding_loss\"] = {true, true}"
  }
}

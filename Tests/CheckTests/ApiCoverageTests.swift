import Foundation
import Testing

/// `examples/tools/api_coverage.lua` reads a description of the API and says what of it is missing.
extension CheckTests {
  @Suite struct ApiCoverageTests {
    private static let script = Child.root.appendingPathComponent("examples/tools/api_coverage.lua").path

    private func run(_ text: String) throws -> Child {
      let folder = try Folder()
      return try Child.run([Self.script, folder.write("api.md", text)], in: folder)
    }

    @Test func everythingIsThere() throws {
      let child = try run(
        """
        # A description

        ## 1. Rules
        - **Options** come last: `x:sum(2, {keepdim = true})`; types `x:float() :double()`; errors read
          `conv2d: input has 3 channels` and `bad argument #2 to 'matmul'`.

        ```lua
        local nnlua = require "nnlua"    -- .tensor .nn .notebook
        ```

        ## 2. Tensors
        | group | names |
        | --- | --- |
        | make | `zeros full(shape, v) range(first, last[, step])` (as `for` does) |
        | look | `x.shape` (table) `x:dim() #x` `tostring(x)` |
        | elementwise | `add where(cond, a, b)`; each also as a method, `add_ … fill_` in place |
        | operators | `+ - * / ^ % // -x` elementwise; `==` is identity |
        | reduce | `sum max` (dim: `keepdim`); `max(dim)`, `{correction = 0}` |

        ## 3. Layers
        Every layer is callable (`net(x)` = `net:forward(x)`) and has `parameters() eval()`, `training`, a readable `tostring`.

        | group | names |
        | --- | --- |
        | containers | `Sequential(a, b, …)` (`net[i]`, `#net`, named: `Sequential{{"conv1", …}, …}`) |
        | dense | `Linear(in, out, {bias, init})`; `padding = "same"` |
        | init | `nn.init.{zeros_, ones_}`; option `init = "he"` |

        ## 8. The command
        `nnlua nothing.lua` and `T.nothing()` are not looked at.
        """)
      #expect(child.status == 0, "\(child.output)")
      #expect(child.output.contains("1. Rules                                         6 names, 0 missing"), "\(child.output)")
      // zeros full range, shape dim #x, add and where twice, add_ fill_, nine operators, sum max
      #expect(child.output.contains("2. Tensors                                      23 names, 0 missing"), "\(child.output)")
      #expect(child.output.contains("3. Layers                                        9 names, 0 missing"), "\(child.output)")
      #expect(child.output.contains("sections 1 to 6: 38 names, 0 missing") && !child.output.contains("command"))
    }

    @Test func whatIsMissingIsNamed() throws {
      let child = try run(
        """
        ## 2. Tensors
        `T.nothing(x)`, `x:nowhere()`, `T.zeros(2)`, `T.missing.{inv, solve}`.

        | group | names |
        | --- | --- |
        | make | `ones absent(2)` |

        ## 7. Plots
        `plot.absent{…}` later.
        """)
      #expect(child.status == 1)
      #expect(child.output.contains("T.nothing  x:nowhere  T.missing.inv  T.missing.solve  T.absent"), "\(child.output)")
      #expect(child.output.contains("(a later section)") && child.output.contains("plot.absent"), "\(child.output)")
      #expect(child.output.contains("sections 1 to 6: 7 names, 5 missing"), "\(child.output)")
      let later = try run("## 2. Tensors\n`T.zeros(2)`\n\n## 7. Plots\n`plot.absent{…}`\n")
      #expect(later.status == 0, "a later section does not fail: \(later.output)")
    }

    @Test func noDescription() throws {
      #expect(try Child.run([Self.script], in: Folder()).status == 2)
      #expect(try run("nothing").status == 1)
    }
  }
}

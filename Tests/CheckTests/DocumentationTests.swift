import Foundation
import LuaBridge
import Runtime
import Testing

/// Every row says what it does, in one style, and every way to ask for it answers.
extension CheckTests {
  @Suite struct DocumentationTests {
    /// Modules whose functions say what shapes they take and what they refuse.
    static let formulas: Set<String> = ["nnlua.nn", "nnlua.nn.functional"]

    static let entries = Reference.entries

    /// Names that need no word beside their type: what the function works on.
    static let selfExplaining: Set<String> = ["x", "other", "a", "b", "tensors", "f", "path", "dim", "text", "n"]
    /// These need files, or a screen.
    static let withoutExample: Set<String> = [
      "data.mnist", "data.fashion_mnist", "data.cifar10", "data.read_idx", "Figure:save", "Figure:show", "plot.save", "plot.show",
    ]

    @Test func textsHaveOneStyle() {
      for entry in Self.entries {
        let documentation = entry.row.documentation
        #expect(Self.faults(in: documentation.blocks, isSection: false) == [], "\(entry.title): \(entry.row.doc)")
        for section in documentation.sections {
          // A citation is no sentence.
          let faults = Self.faults(in: section.blocks, isSection: true), isCitation = section.label == .paper
          #expect(isCitation ? faults.count == 1 && faults[0].hasPrefix("no full stop") : faults == [], "\(entry.title): \(entry.row.doc)")
        }
        let labels = documentation.sections.map(\.label)
        #expect(labels == Documentation.Label.allCases.filter(labels.contains), "\(entry.title): each label once, in their order")
      }
      for library in Reference.modules {
        for text in [library.doc] + library.types.map(\.doc) { #expect(Self.faults(in: Documentation(text).blocks, isSection: false) == [], "\(library.name): \(text)") }
      }
    }

    /// Sentences begin with a capital (a section may go on from its label) and end in a full stop; labels stand at the beginning of a line and are known.
    static func faults(in blocks: [Documentation.Block], isSection: Bool) -> [String] {
      guard !blocks.isEmpty else { return ["is empty"] }
      var faults: [String] = []
      for (i, block) in blocks.enumerated() {
        guard case .paragraph(let text) = block else { continue }
        var next: Documentation.Block?
        if i + 1 < blocks.count { next = blocks[i + 1] }
        let introduces = if case .formula? = next { text.hasSuffix(":") } else { text.hasSuffix(":") && next != nil }
        if !text.hasSuffix("."), !introduces { faults.append("no full stop: \(text)") }
        // A text may begin with a formula, but not with a word in small letters.
        if i == 0, !isSection, text.contains(/^\p{Ll}\p{L}+[ ,;:.]+\p{L}/) { faults.append("no capital: \(text)") }
        if text.contains(#/\b(Shape|Shapes|Training|Error|Errors|Paper|Papers|Note|Returns|Example|Default): /#) {
          faults.append("a label in the middle, or unknown: \(text)")
        }
        if text.contains("  ") { faults.append("two spaces: \(text)") }
        if text.count(where: { $0 == "`" }) % 2 == 1 { faults.append("a backtick alone: \(text)") }
      }
      return faults
    }

    @Test func theStyleIsChecked() {
      for (text, fault) in [
        ("no capital.", "no capital"), ("No stop", "no full stop"), ("A layer. Shapes: x (N).", "a label in the middle"), ("Note: unknown.", "unknown"),
        ("Two  spaces.", "two spaces"),
        ("A `tick.", "a backtick alone"), ("", "is empty"),
      ] { #expect(Self.faults(in: Documentation(text).blocks, isSection: false).contains { $0.contains(fault) }, "\(text)") }
      #expect(Self.faults(in: Documentation("Right:\n    y = x").blocks, isSection: false) == [])
    }

    @Test func parametersAreExplained() {
      for entry in Self.entries where entry.metamethod == nil {
        let isMethod = !entry.row.place.contains(.function) && !entry.row.isScript
        for (i, parameter) in entry.row.signature.parameters.enumerated() where !(isMethod && i == 0) {
          let explained = !parameter.doc.isEmpty || !parameter.named && (Self.selfExplaining.contains(parameter.name) || i == 0 && entry.row.place.contains(.method))
          #expect(explained, "\(entry.title): \(parameter.name) has no documentation")
          #expect(!parameter.doc.hasSuffix("."), "\(entry.title): \(parameter.name): a phrase, without a full stop")
        }
      }
    }

    @Test func typesAreKnown() {
      for entry in Self.entries {
        for parameter in entry.row.signature.parameters where parameter.type != "…" {
          #expect(ReferenceTypes.lua(parameter.type) != nil, "\(entry.title): \(parameter.name) is \(parameter.type)")
        }
        #expect(ReferenceTypes.results(entry) != nil, "\(entry.title) returns \(entry.row.returns)")
      }
      #expect(ReferenceTypes.lua("a list of wishes") == nil)
      #expect(ReferenceTypes.lua("Tensor or list of numbers") == "Tensor|number[]")
      #expect(ReferenceTypes.lua("integer, {height, width} or \"same\"") == "integer|table|\"same\"")
      #expect(ReferenceTypes.lua("\"mean\", \"sum\" or \"none\"") == "\"mean\"|\"sum\"|\"none\"")
      #expect(ReferenceTypes.lua("positions (integer, list of integers or int64 Tensor)") == "integer|integer[]|Tensor")
    }

    @Test func everyRowHasAnExample() {
      for entry in Self.entries where entry.metamethod == nil && !Self.withoutExample.contains(entry.title) {
        #expect(!entry.row.example.isEmpty, "\(entry.title)")
      }
    }

    /// What works element by element takes every shape; these take none.
    static let withoutShapes: Set<String> = ["class", "Parameter", "Identity", "ModuleList", "ModuleDict"]

    @Test func formulasSayTheirShapesAndErrors() {
      var checked = 0
      for entry in Self.entries where Self.formulas.contains(entry.library.name) && entry.type == nil && !Self.withoutShapes.contains(entry.row.name) {
        guard !entry.row.doc.contains("element by element") else { continue }
        let labels = entry.row.documentation.sections.map(\.label)
        #expect(labels.contains(.shapes) && labels.contains(.errors), "\(entry.title)")
        checked += 1
      }
      #expect(checked > 100)
    }

    /// What scripts find in a module is what its page shows, and the reverse.
    @Test func modulesHoldWhatIsDocumented() throws {
      let lua = try Rows.interpreter()
      for library in Reference.modules {
        let live = try lua.evaluate(
          """
          local module = require "\(library.name)"
          for _, name in ipairs{"tensor", "nn", "optim", "data", "plot"} do _ = require("nnlua")[name] end
          local names = {}
          for name in next, module do names[#names + 1] = name end
          table.sort(names)
          return names
          """, as: [String].self)
        let inner = Reference.modules.filter { $0.name.hasPrefix(library.name + ".") }.map(\.shortName)
        let documented = Reference.entries.filter { $0.library.name == library.name && $0.type == nil }.map(\.row.name) + library.classes.map(\.name)
        #expect(live.filter { !documented.contains($0) && !inner.contains($0) } == [], "\(library.name): in the module and not documented")
        #expect(documented.filter { !live.contains($0) } == [], "\(library.name): documented and not in the module")
      }
    }

    @Test func classesAreDocumented() throws {
      _ = Rows.classes(try Rows.interpreter())
      let documented = Reference.modules.flatMap(\.types)
      for type in LuaClass.all where type.base == nil || type.rows.count > type.base!.rows.count {
        #expect(documented.contains { $0 === type }, "\(type.name) is in no library's classes or types")
      }
      #expect(Set(documented.map(\.name)).count == documented.count)
    }

    @Test func helpAnswersEveryName() {
      let text = ReferenceText(width: 80, styled: false)
      for entry in Reference.entries {
        for name in entry.names { #expect(text.help(name)?.contains(entry.title) == true, "\(name)") }
        let page = text.page(.entry(entry))
        #expect(entry.row.example.isEmpty || page.contains(entry.row.example.split(separator: "\n")[0]))
        for parameter in entry.row.signature.parameters where parameter.type != "…" && entry.metamethod == nil && !entry.row.isScript {
          #expect(page.contains(parameter.name), "\(entry.title): \(parameter.name)")
        }
        for section in entry.row.documentation.sections { #expect(page.contains("\n\(section.label.rawValue)\n"), "\(entry.title)") }
      }
      for library in Reference.modules {
        for name in [library.name, library.alias] { #expect(text.help(name)?.hasPrefix(library.name) == true, "\(name)") }
        for type in library.types { #expect(text.help(type.name)?.contains(type.name) == true) }
        #expect(text.overview.contains("  \(library.name)"))
      }
      #expect(Set(Reference.entries.map(\.anchor)).count == Reference.entries.count)
    }

    @Test func linesFitTheTerminal() {
      for width in [40, 80, 100] {
        let text = ReferenceText(width: width, styled: true)
        let pages = Reference.modules.map { text.page(.module($0)) } + Reference.entries.map { text.page(.entry($0)) } + [text.overview]
        for page in pages {
          #expect(page.contains("\u{1B}[1m"))
          let example = page.components(separatedBy: "Example\u{1B}[0m\n")[0]
          for line in example.split(separator: "\n") {
            let plain = line.replacing(/\u{1B}\[[0-9]+m/, with: "")
            // A word alone, a name in the left column, or a formula may be longer.
            #expect(
              plain.count <= width || !plain.trimmingCharacters(in: .whitespaces).dropFirst(30).contains(" ") || plain.hasPrefix("      ") || width == 40, "\(plain)")
          }
        }
      }
      #expect(!ReferenceText(width: 80, styled: false).overview.contains("\u{1B}"))
    }

    @Test(arguments: [
      ("nn.Linear:forward", "Module:forward"), ("optim.Adam:step", "Optimizer:step"), ("LINEAR", "nn.Linear"), ("matmul()", "T.matmul"), ("Tensor.shape", "Tensor.shape"),
      ("+", "Tensor + …"),
      ("loader:batches", "DataLoader:batches"), ("nnlua.tensor.zeros", "T.zeros"), ("F.conv2d", "See also nn.Conv2d"), ("nn.Conv2d", "See also F.conv2d"),
      ("F.cross_entropy", "nn.CrossEntropyLoss"), ("nn.CrossEntropyLoss", "F.cross_entropy"), ("nn.BatchNorm2d", "F.batch_norm"), ("nn.ReLU", "T.relu"),
      ("class", "nn.class"), ("Progress:step", "bar:step"),
    ])
    func namesAndRelations(_ name: String, _ part: String) {
      #expect(ReferenceText(width: 80, styled: false).help(name)?.contains(part) == true)
    }

    @Test(arguments: [
      ("convv2d", "; did you mean 'conv2d'?"), ("Cnov2d", "; did you mean 'Conv2d'?"), ("Tensor:smu", "; did you mean 'Tensor:sum'?"),
      ("optmi", "; did you mean 'optim'?"),
      ("DataLoder", "; did you mean 'DataLoader'?"), ("pooling of images", ""), ("gradcheque", "; did you mean 'gradcheck'?"),
    ])
    func unknownNamesHelp(_ name: String, _ hint: String) {
      #expect(ReferenceText(width: 80, styled: false).help(name) == nil)
      #expect(Reference.hint(for: name) == hint)
    }

    /// The same for modules, methods and options.
    @Test func everyModuleClassAndOptionSuggests() throws {
      let lua = try Rows.interpreter()
      func message(_ code: String) -> String {
        do {
          try lua.run(Rows.locals + code)
          return "no error"
        } catch { return "\(error)" }
      }
      for library in Reference.modules {
        // A row of the module with two letters exchanged.
        guard let name = library.rows.first(where: { $0.place.contains(.function) && $0.name.count > 5 })?.name else { continue }
        var letters = Array(name)
        letters.swapAt(2, 3)
        guard letters != Array(name) else { continue }
        #expect(message("return require('\(library.name)').\(String(letters))").contains("did you mean '\(name)'?"), "\(library.name).\(String(letters))")
      }
      for (type, maker) in Rows.classes(lua) where type.base == nil {
        guard let name = type.names.first(where: { $0.count > 4 }) else { continue }
        #expect(message("local object = (function() \(maker) end)(); return object.\(name)x").contains("did you mean '\(name)'?"), "\(type.name)")
      }
      #expect(message("nn.Conv2D(1, 2, 3)").contains("nn has no 'Conv2D'; did you mean 'Conv2d'?"))
      #expect(message("T.ones(2):sum{keepdims = true}").contains("unknown option 'keepdims'; did you mean 'keepdim'?"))
      #expect(message("nnlua.help('Conv2')").contains("nothing is called 'Conv2'; did you mean 'Conv2d'?"))
    }

    @Test func helpInScripts() throws {
      let lua = try Rows.interpreter()
      func printed(_ argument: String) throws -> String {
        try lua.evaluate(
          Rows.locals + """
            local text, before = "", print
            print = function(t) text = text .. t end
            local ok, message = pcall(nnlua.help, \(argument))
            print = before
            return ok and text or message
            """, as: String.self)
      }
      for (argument, part) in [
        ("'conv2d'", "F.conv2d(x, weight"), ("F.conv2d", "F.conv2d(x, weight"), ("T.ones(2).sum", "T.sum(x [, dim]"), ("nn.Linear(2, 3)", "nn.Linear(in_features"),
        ("T.ones(2)", "An array of numbers"),
        ("nn", "nnlua.nn"), ("nn.class", "A class of modules"), ("nn.class('M')()", "A layer, a loss"), ("nnlua.progress", "A progress bar"),
        ("nnlua.progress(1)", ":step"), ("nil", "Modules"),
        ("nn.Module", "class of nnlua.nn"), ("plot.line", "plot.line(x"), ("optim.SGD({T.ones(2, {requires_grad = true})}, {lr = 1})", "Changes parameters"),
        ("print", "got another function"), ("3", "got number"), ("{}", "got table"), ("'smu'", "did you mean 'sum'?"),
      ] {
        let text = try printed(argument)
        #expect(text.contains(part), "help(\(argument)): \(text)")
      }
    }
  }
}

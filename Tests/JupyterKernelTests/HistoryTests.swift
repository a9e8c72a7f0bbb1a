import Glibc
import JupyterKernel
import Notebook
import Testing

/// History in a file that sessions share.
@Suite struct HistoryTests {
  private let path: String
  init() throws {
    var template = Array("/tmp/nnlua-history-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template))) + "/deeper/history.jsonl"
  }

  /// `session number code`, or `session number code -> output`.
  private func asked(_ history: History, _ content: JSON) -> [String] {
    (history.answer(content)["history"]?.array ?? []).map { row in
      let row = row.array ?? []
      let text = row[2].string ?? (row[2].array.map { "\($0[0].string!) -> \($0[1].string ?? "nothing")" })!
      return "\(row[0].int!) \(row[1].int!) \(text)"
    }
  }

  @Test func sessions() {
    let first = History(path: path)
    first.add(1, "a = 1", output: nil)
    first.add(2, "a\n\"ü\"", output: "1")
    let second = History(path: path)
    second.add(1, "b = 2", output: nil)
    first.add(3, "late", output: nil)

    #expect(asked(second, ["hist_access_type": "tail", "n": 2]) == ["1 3 late", "2 1 b = 2"])
    #expect(asked(second, ["hist_access_type": "tail", "n": 100]).count == 4)
    #expect(asked(second, ["hist_access_type": "tail", "n": -5]) == [])
    #expect(asked(first, ["hist_access_type": "range", "session": 0, "start": 1, "stop": 3, "output": true]) == ["1 1 a = 1 -> nothing", "1 2 a\n\"ü\" -> 1"])
    #expect(asked(second, ["hist_access_type": "range", "session": -1, "start": 2]) == ["1 2 a\n\"ü\"", "1 3 late"])
    #expect(asked(second, ["hist_access_type": "range", "session": 2]) == ["2 1 b = 2"])
    #expect(asked(second, ["hist_access_type": "range", "session": .integer(Int.min), "start": .integer(Int.max)]) == [])
    #expect(History(path: path).answer(["hist_access_type": "range", "session": 0])["history"]?.array?.isEmpty == true)
  }

  @Test func search() {
    let history = History(path: path)
    for (i, code) in ["x = 1", "y = 2", "x = 1", "xx"].enumerated() { history.add(i + 1, code, output: nil) }
    #expect(asked(history, ["hist_access_type": "search", "pattern": "x*"]) == ["1 1 x = 1", "1 3 x = 1", "1 4 xx"])
    #expect(asked(history, ["hist_access_type": "search", "pattern": "x*", "unique": true]) == ["1 3 x = 1", "1 4 xx"])
    #expect(asked(history, ["hist_access_type": "search", "pattern": "*", "n": 1]) == ["1 4 xx"])
    #expect(asked(history, ["hist_access_type": "search", "pattern": "?"]) == [])
    #expect(asked(history, ["hist_access_type": "nonsense"]) == [] && asked(history, [:]) == [])
  }

  @Test func foreignLinesAndNoFile() throws {
    let history = History(path: path)
    history.add(1, "kept", output: nil)
    let file = try #require(fopen(path, "a"))
    fputs("no json\n[1, 2]\n{}\n[\"1\", 2, 3, 4]\n", file)
    fclose(file)
    #expect(asked(History(path: path), ["hist_access_type": "tail"]) == ["1 1 kept"])

    for path in [nil, "/proc/no/place", "/dev/full"] {
      let memory = History(path: path)
      memory.add(1, "here", output: "2")
      #expect(asked(memory, ["hist_access_type": "tail", "output": true]).last?.hasSuffix("1 here -> 2") == true, "\(path ?? "nil")")
    }
  }
}

import Foundation
import JupyterKernel
import Notebook
import Testing

@Suite struct HistoryTests {
  private func rows(_ history: History, _ content: JSON) -> [String] {
    history.answer(content)["history"]?.array?.map { row in
      let values = row.array ?? []
      return values.map { $0.string ?? $0.text() }.joined(separator: " ")
    } ?? []
  }

  private func sessions(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nnlua-history-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("new/folder/history.jsonl").path)
  }

  @Test func sessionsFollowOneAnother() throws {
    try sessions { path in
      let first = History(path: path)
      first.add(1, "a = 1", output: nil)
      first.add(2, "print(a)", output: "1")
      let second = History(path: path)
      second.add(1, "b = 2\nb", output: "2")
      #expect(rows(second, ["hist_access_type": "tail", "n": 2]) == ["1 2 print(a)", "2 1 b = 2\nb"])
      #expect(rows(second, ["hist_access_type": "tail", "n": 1, "output": true]) == ["2 1 [\"b = 2\\nb\",\"2\"]"])
      #expect(rows(second, ["hist_access_type": "range", "session": 0, "start": 1, "stop": 5]) == ["2 1 b = 2\nb"])
      #expect(rows(second, ["hist_access_type": "range", "session": -1, "start": 2, "stop": 3]) == ["1 2 print(a)"])
      #expect(rows(second, ["hist_access_type": "range", "session": 1, "start": 1]) == ["1 1 a = 1", "1 2 print(a)"])
      #expect(rows(second, ["hist_access_type": "search", "pattern": "*a*", "n": 5]) == ["1 1 a = 1", "1 2 print(a)"])
      #expect(rows(second, ["hist_access_type": "search", "pattern": "? = ?", "n": 5]) == ["1 1 a = 1"])
    }
  }

  @Test func uniqueKeepsTheNewest() throws {
    let history = History(path: nil)
    for (i, code) in ["x", "y", "x"].enumerated() { history.add(i + 1, code, output: nil) }
    #expect(rows(history, ["hist_access_type": "search", "pattern": "*", "unique": true]) == ["1 2 y", "1 3 x"])
  }

  @Test func strangeQuestions() throws {
    let history = History(path: nil)
    history.add(1, "x", output: nil)
    #expect(rows(history, [:]) == [])
    #expect(rows(history, ["hist_access_type": "tail", "n": -5]) == [])
    #expect(rows(history, ["hist_access_type": "tail", "n": .integer(Int.max)]) == ["1 1 x"])
    #expect(rows(history, ["hist_access_type": "range", "session": .integer(Int.min), "start": .integer(Int.max), "stop": .integer(Int.min)]) == [])
    #expect(rows(history, ["hist_access_type": 3]) == [])
  }

  @Test func aSpoiledFileIsReadAsFarAsItGoes() throws {
    try sessions { path in
      History(path: path).add(1, "good", output: nil)
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.seekToEnd()
      try file.write(contentsOf: Data("[1, 2\n\u{0}\n{}\n[\"a\", 1, 2, 3]\n".utf8))
      let later = History(path: path)
      later.add(1, "later", output: nil)
      #expect(rows(later, ["hist_access_type": "tail", "n": 9]) == ["1 1 good", "2 1 later"])
    }
  }
}

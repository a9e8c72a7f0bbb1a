import Foundation
import Notebook
import Testing

struct PromptHistoryTests {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nnlua-history-\(UUID().uuidString)")
  private var path: String { folder.appendingPathComponent("state/nnlua/history").path }

  @Test func statementsComeBack() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var first = PromptHistory(path: path)
    #expect(first.entries.isEmpty)
    for entry in ["a = 1", "for i = 1, 2 do\n  print('\\n')\nend", "print '한국'", "", "  "] { _ = first.add(entry) }
    #expect(first.entries == ["a = 1", "for i = 1, 2 do\n  print('\\n')\nend", "print '한국'"])
    #expect(PromptHistory(path: path).entries == first.entries)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func eachOnceAndNotTooMany() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var history = PromptHistory(path: path, most: 3)
    let moved = ["a", "b", "a", "a"].map { history.add($0) }
    #expect(moved == [false, false, true, false], "whether an older one went")
    #expect(history.entries == ["b", "a"])
    _ = (history.add("c"), history.add("d"))
    #expect(history.entries == ["a", "c", "d"])
    for i in 1...20 { _ = history.add("\(i)") }
    #expect(PromptHistory(path: path, most: 3).entries == ["18", "19", "20"])
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "18\n19\n20\n", "the file is put in order when it is read")
  }

  @Test func twoPromptsAtOnce() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var (one, two) = (PromptHistory(path: path), PromptHistory(path: path))
    _ = (one.add("x"), two.add("y"), one.add("z"))
    #expect(PromptHistory(path: path).entries == ["x", "y", "z"])
  }

  @Test func aFileThatCannotBeWrittenIsNoError() throws {
    var history = PromptHistory(path: "/proc/none/history")
    _ = history.add("a")
    #expect(history.entries == ["a"])
    var without = PromptHistory(path: nil)
    _ = without.add("b")
    #expect(without.entries == ["b"])
  }
}

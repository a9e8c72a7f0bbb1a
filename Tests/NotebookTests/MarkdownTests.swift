import LuaBridge
import Notebook
import Testing

@Suite(.serialized)
struct MarkdownTests {
  private func html(_ text: String) -> String {
    var markdown = Markdown()
    return markdown.html(text)
  }

  @Test func commonMarkAndTables() {
    #expect(html("a **b** `c < d`") == "<p>a <strong>b</strong> <code>c &lt; d</code></p>\n")
    #expect(html("- [x] done\n- [ ] open").contains("checked"))
    let table = html("| a | b |\n| --- | ---: |\n| 1 | ~~2~~ |")
    #expect(table.contains("<th>a</th>") && table.contains("<td align=\"right\"><del>2</del></td>"))
    #expect(html("see https://example.org now").contains("<a href=\"https://example.org\">"))
    #expect(html("note[^1]\n\n[^1]: below").contains("footnote"))
  }

  @Test func htmlIsKeptButForWhatRuns() {
    #expect(html("<b>x</b>") == "<p><b>x</b></p>\n")
    #expect(html("<script>alert(1)</script>").contains("&lt;script>"))
    #expect(!html("[x](javascript:alert(1))").contains("<script"))
  }

  @Test func headingsHaveAnchors() {
    var markdown = Markdown()
    let first = markdown.html("# Train the *net*, `now`\n\ntext\n\n## Train\n\n<h2>its own</h2>\n\n## Train\n\n### 학습 $x^2$")
    #expect(markdown.headings.map(\.text) == ["Train the net, now", "Train", "Train", "학습 x^2".replacing("x^2", with: "$x^2$")])
    #expect(markdown.headings.map(\.anchor) == ["train-the-net-now", "train", "train-2", "학습-x-2"])
    #expect(markdown.headings.map(\.level) == [1, 2, 2, 3])
    #expect(first.contains("<h1 id=\"train-the-net-now\">") && first.contains("<h2 id=\"train-2\">"))
    #expect(markdown.html("# Train").contains("id=\"train-3\""), "anchors are unique in the page, not in one text")
  }

  @Test func formulasAreFoundAndCodeIsNot() {
    for text in ["a $x_1 * y_2$ b", "$$\nx = y\n$$", "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", "($x$)", "**$a_i$** and $b_i$"] {
      #expect(html(text).contains("<math"), "\(text)")
      #expect(!html(text).contains("<em>"), "\(text)")
    }
    for text in ["it costs $5 and $6", "`$x$`", "``a ` $x$``", "```\n$x$\n```", "~~~lua\n$x$\n~~~", "\\$x\\$", "a $ b $ c", "$x", "$$", "$ x$", "one $\n\nother$"] {
      #expect(!html(text).contains("<math"), "\(text)")
    }
    #expect(html("it costs $5 and $6") == "<p>it costs $5 and $6</p>\n")
    #expect(html("$a$ `$b$` $c$").components(separatedBy: "<math").count == 3)
  }

  @Test func luaInFencesIsColoured() {
    #expect(
      html("```lua\nlocal a = \"<\"\n```")
        == "<pre><code class=\"language-lua\"><span class=\"k\">local</span> a = <span class=\"s\">&quot;&lt;&quot;</span>\n</code></pre>\n")
    #expect(html("```c\nlocal\n```").contains("language-c\">local"))
  }

  @Test func oddTextsAreNoTrap() {
    for text in [
      "", "\u{E000}0\u{E001}", "\u{E000}99\u{E001} $x$", "`", "```", "$$$$", "\\begin{align}", "\\begin{", "\\", "# ", "\u{0}", String(repeating: "> ", count: 3000),
    ] { _ = html(text) }
    #expect(!html("\u{E000}7\u{E001}").contains("\u{E000}"))
  }
}

extension String {
  fileprivate func components(separatedBy text: String) -> [Substring] { split(separator: text, omittingEmptySubsequences: false) }
}

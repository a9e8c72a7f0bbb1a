import LuaBridge
import Testing

/// The convention of rows' texts.
@Suite struct DocumentationTests {
  @Test func takesATextApart() {
    let parsed = Documentation(
      """
      A layer that joins lines
      of one sentence. And a second.
          y = x Wᵀ + b
          b is added to every row
      Where x is a batch:
      each row is a sample.
      Shapes: x (N, in),
        y (N, out).
      Errors: another size. A second error.
      Paper: Somebody 1999.
      """)
    #expect(
      parsed.blocks == [
        .paragraph("A layer that joins lines of one sentence. And a second."), .formula("y = x Wᵀ + b"), .formula("b is added to every row"),
        .paragraph("Where x is a batch:"), .paragraph("each row is a sample."),
      ])
    #expect(parsed.sections.map(\.label) == [.shapes, .errors, .paper])
    #expect(parsed.sections[0].blocks == [.paragraph("x (N, in), y (N, out).")])
    #expect(parsed.sections[1].blocks == [.paragraph("another size. A second error.")])
    #expect(parsed.summary == "A layer that joins lines of one sentence.")
  }

  @Test func edges() {
    #expect(Documentation("").blocks.isEmpty && Documentation("").sections.isEmpty && Documentation("").summary == "")
    #expect(Documentation("Shapes: x (N).").blocks.isEmpty)
    #expect(Documentation("Shapes of things.").sections.isEmpty, "a label ends in a colon")
    #expect(Documentation("See Errors: they are many.").sections.isEmpty, "a label begins a line")
    #expect(Documentation("One\n\ntwo").blocks == [.paragraph("One"), .paragraph("two")], "an empty line ends a paragraph")
    #expect(Documentation("Numbers from 1.5 on, e.g. 2. Then more.").summary == "Numbers from 1.5 on, e.g. 2.")
  }
}

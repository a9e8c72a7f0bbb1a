import KernelTable
import Kernels
import Synchronization
import Testing

/// Kernels touch nothing beyond their buffers: every operand and every piece of working memory ends right before a page, or begins right
/// behind one, that may not be touched, and on its other side is seen to be unchanged.
@Suite(.serialized) struct GuardPagesTests {
  private static let kernels = guardedMatrixKernels + guardedVectorKernels + guardedConvolutionKernels

  @Test(arguments: kernels.indices)
  func staysWithinItsBuffers(_ index: Int) {
    let kernel = Self.kernels[index]
    for level in levels {
      for width in widths {
        for atEnd in [true, false] {
          let scratch = FencedScratch(atEnd: atEnd)
          Scratch.fence = ({ scratch.take($0) }, { scratch.give($0) })
          defer { Scratch.fence = nil }
          let fenced = Fenced(level.table, width, atEnd: atEnd)
          kernel.run(fenced)
          #expect(fenced.close(), "\(kernel) \(level.name) \(width)")
          #expect(scratch.intact, "working memory of \(kernel) \(level.name) \(width)")
        }
      }
    }
  }

  /// A kernel that is added to a table is missed here until it stands in a list of `GuardedKernels.swift`.
  @Test func everyEntryHasItsTurn() {
    func names(_ kernels: Any, _ prefix: String) -> [String] {
      Mirror(reflecting: kernels).children.compactMap { $0.value is Int ? nil : $0.label.map { prefix + $0 } }
    }
    let table = levels[0].table
    let all =
      names(table.matrix.float32, "matrix.") + names(table.convolution.float32, "convolution.") + names(table.convolution.winograd, "winograd.")
      + names(table.vector, "vector.")
    #expect(all.count > 50)
    #expect(Set(all).symmetricDifference(Self.kernels.flatMap(\.entries)) == [])
  }
}

/// Working memory in pieces between pages of their own; any thread may ask for some.
private final class FencedScratch: Sendable {
  private let atEnd: Bool
  private let lock = Mutex(())
  // Both under the lock.
  private nonisolated(unsafe) var pieces: [UnsafeMutableRawPointer: GuardPages] = [:]
  private nonisolated(unsafe) var isIntact = true

  init(atEnd: Bool) { self.atEnd = atEnd }

  func take(_ bytes: Int) -> UnsafeMutableRawPointer {
    lock.withLock { _ in
      // Pieces hold whole elements, at most eight bytes each.
      let pages = GuardPages(bytes: max((bytes + 7) & ~7, 8), atEnd: atEnd)
      pieces[pages.pointer] = pages
      return pages.pointer
    }
  }

  func give(_ piece: UnsafeMutableRawPointer) {
    lock.withLock { _ in
      if let pages = pieces.removeValue(forKey: piece), !pages.intact { isIntact = false }
    }
  }

  /// No byte around a piece was written, and all have been given back.
  var intact: Bool { isIntact && pieces.isEmpty }
}

import KernelTable
import Kernels
import Testing

/// Shapes and strides of many layouts: transposes, slices, repeats, reversals, channels first and last.
private let layouts: [(shape: [Int], strides: [Int])] = [
  ([], []), ([5], [1]), ([5], [3]), ([5], [-1]), ([5], [0]), ([0, 3], [3, 1]), ([3, 4], [4, 1]), ([4, 3], [1, 4]), ([3, 4], [10, 2]), ([1, 7, 1], [9, 1, 5]),
  ([100, 70], [1, 100]), ([17, 33], [1, 40]), ([3, 50, 60], [3000, 1, 50]), ([50, 60, 3], [1, 50, 3000]), ([2, 30, 40, 3], [3600, 40, 1, 1200]),
  ([6, 5, 4], [1, 6, 30]), ([4, 5, 6], [0, 6, 1]), ([300, 300], [1, 300]), ([2, 2, 2, 2, 2, 2, 2, 2], [1, 2, 4, 8, 16, 32, 64, 128]), ([70_000], [2]),
  ([5, 20_000], [20_000, 1]),
  ([40, 40], [-40, 1]), ([40, 40], [1, -40]),
]

@Test(arguments: layouts.indices)
func gatherAndScatter(_ index: Int) {
  let (shape, strides) = layouts[index]
  let n = shape.reduce(1, *)
  // the offsets of all elements, row-major, brought to begin at 0
  var offsets = [0]
  for (size, stride) in zip(shape, strides) { offsets = offsets.flatMap { o in (0..<size).map { o + $0 * stride } } }
  let low = offsets.min() ?? 0
  let extent = (offsets.max() ?? 0) - low + 1
  for size in [1, 4, 8] {
    let memory = [extent, n, extent].map { GuardPages(bytes: $0 * size) }
    let (x, y, back) = (memory[0].pointer, memory[1].pointer, memory[2].pointer)
    for i in 0..<extent * size { x.storeBytes(of: UInt8(truncatingIfNeeded: i &* 37 &+ i >> 8), toByteOffset: i, as: UInt8.self) }
    func same(_ a: UnsafeRawPointer, _ i: Int, _ b: UnsafeRawPointer, _ j: Int) -> Bool {
      (0..<size).allSatisfy { a.load(fromByteOffset: i * size + $0, as: UInt8.self) == b.load(fromByteOffset: j * size + $0, as: UInt8.self) }
    }
    for level in levels {
      y.initializeMemory(as: UInt8.self, repeating: 0xAB, count: n * size)
      Copy.gather(elementSize: size, rank: shape.count, shape: shape, strides: strides, from: x - low * size, to: y, table: level.table)
      #expect((0..<n).allSatisfy { same(y, $0, x, offsets[$0] - low) }, "\(shape) \(strides) size \(size) \(level.name)")
      #expect(memory[1].intact)
      guard Set(offsets).count == n else { continue }
      back.initializeMemory(as: UInt8.self, repeating: 0xCD, count: extent * size)
      Copy.scatter(elementSize: size, rank: shape.count, shape: shape, strides: strides, from: y, to: back - low * size, table: level.table)
      #expect((0..<n).allSatisfy { same(back, offsets[$0] - low, x, offsets[$0] - low) }, "scatter \(shape) \(strides) size \(size)")
    }
  }
}

internal import KernelTable
internal import Kernels

/// Calls over 4 elements, where only the way to the loop counts, and what a training step of the book's CNN asks of the vector kernels.
func benchVector() {
  let n = 433_890
  let buffers = (0..<4).map { _ in
    let memory = UnsafeMutableRawPointer.allocate(byteCount: n * 4, alignment: 64)
    memory.initializeMemory(as: Float.self, repeating: 0.5, count: n)
    return memory
  }
  defer { for memory in buffers { memory.deallocate() } }
  let (x, y, m, v) = (buffers[0], buffers[1], buffers[2], buffers[3])
  func report(_ name: String, _ body: () -> Void) { print(padded(name, 32), column(Limits.secondsPerCall(body) * 1e9, 1, 12), "ns") }
  report("add, 4") { Vector.binary(.add, .float32, x, aRow: 4, aColumn: 1, y, bRow: 4, bColumn: 1, m, rows: 1, columns: 4) }
  report("add a number, 4") { Vector.unary(.addScalar, .float32, x, m, 4, 1) }
  report("add a row, 4 x 2") { Vector.binary(.add, .float32, x, aRow: 2, aColumn: 1, y, bRow: 0, bColumn: 1, m, rows: 4, columns: 2) }
  report("tanh, 4") { Vector.unary(.tanh, .float32, x, m, 4) }
  report("tanh gradient, 4") { Vector.unaryGradient(.tanh, .float32, x: nil, y: x, g: y, gx: m, 4) }
  report("sum, 4") { Vector.reduce(.sum, .float32, x, m, outer: 1, count: 4, inner: 1) }
  report("column sums, 4 x 2") { Vector.reduce(.sum, .float32, x, m, outer: 1, count: 4, inner: 2) }
  report("Adam, 4") { OptimizerKernels.adam(.float32, parameter: x, gradient: y, m: m, v: v, 4, lr: 0, t: 1) }
  report("softmax, 100 x 10") { Vector.softmax(.float32, log: false, x, m, outer: 100, count: 10, inner: 1) }
  report("column sums, 100 x 100") { Vector.reduce(.sum, .float32, x, m, outer: 1, count: 100, inner: 100) }
  report("Adam, 433,890") { OptimizerKernels.adam(.float32, parameter: x, gradient: y, m: m, v: v, n, lr: 0, t: 1) }
}

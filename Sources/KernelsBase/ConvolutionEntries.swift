internal import KernelTable

let convolutionKernels = ConvolutionKernels(
  float32: .init(
    lanes: Lanes32.count, copyPlanes: copyPlanes, gatherProduct: gatherProduct32, rowProduct: rowProduct32, channelsFirst: channelsFirst32,
    channelsLast: channelsLast32, addRows: addRows32, addPlane: addPlane32, maxWindows: maxWindows32, maxSquares: maxSquares32, poolSums: poolSums32,
    marksFirst: marksFirst32, patchRows: patchRows32, patchList: patchList32, patchProduct: patchProduct32),
  float64: .init(
    lanes: Lanes64.count, copyPlanes: copyPlanes, gatherProduct: gatherProduct64, rowProduct: rowProduct64, channelsFirst: channelsFirst64,
    channelsLast: channelsLast64, addRows: addRows64, addPlane: addPlane64, maxWindows: maxWindows64, maxSquares: maxSquares64, poolSums: poolSums64,
    marksFirst: marksFirst64, patchRows: patchRows64, patchList: patchList64, patchProduct: patchProduct64),
  winograd: winogradKernels)

@inline(never)
func rowProduct32(
  _ channels: Int, _ source: UnsafeRawPointer, _ places: Int, _ offsets: UnsafePointer<Int>, _ count: Int, _ weights: UnsafeRawPointer,
  _ bias: UnsafeRawPointer?, _ relu: Bool, _ out: UnsafeMutableRawPointer, _ outRow: Int
) {
  rowProduct(Lanes32.self, channels, source, places, offsets, count, weights, bias, relu, out, outRow)
}

@inline(never)
func channelsFirst32(
  _ from: UnsafeRawPointer, _ pitch: Int, _ pixels: Int, _ channels: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int, _ relu: Bool
) {
  channelsFirst(Lanes32.self, from, pitch, pixels, channels, to, toRow, relu)
}

@inline(never)
func channelsLast32(
  _ from: UnsafeRawPointer, _ results: UnsafeRawPointer?, _ fromRow: Int, _ channels: Int, _ pixels: Int, _ to: UnsafeMutableRawPointer, _ pitch: Int
) {
  channelsLast(Lanes32.self, from, results, fromRow, channels, pixels, to, pitch)
}

@inline(never)
func addRows32(
  _ vectors: Int, _ from: UnsafeRawPointer, _ rows: Int, _ sums: UnsafeMutableRawPointer
) {
  addRows(Lanes32.self, vectors, from, rows, sums)
}

@inline(never)
func addPlane32(
  _ from: UnsafeRawPointer, _ fromRow: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int, _ rows: Int, _ columns: Int
) {
  addPlane(Lanes32.self, from, fromRow, to, toRow, rows, columns)
}

@inline(never)
func maxWindows32(
  _ source: UnsafeRawPointer, _ pitch: Int, _ rows: Int, _ columns: Int, _ kernelHeight: Int, _ kernelWidth: Int, _ strideHeight: Int,
  _ strideWidth: Int, _ dilationHeight: Int, _ dilationWidth: Int, _ mark: Int, _ markRow: Int, _ rowMarks: UnsafePointer<Int32>,
  _ columnMarks: UnsafePointer<Int32>, _ y: UnsafeMutableRawPointer, _ positions: UnsafeMutablePointer<Int32>
) {
  maxWindows(
    Lanes32.self, source, pitch, rows, columns, kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight,
    dilationWidth, mark, markRow, rowMarks, columnMarks, y, positions)
}

@inline(never)
func maxSquares32(
  _ source: UnsafeRawPointer, _ width: Int, _ rows: Int, _ columns: Int, _ y: UnsafeMutableRawPointer,
  _ positions: UnsafeMutablePointer<Int32>
) {
  maxSquares(Lanes32.self, source, width, rows, columns, y, positions)
}

@inline(never)
func poolSums32(
  _ sums: UnsafeRawPointer, _ vectors: Int, _ columns: Int, _ pool: Int, _ pooledRows: Int, _ pooledColumns: Int,
  _ values: UnsafeMutableRawPointer, _ marks: UnsafeMutableRawPointer
) {
  poolSums(Lanes32.self, sums, vectors, columns, pool, pooledRows, pooledColumns, values, marks)
}

@inline(never)
func marksFirst32(
  _ from: UnsafeRawPointer, _ pitch: Int, _ pixels: Int, _ channels: Int, _ to: UnsafeMutablePointer<UInt8>, _ toRow: Int
) {
  marksFirst(Lanes32.self, from, pitch, pixels, channels, to, toRow)
}

@inline(never)
func patchRows32(
  _ window: UnsafeRawPointer, _ places: UnsafePointer<Int>, _ count: Int, _ shifts: UnsafePointer<Int>, _ masks: UnsafeRawPointer,
  _ firsts: UnsafePointer<Int>, _ registers: Int, _ ones: UnsafeRawPointer, _ to: UnsafeMutableRawPointer
) {
  patchRows(Lanes32.self, window, places, count, shifts, masks, firsts, registers, ones, to)
}

@inline(never)
func patchList32(
  _ gradients: UnsafeRawPointer, _ marks: UnsafePointer<UInt8>, _ count: Int, _ ahead: Int, _ corners: UnsafePointer<Int32>,
  _ within: UnsafePointer<Int32>, _ none: Int32, _ pool: Int, _ values: UnsafeMutableRawPointer, _ offsets: UnsafeMutablePointer<Int32>
) -> Int {
  patchList(Lanes32.self, gradients, marks, count, ahead, corners, within, none, pool, values, offsets)
}

@inline(never)
func patchProduct32(
  _ values: UnsafeRawPointer, _ offsets: UnsafePointer<Int32>, _ count: Int, _ rows: UnsafeRawPointer, _ pitch: Int,
  _ sums: UnsafeMutableRawPointer
) {
  patchProduct(Lanes32.self, values, offsets, count, rows, pitch, sums)
}

@inline(never)
func rowProduct64(
  _ channels: Int, _ source: UnsafeRawPointer, _ places: Int, _ offsets: UnsafePointer<Int>, _ count: Int, _ weights: UnsafeRawPointer,
  _ bias: UnsafeRawPointer?, _ relu: Bool, _ out: UnsafeMutableRawPointer, _ outRow: Int
) {
  rowProduct(Lanes64.self, channels, source, places, offsets, count, weights, bias, relu, out, outRow)
}

@inline(never)
func channelsFirst64(
  _ from: UnsafeRawPointer, _ pitch: Int, _ pixels: Int, _ channels: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int, _ relu: Bool
) {
  channelsFirst(Lanes64.self, from, pitch, pixels, channels, to, toRow, relu)
}

@inline(never)
func channelsLast64(
  _ from: UnsafeRawPointer, _ results: UnsafeRawPointer?, _ fromRow: Int, _ channels: Int, _ pixels: Int, _ to: UnsafeMutableRawPointer, _ pitch: Int
) {
  channelsLast(Lanes64.self, from, results, fromRow, channels, pixels, to, pitch)
}

@inline(never)
func addRows64(
  _ vectors: Int, _ from: UnsafeRawPointer, _ rows: Int, _ sums: UnsafeMutableRawPointer
) {
  addRows(Lanes64.self, vectors, from, rows, sums)
}

@inline(never)
func addPlane64(
  _ from: UnsafeRawPointer, _ fromRow: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int, _ rows: Int, _ columns: Int
) {
  addPlane(Lanes64.self, from, fromRow, to, toRow, rows, columns)
}

@inline(never)
func maxWindows64(
  _ source: UnsafeRawPointer, _ pitch: Int, _ rows: Int, _ columns: Int, _ kernelHeight: Int, _ kernelWidth: Int, _ strideHeight: Int,
  _ strideWidth: Int, _ dilationHeight: Int, _ dilationWidth: Int, _ mark: Int, _ markRow: Int, _ rowMarks: UnsafePointer<Int32>,
  _ columnMarks: UnsafePointer<Int32>, _ y: UnsafeMutableRawPointer, _ positions: UnsafeMutablePointer<Int32>
) {
  maxWindows(
    Lanes64.self, source, pitch, rows, columns, kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight,
    dilationWidth, mark, markRow, rowMarks, columnMarks, y, positions)
}

@inline(never)
func maxSquares64(
  _ source: UnsafeRawPointer, _ width: Int, _ rows: Int, _ columns: Int, _ y: UnsafeMutableRawPointer,
  _ positions: UnsafeMutablePointer<Int32>
) {
  maxSquares(Lanes64.self, source, width, rows, columns, y, positions)
}

@inline(never)
func poolSums64(
  _ sums: UnsafeRawPointer, _ vectors: Int, _ columns: Int, _ pool: Int, _ pooledRows: Int, _ pooledColumns: Int,
  _ values: UnsafeMutableRawPointer, _ marks: UnsafeMutableRawPointer
) {
  poolSums(Lanes64.self, sums, vectors, columns, pool, pooledRows, pooledColumns, values, marks)
}

@inline(never)
func marksFirst64(
  _ from: UnsafeRawPointer, _ pitch: Int, _ pixels: Int, _ channels: Int, _ to: UnsafeMutablePointer<UInt8>, _ toRow: Int
) {
  marksFirst(Lanes64.self, from, pitch, pixels, channels, to, toRow)
}

@inline(never)
func patchRows64(
  _ window: UnsafeRawPointer, _ places: UnsafePointer<Int>, _ count: Int, _ shifts: UnsafePointer<Int>, _ masks: UnsafeRawPointer,
  _ firsts: UnsafePointer<Int>, _ registers: Int, _ ones: UnsafeRawPointer, _ to: UnsafeMutableRawPointer
) {
  patchRows(Lanes64.self, window, places, count, shifts, masks, firsts, registers, ones, to)
}

@inline(never)
func patchList64(
  _ gradients: UnsafeRawPointer, _ marks: UnsafePointer<UInt8>, _ count: Int, _ ahead: Int, _ corners: UnsafePointer<Int32>,
  _ within: UnsafePointer<Int32>, _ none: Int32, _ pool: Int, _ values: UnsafeMutableRawPointer, _ offsets: UnsafeMutablePointer<Int32>
) -> Int {
  patchList(Lanes64.self, gradients, marks, count, ahead, corners, within, none, pool, values, offsets)
}

@inline(never)
func patchProduct64(
  _ values: UnsafeRawPointer, _ offsets: UnsafePointer<Int32>, _ count: Int, _ rows: UnsafeRawPointer, _ pitch: Int,
  _ sums: UnsafeMutableRawPointer
) {
  patchProduct(Lanes64.self, values, offsets, count, rows, pitch, sums)
}

internal import KernelTable

let convolutionKernels = ConvolutionKernels(
  float32: .init(
    lanes: Lanes32.count, gatherProduct: gatherProduct32, channelsFirst: channelsFirst32, channelsLast: channelsLast32,
    addRows: addRows32, copyPlanes: copyPlanes),
  float64: .init(
    lanes: Lanes64.count, gatherProduct: gatherProduct64, channelsFirst: channelsFirst64, channelsLast: channelsLast64,
    addRows: addRows64, copyPlanes: copyPlanes))

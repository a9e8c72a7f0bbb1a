internal import Kernels

// Rates of the kernels on this machine: `nnlua-bench-kernels [threads [m n k]]`, the level by NNLUA_ISA.
// `nnlua-bench-kernels limits` prints what the machine can do at best, as one JSON object.
let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
if let threads = numbers.first { Parallel.threads = threads }
// `nnlua-bench-kernels winograd` compares the two ways of convolution, on one thread.
// `nnlua-bench-kernels convolution [name [threads]]` measures the convolutions whose name begins so.
if CommandLine.arguments.dropFirst().first == "convolution" {
  benchConvolution(only: CommandLine.arguments.dropFirst(2).first ?? "")
} else if CommandLine.arguments.dropFirst().first == "limits" {
  printLimits()
} else if CommandLine.arguments.dropFirst().first == "winograd" {
  Parallel.threads = 1
  benchWinograd()
} else {
  print("level \(Kernels.level), \(Parallel.threads) threads")
  benchMatrix(numbers.count == 4 ? (numbers[1], numbers[2], numbers[3]) : nil)
  if numbers.count < 4 {
    benchConvolution()
    benchVector()
  }
}

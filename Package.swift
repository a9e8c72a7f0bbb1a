// swift-tools-version:6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // Checks at run time that no variable is written while it is read; they cost a tenth of a small op.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// The same loops (a symbolic link to KernelsBase), compiled for one instruction-set level.
func kernels(_ level: String, _ flags: [String] = []) -> Target {
  .target(
    name: "Kernels" + level, dependencies: ["CIntrinsics", "KernelTable"],
    // Without errno a square root is one instruction, also of a vector. Reflection metadata would keep weak symbols alive.
    swiftSettings: settings + [.define(level.uppercased()), .unsafeFlags(["-Xcc", "-fno-math-errno", "-Xfrontend", "-disable-reflection-metadata"] + flags)])
}

#if arch(x86_64)
  let avx2 = ["-Xcc", "-march=x86-64-v3"]
  let avx512 = ["-Xcc", "-march=x86-64-v4", "-Xcc", "-mprefer-vector-width=512"]
#else
  let avx2: [String] = []
  let avx512: [String] = []
#endif

/// Each target may import only what stands in its own list: `scripts/lint` compares the two.
let package = Package(
  name: "nnlua",
  products: [.executable(name: "nnlua", targets: ["nnlua"])],
  dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")],
  targets: [
    .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CMark", pkgConfig: "libcmark-gfm", providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
    .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .target(name: "CImages", dependencies: ["CJPEG", "CPNG"]),
    .target(name: "CEdit", dependencies: ["CShims"]),
    .target(name: "CShims", dependencies: ["CLua"]),
    .systemLibrary(name: "CIntrinsics"),
    .target(name: "KernelTable", swiftSettings: settings),
    kernels("Base"),
    kernels("AVX2", avx2),
    kernels("AVX512", avx512),
    .target(
      name: "Kernels", dependencies: ["CIntrinsics", "CShims", "KernelTable", "KernelsBase", "KernelsAVX2", "KernelsAVX512"],
      swiftSettings: settings),
    .target(name: "LuaBridge", dependencies: ["CLua", "CResources", "CShims"], swiftSettings: settings),
    .target(name: "Tensors", dependencies: ["CZlib", "KernelTable", "Kernels", "LuaBridge"], swiftSettings: settings),
    .target(name: "CResources", exclude: ["Data", "Jupyter", "Lua", "Plugin", "README.md", "Report"], cSettings: [.unsafeFlags(["-std=c23"])]),
    .target(name: "NeuralNetworks", dependencies: ["KernelTable", "Kernels", "LuaBridge", "Tensors"], swiftSettings: settings),
    .target(name: "Datasets", dependencies: ["CCrypto", "CImages", "Kernels", "LuaBridge", "Tensors"], swiftSettings: settings),
    .target(
      name: "NNLua", dependencies: ["CShims", "Datasets", "KernelTable", "Kernels", "LuaBridge", "NeuralNetworks", "Tensors"], swiftSettings: settings),
    .target(name: "Training", dependencies: ["Datasets", "LuaBridge", "NeuralNetworks", "Tensors"], swiftSettings: settings),
    .target(name: "Plots", dependencies: ["LuaBridge", "Tensors"], swiftSettings: settings),
    .target(
      name: "Runtime", dependencies: ["Datasets", "KernelTable", "Kernels", "LuaBridge", "NNLua", "NeuralNetworks", "Plots", "Tensors", "Training"],
      swiftSettings: settings),
    .target(
      name: "Notebook",
      dependencies: [
        "CEdit", "CMark", "CResources", "CShims", "Datasets", "Kernels", "LuaBridge", "NNLua", "NeuralNetworks", "Plots", "Runtime", "Tensors", "Training",
      ], swiftSettings: settings),
    .target(
      name: "JupyterKernel", dependencies: ["CCrypto", "CShims", "CZeroMQ", "LuaBridge", "NNLua", "Notebook", "Tensors"], swiftSettings: settings),
    .executableTarget(
      name: "nnlua",
      dependencies: [
        "CShims", "Datasets", "JupyterKernel", "Kernels", "LuaBridge", "NNLua", "Notebook", "Runtime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings, linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),
    .testTarget(
      name: "NeuralNetworksTests", dependencies: ["Kernels", "LuaBridge", "NeuralNetworks", "Tensors"], exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(name: "DatasetsTests", dependencies: ["Datasets", "LuaBridge", "Tensors"], swiftSettings: settings),
    .testTarget(name: "TrainingTests", dependencies: ["LuaBridge", "Runtime"], swiftSettings: settings),
    .testTarget(name: "PlotsTests", dependencies: ["LuaBridge", "Plots", "Tensors"], swiftSettings: settings),
    .testTarget(name: "NotebookTests", dependencies: ["LuaBridge", "Notebook", "Runtime"], swiftSettings: settings),
    .testTarget(name: "JupyterKernelTests", dependencies: ["CZeroMQ", "JupyterKernel", "LuaBridge", "Notebook"], swiftSettings: settings),
    .testTarget(name: "RuntimeTests", dependencies: ["LuaBridge", "Runtime"], swiftSettings: settings),
    .testTarget(
      name: "CheckTests", dependencies: ["LuaBridge", "NeuralNetworks", "Runtime", "Tensors"], exclude: ["Scripts"], swiftSettings: settings),
    .testTarget(name: "ScriptTests", dependencies: ["LuaBridge"], swiftSettings: settings),
    .testTarget(name: "TensorsTests", dependencies: ["Kernels", "LuaBridge", "Tensors"], swiftSettings: settings),
    .testTarget(name: "LuaBridgeTests", dependencies: ["LuaBridge"], swiftSettings: settings),
    .executableTarget(
      name: "nnlua-bench-kernels", dependencies: ["KernelTable", "Kernels"], path: "Sources/KernelBench", swiftSettings: settings),
    .testTarget(name: "KernelsTests", dependencies: ["CShims", "KernelTable", "Kernels"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)

internal import KernelTable
internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// The routines of LAPACK that linear algebra needs, for one width of floats.
///
/// OpenBLAS is loaded when the first of them is called: linked to the program it would take 3.7 ms of every start and keep a thread for every core.
/// It is told to use one thread, so that results are the same bits on any machine of one kind.
/// Matrices are column-major, sizes Int32; lengths of strings are passed behind the arguments, as Fortran compilers do.
struct Lapack: @unchecked Sendable {
  typealias Size = UnsafePointer<Int32>
  typealias Out = UnsafeMutablePointer<Int32>
  typealias Block = UnsafeMutableRawPointer
  typealias Text = UnsafePointer<CChar>

  /// P L U of an m×n matrix.
  let getrf: @convention(c) (Size, Size, Block, Size, Out, Out) -> Void
  /// Solves with P L U.
  let getrs: @convention(c) (Text, Size, Size, Block, Size, Out, Block, Size, Out, Int) -> Void
  /// The factor of Cholesky.
  let potrf: @convention(c) (Text, Size, Block, Size, Out, Int) -> Void
  /// Solves with a triangle.
  let trtrs: @convention(c) (Text, Text, Text, Size, Size, Block, Size, Block, Size, Out, Int, Int, Int) -> Void
  /// Q R, with Q as reflections.
  let geqrf: @convention(c) (Size, Size, Block, Size, Block, Block, Size, Out) -> Void
  /// Q from its reflections.
  let orgqr: @convention(c) (Size, Size, Size, Block, Size, Block, Block, Size, Out) -> Void
  /// Eigenvalues and eigenvectors of a symmetric matrix.
  let syevd: @convention(c) (Text, Text, Size, Block, Size, Block, Block, Size, Out, Size, Out, Int, Int) -> Void
  /// Singular values and vectors.
  let gesdd: @convention(c) (Text, Size, Size, Block, Size, Block, Block, Size, Block, Size, Block, Size, Out, Out, Int) -> Void

  private static let loaded: Result<(single: Lapack, double: Lapack), LuaError> = Result { try load() }.mapError {
    $0 as? LuaError ?? LuaError("\($0)")
  }

  /// - Errors: no LAPACK on this machine.
  static func routines(_ width: FloatWidth) throws -> Lapack {
    let both = try loaded.get()
    return width == .float32 ? both.single : both.double
  }

  private static func load() throws -> (single: Lapack, double: Lapack) {
    // OpenBLAS takes its working memory by mmap and tries without end where that is refused: ask first.
    let room = 256 << 20
    let trial = mmap(nil, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let trial, trial != MAP_FAILED else { throw LuaError("linalg: not enough memory to load LAPACK") }
    munmap(trial, room)
    let name = "OPENBLAS_NUM_THREADS", before = getenv(name).map { String(cString: $0) }
    setenv(name, "1", 1)
    defer { if let before { setenv(name, before, 1) } else { unsetenv(name) } }
    for file in ["libopenblas.so.0", "libopenblas.so", "liblapack.so.3"] {
      if let library = dlopen(file, RTLD_NOW | RTLD_LOCAL) {
        return (try Lapack(library, "s", file), try Lapack(library, "d", file))
      }
    }
    throw LuaError("linalg: LAPACK is not installed; install OpenBLAS (Debian and Ubuntu: apt install libopenblas0) and start again")
  }

  private init(_ library: UnsafeMutableRawPointer, _ prefix: String, _ file: String) throws {
    func find(_ name: String) throws -> UnsafeMutableRawPointer {
      guard let symbol = dlsym(library, "\(prefix)\(name)_") else { throw LuaError("linalg: \(file) has no \(prefix)\(name)_; install OpenBLAS (libopenblas0)") }
      return symbol
    }
    getrf = unsafeBitCast(try find("getrf"), to: (@convention(c) (Size, Size, Block, Size, Out, Out) -> Void).self)
    getrs = unsafeBitCast(try find("getrs"), to: (@convention(c) (Text, Size, Size, Block, Size, Out, Block, Size, Out, Int) -> Void).self)
    potrf = unsafeBitCast(try find("potrf"), to: (@convention(c) (Text, Size, Block, Size, Out, Int) -> Void).self)
    trtrs = unsafeBitCast(try find("trtrs"), to: (@convention(c) (Text, Text, Text, Size, Size, Block, Size, Block, Size, Out, Int, Int, Int) -> Void).self)
    geqrf = unsafeBitCast(try find("geqrf"), to: (@convention(c) (Size, Size, Block, Size, Block, Block, Size, Out) -> Void).self)
    orgqr = unsafeBitCast(try find("orgqr"), to: (@convention(c) (Size, Size, Size, Block, Size, Block, Block, Size, Out) -> Void).self)
    syevd = unsafeBitCast(try find("syevd"), to: (@convention(c) (Text, Text, Size, Block, Size, Block, Block, Size, Out, Size, Out, Int, Int) -> Void).self)
    gesdd = unsafeBitCast(
      try find("gesdd"), to: (@convention(c) (Text, Size, Size, Block, Size, Block, Block, Size, Block, Size, Block, Size, Out, Out, Int) -> Void).self)
  }
}

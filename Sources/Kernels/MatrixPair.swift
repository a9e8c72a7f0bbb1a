extension Matrix {
  /// Runs two products that do not depend on each other, each of `work` multiply-adds, such as the two gradients of a dense layer.
  ///
  /// They run side by side where a thread is awake to help and each is too small to be shared out itself. The bits are the same either way.
  public static func both(work: Int, _ first: () -> Void, _ second: () -> Void) {
    // 256 thousand multiply-adds take a microsecond or two; handing them to a thread that is awake takes less than one.
    Parallel.run(2, alone: work < 1 << 18 || work > Product.parallelWork, waking: false) { $0 == 0 ? first() : second() }
  }
}

internal import LuaBridge
internal import Tensors

/// How far to go along a direction.
enum LineSearch {
  /// A point on the way: how far, the loss there, its gradient, and the slope along the direction.
  typealias Point = (length: Double, loss: Double, gradient: Tensor, slope: Double)

  /// A length t that meets the strong Wolfe conditions:
  ///
  ///     f(t) <= f(0) + c₁ t f'(0)   (the loss has fallen enough)     and     |f'(t)| <= c₂ |f'(0)|   (the slope has flattened)
  ///
  /// First the steps grow until two points have such a length between them, then cubics through their losses and slopes narrow it down:
  /// the order of PyTorch's search, so that both take the same steps.
  ///
  /// - Paper: Nocedal & Wright 2006, Numerical Optimization, algorithms 3.5 and 3.6
  static func strongWolfe(
    from start: Point, largest: Double, toleranceChange: Double, most: Int, _ evaluate: (Double) throws -> (Double, Tensor, Double)
  ) throws -> (loss: Double, gradient: Tensor, length: Double, evaluations: Int) {
    let c1 = 1e-4, c2 = 0.9
    let loss = start.loss, slope = start.slope
    func at(_ t: Double) throws -> Point {
      try LuaState.checkInterrupt()
      let (loss, gradient, slope) = try evaluate(t)
      return (t, loss, gradient, slope)
    }
    let origin: Point = (0, loss, start.gradient, slope)
    var now = try at(start.length), before = origin
    var evaluations = 1, round = 0, done = false
    var bracket: [Point] = []

    while round < most {
      if now.loss > loss + c1 * now.length * slope || round > 1 && now.loss >= before.loss {
        bracket = [before, now]
        break
      }
      if abs(now.slope) <= -c2 * slope {
        bracket = [now]
        done = true
        break
      }
      if now.slope >= 0 {
        bracket = [before, now]
        break
      }
      let next = cubicMinimum(before, now, (now.length + 0.01 * (now.length - before.length), now.length * 10))
      before = now
      now = try at(next)
      evaluations += 1
      round += 1
    }
    if round == most || bracket.isEmpty { bracket = [origin, now] }

    var stalled = false
    func lower() -> (low: Int, high: Int) { bracket[0].loss <= bracket[bracket.count - 1].loss ? (0, 1) : (1, 0) }
    var (low, high) = lower()
    while !done, round < most, bracket.count == 2 {
      if abs(bracket[1].length - bracket[0].length) * largest < toleranceChange { break }
      var t = cubicMinimum(bracket[0], bracket[1])
      // A trial next to an end makes no progress: the second time it is moved a tenth of the way inwards.
      let top = max(bracket[0].length, bracket[1].length), bottom = min(bracket[0].length, bracket[1].length), margin = 0.1 * (top - bottom)
      if min(top - t, t - bottom) < margin {
        if stalled || t >= top || t <= bottom {
          t = abs(t - top) < abs(t - bottom) ? top - margin : bottom + margin
          stalled = false
        } else {
          stalled = true
        }
      } else {
        stalled = false
      }
      let trial = try at(t)
      evaluations += 1
      round += 1
      if trial.loss > loss + c1 * t * slope || trial.loss >= bracket[low].loss {
        bracket[high] = trial
        (low, high) = lower()
      } else {
        if abs(trial.slope) <= -c2 * slope {
          done = true
        } else if trial.slope * (bracket[high].length - bracket[low].length) >= 0 {
          bracket[high] = bracket[low]
        }
        bracket[low] = trial
      }
    }
    let best = bracket[bracket.count == 1 ? 0 : low]
    return (best.loss, best.gradient, best.length, evaluations)
  }

  /// Where the cubic through two losses and slopes is lowest, kept within the bounds (the points themselves where none are given).
  private static func cubicMinimum(_ a: Point, _ b: Point, _ bounds: (Double, Double)? = nil) -> Double {
    let (low, high) = bounds ?? (a.length <= b.length ? (a.length, b.length) : (b.length, a.length))
    let d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.length - b.length)
    let square = d1 * d1 - a.slope * b.slope
    guard square >= 0 else { return (low + high) / 2 }
    let d2 = square.squareRoot()
    let place =
      a.length <= b.length
      ? b.length - (b.length - a.length) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.length - (a.length - b.length) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
    return place.isNaN ? (low + high) / 2 : min(max(place, low), high)
  }
}

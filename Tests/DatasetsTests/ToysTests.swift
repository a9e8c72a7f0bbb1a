import Datasets
import Glibc
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct ToysTests {
  func set(_ chunk: String) throws -> Dataset { try interpreter().evaluate("return \(chunk)", as: Dataset.self) }

  @Test func aSpiralWithoutNoiseFollowsItsFormula() throws {
    let set = try set("data.spiral{classes = 2, points = 50, noise = 0}")
    let x = try set.allInputs().values(), t = try set.allTargets()!.values()
    #expect(set.count == 100 && t == Array(repeating: 1, count: 50) + Array(repeating: 2, count: 50))
    for row in 0..<100 {
      let r = Double(row % 50) / 50, angle = 4 * Double(row / 50) + 4 * r
      #expect(abs(x[2 * row] - r * sin(angle)) < 1e-7 && abs(x[2 * row + 1] - r * cos(angle)) < 1e-7)
    }
  }

  @Test func moonsAreHalfCircles() throws {
    let x = try set("data.moons{points = 30, noise = 0}").allInputs().values()
    for row in 0..<60 {
      let (dx, dy) = row < 30 ? (x[2 * row], x[2 * row + 1]) : (1 - x[2 * row], 0.5 - x[2 * row + 1])
      #expect(abs(dx * dx + dy * dy - 1) < 1e-6 && dy > -1e-6)
    }
  }

  @Test func blobsAreNormalClouds() throws {
    let x = try set("data.blobs{classes = 1, points = 20000, std = 2, seed = 4}").allInputs().values()
    let mean = x.enumerated().reduce(into: (0.0, 0.0)) { if $1.offset % 2 == 0 { $0.0 += $1.element / 20000 } else { $0.1 += $1.element / 20000 } }
    let squares = x.enumerated().reduce(0.0) { $0 + pow($1.element - ($1.offset % 2 == 0 ? mean.0 : mean.1), 2) } / 40000
    // Four standard deviations of the estimates.
    #expect(abs(mean.0) < 10.06 && abs(mean.1) < 10.06)
    #expect(abs(squares - 4) < 4 * 4 * sqrt(2.0 / 40000))
  }

  @Test func scriptsGetThem() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local set = data.xor()
      assert(#set == 4 and set.classes[2] == "1" and set.x.dtype == "float32" and set.t.dtype == "int64")
      for i = 1, 4 do
        local x, t = set:get(i)
        assert((x[1] ~= x[2]) == (t == 2))
      end
      assert(#data.xor{points = 5, noise = 0.1} == 20)
      local hot = data.spiral{one_hot = true}
      assert(#hot == 300 and hot.t.shape[2] == 3 and hot[101].t[2] == 1 and hot.t:sum():item() == 300)
      assert(same(data.moons{seed = 3}.x, data.moons{seed = 3}.x) and not same(data.moons{seed = 3}.x, data.moons{seed = 4}.x))
      fails("spiral: points must lie between 1 and 10000000, got 0", data.spiral, {points = 0})
      fails("blobs: classes must lie between 1 and 1000, got -1", data.blobs, {classes = -1})
      """)
  }
}

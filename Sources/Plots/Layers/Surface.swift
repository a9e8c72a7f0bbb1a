internal import LuaBridge
internal import Tensors

/// Heights over a grid, seen from the side.
struct Surface {
  let field: Field
  let scale: ColourScale
  /// Degrees: how far the eye is turned down from above, and round the z axis.
  let view: (Double, Double)
  var colours: ColourScale { scale }

  /// More lines than that on a side hide the surface.
  private static let most = 80

  private func rows(_ panel: Panel) -> [[Double]] {
    func picked(_ count: Int) -> [Int] {
      count <= Self.most ? Array(0..<count) : (0..<Self.most).map { $0 * (count - 1) / (Self.most - 1) }
    }
    let columns = picked(field.width)
    return picked(field.height).flatMap { i in
      columns.map { j in [panel.xScale.place(field.x[j]), panel.yScale.place(field.y[i]), field.z[i * field.width + j]] } + [[]]
    }
  }

  static func draw(_ surfaces: [Surface], _ panel: Panel, _ script: inout Script, isText: Bool) throws {
    var bounds = Bounds(x: Extent(panel.xScale), y: Extent(panel.yScale)), heights = Extent(.linear)
    for surface in surfaces {
      surface.field.extend(&bounds)
      heights.add(surface.field.z)
    }
    let x = Axis(scale: panel.xScale, range: try panel.xLimits.map { $0.low...$0.high } ?? bounds.x.padded("xlim"))
    let y = Axis(scale: panel.yScale, range: try panel.yLimits.map { $0.low...$0.high } ?? bounds.y.padded("ylim"))
    let z = Axis(scale: .linear, range: try heights.padded("zlim"))
    var parts: [String] = []
    for surface in surfaces {
      parts.append("\(script.data(surface.rows(panel))) using 1:2:3 with \(isText ? "lines" : "pm3d") notitle")
    }
    script.add("set xrange \(x.command)\nset yrange \(y.command)\nset zrange \(z.command)")
    for (name, axis) in [("x", x), ("y", y)] { if let ticks = axis.ticks { script.add("set \(name)tics (\(ticks))") } }
    let view = surfaces[surfaces.count - 1]
    script.add("set view \(view.view.0), \(view.view.1), \(panel.colourBar == nil ? 1.12 : 1)\nset xyplane relative 0.05\nset ticslevel 0.05")
    script.add("set border 4095 linecolor rgb '#cccccc' linewidth 0.5\nset tics textcolor rgb '#333333'\nset xtics offset 0,-0.3")
    script.add(
      isText ? "set hidden3d" : "set grid x y z linecolor rgb '#e4e4e4' linewidth 0.5\nset pm3d depthorder border linecolor rgb '#303030' linewidth 0.3\nset border 31")
    if let label = panel.zLabel { script.add("set zlabel \(Script.quoted(label)) rotate parallel") }
    panel.addColourBar(to: &script)
    let scale = view.scale
    script.add("\(scale.colormap.palette)\nset cbrange [\(scale.low):\(scale.high > scale.low ? scale.high : scale.low + 1)]\nunset key")
    script.add("splot " + parts.joined(separator: ", "))
  }

  static let rows: [Row] = [
    Row(
      "surface",
      """
      Draws z[i][j] over (x[j], y[i]) as a surface seen from the side, coloured by height. surface(z) counts x and y from 1. Cells with a corner that is not finite are left out.
      Shapes: x of m numbers, y of n, z {n,m}; or all three {n,m}, as T.meshgrid makes x and y.
      Errors: other shapes; x or y that do not rise; nothing finite; a figure that holds curves.
      """,
      Param("figure", Figure.self), Param("x", Field.Coordinate.self), Param("y", default: Field.Coordinate?.none, "the other coordinate"),
      Param("z", default: Matrix?.none, "the heights; x itself where it is left out"),
      Param.option("colormap", default: Colormap.viridis, Colormap.choices),
      Param.option("view", default: [60.0, 30.0], "degrees: from 0 (above) to 90 (the side), and round the z axis"),
      place: .method, example: "return plot.figure():surface({-1, 0, 1}, {0, 1}, {{1, 0, 1}, {2, 1, 2}})"
    ) { figure, x, y, z, colormap, view in
      guard view.count == 2, 0...180 ~= view[0], 0...360 ~= view[1] else { throw LuaError("surface: view must be {0 to 180, 0 to 360} degrees") }
      let field = try Field("surface", x, y, z)
      let panel = figure.panel
      guard panel.layers.isEmpty, panel.images == nil, panel.graph == nil else { throw Figure.isTaken("surface") }
      let scale = try ColourScale(colormap, field.z, nil, for: "surface")
      figure.hold(field.z.count * 8)
      figure.panel.surfaces.append(Surface(field: field, scale: scale, view: (view[0], view[1])))
      return figure
    }
  ]
}

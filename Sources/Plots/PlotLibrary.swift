public import LuaBridge

/// `nnlua.plot`: figures, drawn by gnuplot.
public enum PlotLibrary {
  public static let all: [Row] = Figure.makers

  /// The methods of a figure, as functions too: `plot.line(…)` draws into the figure at hand, `plot.figure{…}` begins the next one,
  /// and so does the first call after `plot.show()`.
  private static let quickForm = """
    local plot = ...
    local current
    local figure = plot.figure
    function plot.figure(...)
      current = figure(...)
      return current
    end
    for name in ("\(Figure.figureClass.names.joined(separator: " "))"):gmatch("%S+") do
      plot[name] = function(...)
        current = current or figure()
        local method = current[name]
        if name == "show" then
          local shown = current
          current = nil
          return shown:show(...)
        end
        return method(current, ...)
      end
    end
    """

  public static let library = Library("nnlua.plot", "Figures, drawn by gnuplot.", rows: all, lua: quickForm)
}

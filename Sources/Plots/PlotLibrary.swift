public import LuaBridge

/// `nnlua.plot`: figures, drawn by gnuplot.
public enum PlotLibrary {
  public static let all: [Row] =
    Figure.makers
    + Figure.figureClass.rows.filter { $0.place.contains(.method) }.map { row in
      row.withoutReceiver(example: row.example.replacing("return require('nnlua.plot').figure():", with: "plot.figure(); return plot."))
    }

  /// The methods of a figure, as functions too: `plot.line(…)` draws into the figure at hand, `plot.figure{…}` begins the next one,
  /// and so does the first call after `plot.show()`.
  private static let quickForm = """
    local plot = ...
    local current
    -- Errors are raised again at the script's line, without this chunk's.
    local function relay(ok, ...)
      if ok then return ... end
      local message = ...
      if type(message) == "string" then message = message:gsub("^nnlua%.plot:%d+: ", "") end
      error(message, 2)
    end
    local make = plot.figure
    function plot.figure(...)
      return relay(pcall(function(...)
        current = make(...)
        return current
      end, ...))
    end
    local function define(name, call)
      plot[name] = function(...)
        local figure = current or make()
        current = name ~= "show" and figure or nil
        return relay(pcall(call, figure, ...))
      end
    end

    """ + Figure.figureClass.names.map { "define('\($0)', function(figure, ...) local result = figure:\($0)(...) return result end)" }.joined(separator: "\n")

  public static let library = Library(
    "nnlua.plot", "Figures, drawn by gnuplot. The functions draw into the figure at hand, `plot.figure{…}` begins the next one.", rows: all,
    types: [Figure.figureClass], lua: quickForm)
}

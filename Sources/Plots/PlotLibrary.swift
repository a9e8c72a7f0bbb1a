package import LuaBridge

/// `nnlua.plot`: figures, drawn by gnuplot.
package enum PlotLibrary {
  package static let all: [Row] =
    Figure.makers
    + Figure.shared.filter { $0.place.contains(.method) }.map { row in
      row.withoutReceiver(example: row.example.replacing("return plot.figure():", with: "plot.figure(); return plot."))
    }

  /// The methods of a figure as functions: `plot.line(…)` draws into the figure at hand (or into one given first), `plot.figure{…}` begins
  /// the next one, and so does the first call after `plot.show()`.
  private static let quickForm = """
    local plot = ...
    local current
    -- Errors of the bridge are raised again at the script's line, without this chunk's; others stay as they are.
    local function relay(ok, ...)
      if ok then return ... end
      local message, ours = ..., 0
      if type(message) == "string" then message, ours = message:gsub("^nnlua%.plot:%d+: ", "") end
      local placed = type(message) ~= "string" or ours == 0 and message:find("^[^\\n]-:%d+: ")
      error(message, placed and 0 or 2)
    end
    local make = plot.figure
    getmetatable(plot).make = make  -- for figures that do not become the one at hand
    function plot.figure(...)
      return relay(pcall(function(...)
        current = make(...)
        return current
      end, ...))
    end
    local function define(name, call)
      plot[name] = function(...)
        if getmetatable((...)) == "nnlua.Figure" then return relay(pcall(call, ...)) end
        -- A graph is a picture of its own.
        if not current or name == "graph" and not current.empty then current = make() end
        local figure = current
        if name == "show" then current = nil end
        return relay(pcall(call, figure, ...))
      end
    end

    """
    + Figure.shared.filter { $0.place.contains(.method) }.map { row in
      "define('\(row.name)', function(figure, ...) local result = figure:\(row.name)(...) return result end)"
    }.joined(separator: "\n")

  package static let library = Library(
    "nnlua.plot", "Figures, drawn by gnuplot. The functions draw into the figure at hand, `plot.figure{…}` begins the next one.", rows: all,
    types: [Figure.figureClass], lua: quickForm)
}

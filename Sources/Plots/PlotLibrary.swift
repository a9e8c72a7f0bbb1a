public import LuaBridge

/// `nnlua.plot`: figures, drawn by gnuplot.
public enum PlotLibrary {
  public static let all: [Row] = []
  public static let library = Library("nnlua.plot", "Figures, drawn by gnuplot.", rows: all)
}

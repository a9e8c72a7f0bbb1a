public import LuaBridge

/// `nnlua.nn.functional`: every function of layers, collected from their homes.
public enum FunctionalLibrary {
  public static let all: [Row] = []
  public static let library = Library("nnlua.nn.functional", "The layers' formulas as functions.", rows: all)
}

public import LuaBridge

/// `nnlua.nn.functional`: every function of layers, collected from their homes.
public enum FunctionalLibrary {
  public static let all: [Row] = [
    Functional.linearRows, Functional.conv1dRows, Functional.conv2dRows, Functional.convTranspose2dRows,
  ].flatMap { $0 }
  public static let library = Library("nnlua.nn.functional", "The layers' formulas as functions.", rows: all)
}

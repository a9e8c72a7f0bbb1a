// What a plugin is written with, and the only module it imports.
@_exported public import Datasets
@_exported public import KernelTable
@_exported public import Kernels
@_exported public import LuaBridge
@_exported public import NeuralNetworks
@_exported public import Tensors

/// The public interface for plugins; `docs/plugins.md` has its change log.
public enum NNLua {
  /// Counts up where a plugin's source may have to change.
  public static let interface = 1
  /// The version of nnlua, as `nnlua --version` shows it.
  public static let version = "0.1.0"
}

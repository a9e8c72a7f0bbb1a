internal import Datasets
package import LuaBridge
internal import NNLua
internal import NeuralNetworks
internal import Plots
internal import Tensors
internal import Training

/// Every module that scripts can `require`, in one place: the command line, help and the tests read this list.
package enum Libraries {
  package static let all: [Library] = [
    RuntimeLibrary.library, RuntimeLibrary.progress, RuntimeLibrary.display, NotebookLibrary.library,
    TensorLibrary.library, LinalgLibrary.library,
    ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library, OptimizerLibrary.library,
    ScheduleLibrary.library, MetricsLibrary.library, TrainLibrary.library, TrainLibrary.options, TrainLibrary.history,
    DataLibrary.library, TransformLibrary.library,
    PlotLibrary.library,
  ]

  /// Makes all of them known to `require`, and plugins too; each is built when first asked for.
  package static func install(in state: LuaState) {
    for library in all { state.install(library) }
    PluginLoader.install(in: state)
  }
}

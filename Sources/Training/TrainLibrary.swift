package import LuaBridge
internal import NeuralNetworks
internal import Tensors

/// `nnlua.train`: the loop around a network, and files that training goes on from.
package enum TrainLibrary {
  package static let all: [Row] = [Fit.rows, CheckpointFile.rows, Support.rows].flatMap { $0 }
  package static let library = Library(
    "nnlua.train", "The loop of training, its history, and files to go on from.", rows: all, types: [historyClass], lua: ShippedFile.text("train.lua"))

  private static let historyClass = LuaClass(
    script: "History",
    """
    What `train.fit` returns: lists with a value for each epoch (train_loss, test_loss, train_accuracy, test_accuracy, lr, seconds, and one for each metric), \
    the number of `epochs`, `interrupted`, and in `stopped` why it ended early.
    """, receiver: "history",
    rows: [
      Row(
        script: "plot",
        """
        Draws train_NAME and test_NAME over the epochs, shows the figure and returns it.
        Errors: a name of which there is nothing to draw.
        """, Param("name", default: "loss", "what to draw"), .option("show", default: true, "false only makes the figure"), place: .method,
        example: Fit.toy + "return nnlua.train.fit(net, {train = loader, loss = nn.MSELoss(), progress = false}):plot(\"loss\", {show = false})",
        returns: "Figure")
    ])
  // The parts of train.lua.
  package static let options = Library("nnlua.train.options", "What fit and evaluate take, checked.", rows: [], lua: ShippedFile.text("train_options.lua"))
  package static let history = Library("nnlua.train.history", "What fit returns.", rows: [], lua: ShippedFile.text("history.lua"))
}

/// The functions of train.lua.
enum Fit {
  static let toy = """
    local x = T.rand(20, 2); local loader = data.DataLoader(data.TensorDataset(x, x:sum(2, {keepdim = true})), {batch_size = 5}); local net = nn.Linear(2, 1); 
    """.trimmingLine

  static let rows: [Row] = [
    Row(
      script: "fit",
      """
      Trains a network: for each epoch, each batch of train: loss, backward, a step of the optimizer; then test is measured. Returns the history:
      lists with one value for each epoch, train_loss, test_loss, train_accuracy, test_accuracy (train_NAME and test_NAME of every metric), lr, seconds;
      epochs (how many are complete), interrupted, stopped (why it ended early: "early_stop", "callback", "interrupted"; else nil);
      history:plot([name][, {show = false}]) draws train_NAME and test_NAME ("loss" by default), shows the figure and returns it.
      Scores against labels or one-hot rows are measured by accuracy unless metrics says otherwise; a metric of a script's own is a function (y, t) → number, and the mean over
      samples counts. callbacks: a function, called after each epoch; or a table {on_begin =, on_batch =, on_epoch =, on_end =}, or a list of these. They get one
      table: net, optimizer, scheduler, history, epoch, epochs, batch, batches, loss, lr, the epoch's train_NAME and test_NAME, in on_batch also x, t, y. A callback
      that returns false ends training.
      early_stop: how many epochs without progress end training, or {patience = 3, metric = "test_loss", min_delta = 0, mode = "min" or "max"}.
      checkpoint: a file written whole after each epoch; with resume = true training goes on from it, bit for bit as if it had never stopped.
      Ctrl-C ends training after the batch, and the history so far is returned; a second Ctrl-C breaks at once. In a log (no terminal) each epoch is one line on standard error.
      Errors: a loader without batches, options that are not known, a checkpoint that does not fit.
      """, Param("net", Module.self, "the network"), .option("train", default: LuaAny?.none, "a DataLoader of what is to be learnt; required"),
      .option("test", default: LuaAny?.none, "a DataLoader to measure on after each epoch"),
      .option("loss", default: LuaAny?.none, "a loss module or a function (y, t) → loss; cross entropy where it is left out"),
      .option("optimizer", default: LuaAny?.none, "an optimizer, or a function net → optimizer; optim.Adam(net) where it is left out"),
      .option("epochs", default: 1, "how often the training set is gone through, with those of a resumed run"),
      .option("scheduler", default: LuaAny?.none, "one of optim.schedule; stepped after each epoch (with the test loss), or each batch where its per_batch is true"),
      .option("metrics", default: LuaAny?.none, "names (accuracy, r2, top_K), or functions by name"),
      .option("checkpoint", default: String?.none, "path of a file to write after each epoch"),
      .option("resume", default: false, "go on from the checkpoint, where there is one"),
      .option("early_stop", default: LuaAny?.none, "patience, or a table"), .option("callbacks", default: LuaAny?.none, "functions to call"),
      .option("on_batch", default: LuaFunction?.none, "called after each batch; false ends training"),
      .option("live_plot", default: LuaAny?.none, "true: show the losses after each epoch; a path: save them there"), .option("progress", default: true, "show a bar"),
      example: toy + "return nnlua.train.fit(net, {train = loader, loss = nn.MSELoss(), epochs = 2, progress = false})", returns: "History"),
    Row(
      script: "evaluate",
      """
      Measures a network, in evaluation mode and without gradients: a table with loss and the metrics, means over all samples: {loss = 0.31, accuracy = 0.92}.
      Errors: a loader without batches.
      """, Param("net", Module.self, "the network"), Param("loader", LuaAny.self, "a DataLoader"), Param("loss", default: LuaAny?.none, "as in fit"),
      .option("metrics", default: LuaAny?.none, "as in fit"), example: toy + "return nnlua.train.evaluate(net, loader, nn.MSELoss())", returns: "table"),
  ]
}

extension String {
  /// Without the line's end that a literal over several lines leaves.
  fileprivate var trimmingLine: String { replacing("\n", with: "") }
}

/// What train.lua, and loops that scripts write themselves, need of Swift.
enum Support {
  static let rows: [Row] = [
    Row(
      results: "evaluating", "Calls f with the network in evaluation mode and gradients off, and returns what it returns; then every module is in the mode it had.",
      Param("net", Module.self, "the network"), Param("f", LuaFunction.self), place: .function,
      example: "local net = nn.Dropout(0.5); return nnlua.train.evaluating(net, function() return net(T.ones(3)) end)", returns: "what f returns"
    ) { stack, net, f in
      let modes = try net.namedModules().map { ($0.module, $0.module.training) }
      try net.setTraining(false)
      // Outer modules pass their mode on: inner ones come after them.
      defer { for (module, mode) in modes { module.training = mode } }
      return try Tape.recording(false) { try call(stack, f) }
    },
    Row(
      results: "hold_interrupts",
      """
      Calls f(interrupted) while Ctrl-C is only noted: interrupted() tells whether it came, so that f can end where nothing is left half done. A second Ctrl-C breaks at once;
      one that f never asked about breaks when f has ended.
      """, Param("f", LuaFunction.self, "gets a function interrupted() → boolean"), place: .function,
      example: "return nnlua.train.hold_interrupts(function(interrupted) return interrupted() end)", returns: "what f returns"
    ) { stack, f in
      try stack.state.holdingInterrupts { interrupted in
        let told = Row("interrupted", "Whether Ctrl-C came.", place: .function) { interrupted() }
        return try call(stack, f, told)
      }
    },
  ]

  private static func call(_ stack: LuaStack, _ f: LuaFunction, _ argument: Row? = nil) throws -> Int32 {
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    let base = stack.top
    stack.copy(f.index)
    if let argument { stack.push(argument) }
    try stack.call(arguments: argument == nil ? 0 : 1, results: -1)
    return stack.top - base
  }
}

import Foundation
import Testing

/// Training as a process: Ctrl-C and kill -9, and what a log shows.
struct TrainingScriptTests {
  /// A network with dropout on shuffled digits; `arg[1]` is the checkpoint.
  private static let setup = """
    local nnlua = require "nnlua"
    local T, nn, optim, data, train = nnlua.tensor, nnlua.nn, nnlua.optim, nnlua.data, nnlua.train
    T.manual_seed(1)
    local digits = data.digits()
    local tr = data.DataLoader(digits:subset(1, 600), {batch_size = 50, shuffle = true})
    local te = data.DataLoader(digits:subset(601, 800), {batch_size = 100})
    local net = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 10))
    local opt = optim.Adam(net, {lr = 0.01})

    """

  /// Sends SIGINT to the script itself, from outside: os.execute's own wait would swallow it.
  private static let interrupt = """
    local function interrupt()
      os.execute('(sleep 0.1; kill -INT ' .. io.open('/proc/self/stat'):read('n') .. ') &')
      local nnlua = require "nnlua"
      local begin = nnlua.clock()
      while nnlua.clock() - begin < 0.6 do end
    end

    """

  @Test func interruptedAfterTheBatch() throws {
    let outcome = try Command.run(
      [
        "-e",
        Self.setup + """
          local whole
          local h = train.fit(net, {train = tr, test = te, optimizer = opt, epochs = 1000000, on_batch = function(state)
            if not whole then print 'begun' io.stdout:flush() end
            whole = state.batch
          end})
          print(h.interrupted, h.stopped, #h.train_loss >= 1, #h.train_loss - h.epochs)
          print(pcall(net, tr:batches()()))
          print('went on')
          """,
      ], interrupt: true)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.first == "begun" && lines.last == "went on")
    #expect(lines.contains { $0.hasPrefix("true\tinterrupted\ttrue\t") })
  }

  /// A second one breaks, even where the script never looks.
  @Test func theSecondOneBreaks() throws {
    let outcome = try Command.run(
      [
        "-e",
        Self.setup + Self.interrupt + """
          train.fit(net, {train = tr, progress = false, on_batch = function()
            interrupt()
            print 'begun' io.stdout:flush()
            while true do end
          end})
          """,
      ], interrupt: true)
    #expect(outcome.status == 130)
    #expect(outcome.errors.contains("interrupted!"))
  }

  /// One that nobody asked about is raised when the function ends; one that was taken is over.
  @Test func heldInterrupts() throws {
    let outcome = try Command.run([
      "-e",
      Self.interrupt + """
        local nnlua = require "nnlua"
        print(nnlua.train.hold_interrupts(function(interrupted)
          local before = interrupted()
          interrupt()
          return before, interrupted(), nnlua.train.hold_interrupts(function(inner) return inner() end)
        end))
        for i = 1, 1000 do end
        nnlua.train.hold_interrupts(function() interrupt() print 'held' end)
        for i = 1, 1000 do end
        print 'too late'
        """,
    ])
    #expect(outcome.output == "false\ttrue\ttrue\nheld\n")
    #expect(outcome.status == 130)
  }

  @Test func killedAndGoneOn() throws {
    let folder = try TemporaryFolder()
    let script = try folder.write(
      "run.lua",
      Self.setup + """
        local path, kill = arg[1], tonumber(arg[2])
        local h = train.fit(net, {train = tr, test = te, optimizer = opt, scheduler = optim.schedule.StepLR(opt, 3, 0.5), epochs = 8, checkpoint = path, resume = true, progress = false,
          on_batch = function(state)
            if state.epoch == kill and state.batch == 4 then os.execute('kill -9 ' .. io.open('/proc/self/stat'):read('n')) end
          end})
        for i = 1, 8 do print(('%a %a %a'):format(h.train_loss[i], h.test_loss[i], h.lr[i])) end
        for _, p in ipairs(net:parameters()) do
          local bits = {}
          for _, v in ipairs(p:reshape(-1):totable()) do bits[#bits + 1] = ('%a'):format(v) end
          print(table.concat(bits, ' '))
        end
        """)
    let whole = try Command.run([script, folder.url.appendingPathComponent("whole").path, "0"])
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(whole.output.split(separator: "\n").count == 12)
    let path = folder.url.appendingPathComponent("cut").path
    for epoch in [1, 3, 6] {
      let cut = try Command.run([script, path, "\(epoch)"])
      #expect(cut.status == 137 && cut.output.isEmpty, "\(cut.errors)")
    }
    let rest = try Command.run([script, path, "0"])
    #expect(rest.output == whole.output)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == ["cut", "run.lua", "whole"])
  }

  /// Without a terminal: one line for each epoch, a warning once where the loss is lost.
  @Test func logs() throws {
    let outcome = try Command.run(["-e", Self.setup + "train.fit(net, {train = tr, test = te, optimizer = opt, epochs = 3})"])
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 3)
    for (i, line) in lines.enumerated() {
      for part in ["epoch \(i + 1)/3", "loss ", "accuracy ", "test_loss ", "test_accuracy "] { #expect(line.contains(part), "\(line)") }
    }
    let lost = try Command.run(["-e", Self.setup + "opt.lr = 1e30 train.fit(net, {train = tr, optimizer = opt, epochs = 2})"])
    #expect(lost.status == 0)
    #expect(lost.errors.split(separator: "\n").filter { $0.contains("the loss is not a number in epoch 1, batch ") }.count == 1, "\(lost.errors)")
  }

  @Test func progressAroundIterators() throws {
    let outcome = try Command.run([
      "-e",
      Self.setup + """
        local n = 0
        for x, t in nnlua.progress(tr:batches(), {title = 'all'}) do n = n + #x end
        for i, x, t in nnlua.progress(tr:enumerate()) do n = n + i end
        print(n)
        """,
    ])
    #expect(outcome.output == "678\n", "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("all  12  "))
  }
}

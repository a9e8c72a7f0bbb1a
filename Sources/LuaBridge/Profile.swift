/// One measurement: sums by op and by layer, and the single events for a trace.
package final class Profile {
  /// What an op or a layer came to; times in nanoseconds.
  package struct Sums: Sendable {
    package internal(set) var calls = 0, forward = 0, backward = 0
    /// Multiplications and additions; `effort` counts those in double precision twice, as a processor does half as many of them in a second.
    package internal(set) var flops = 0.0, effort = 0.0
    /// Bytes and number of tensors' memory blocks taken, and how many of these the system had to give.
    package internal(set) var bytes = 0, blocks = 0, newBlocks = 0
    package var time: Int { forward + backward }
  }

  /// Something that ran from `start` (nanoseconds after the measurement's) for `duration`.
  package struct Event: Sendable {
    package enum Kind: String, Sendable {
      case op, backward, layer
    }
    package let kind: Kind
    let op: Int32, inLayer: Int32
    package let start: Int, duration: Int
    package let flops: Double
    package let bytes: Int
    package var name: String { kind == .layer ? Profile.name(ofLayer: Int(inLayer)) : Profiler.opNames[Int(op)] }
    /// The layer it belongs to, where there is one.
    package var layer: String? { kind == .layer || inLayer == 0 ? nil : Profile.name(ofLayer: Int(inLayer)) }
  }

  enum Frame {
    case script, op, layer
  }

  private struct Entry {
    let frame: Frame, op: Int, layer: Int, isBackward: Bool  // what was running before
    let start: Int
    let flops: Double
    let bytes: Int
  }

  private(set) var frame = Frame.script
  private(set) var op = 0, layer = 0
  private var isBackward = false
  /// Nothing has run inside of what is running.
  private var isLeaf = false
  private var entries: [Entry] = []
  private var opSums: [Sums] = [Sums()], layerSums: [Sums] = [Sums()]
  private var begun = 0, last = 0
  private var isRunning = false

  package private(set) var events: [Event] = []
  private let most: Int
  /// Events beyond the most that are kept.
  package private(set) var leftOut = 0
  /// Nanoseconds from beginning to end, and until the system last had to give memory.
  package private(set) var time = 0, lastNewBlock = 0
  /// Bytes of memory that the system gave, and all work.
  package private(set) var newBytes = 0
  package private(set) var total = Sums()

  /// - events: how many events are kept for a trace.
  package init(events most: Int = 0) {
    self.most = most
    events.reserveCapacity(most)
  }

  func start() {
    begun = Profiler.now()
    last = begun
    isRunning = true
  }

  func stop() {
    guard isRunning else { return }
    while !entries.isEmpty { leave() }  // the script was ended inside of them
    charge(Profiler.now())
    isRunning = false
    time = last - begun
  }

  private func charge(_ now: Int) {
    let spent = now - last
    last = now
    if isBackward {
      opSums[op].backward += spent
      layerSums[layer].backward += spent
    } else {
      opSums[op].forward += spent
      layerSums[layer].forward += spent
    }
  }

  func enter(_ frame: Frame, op: Int, layer: Int? = nil, backward: Bool? = nil) {
    let now = Profiler.now()
    charge(now)
    entries.append(
      Entry(frame: self.frame, op: self.op, layer: self.layer, isBackward: isBackward, start: now, flops: total.flops, bytes: total.bytes))
    self.frame = frame
    self.op = op
    if let layer { self.layer = layer }
    if let backward { isBackward = backward }
    while opSums.count <= op { opSums.append(Sums()) }
    while layerSums.count <= self.layer { layerSums.append(Sums()) }
    isLeaf = true
    // A gradient is no call of its op; a gradient without an op that was seen running is all there is of it.
    if frame == .op, !isBackward || opSums[op].forward == 0 { opSums[op].calls += 1 }
    if frame == .layer { layerSums[self.layer].calls += 1 }
  }

  func leave() {
    guard let entry = entries.popLast() else { return }
    let now = Profiler.now()
    charge(now)
    if frame == .layer, isLeaf { opSums[op].calls += 1 }  // it has computed its result itself
    isLeaf = false
    if most > 0, frame != .script {
      if events.count < most {
        events.append(
          Event(
            kind: frame == .layer ? .layer : isBackward ? .backward : .op, op: Int32(op), inLayer: Int32(layer), start: entry.start - begun,
            duration: now - entry.start, flops: total.flops - entry.flops, bytes: total.bytes - entry.bytes))
      } else {
        leftOut += 1
      }
    }
    frame = entry.frame
    op = entry.op
    layer = entry.layer
    isBackward = entry.isBackward
  }

  func work(_ flops: Double, double: Bool) {
    let effort = double ? 2 * flops : flops
    opSums[op].flops += flops
    opSums[op].effort += effort
    layerSums[layer].flops += flops
    layerSums[layer].effort += effort
    total.flops += flops
    total.effort += effort
  }

  func took(_ bytes: Int) {
    opSums[op].bytes += bytes
    opSums[op].blocks += 1
    layerSums[layer].bytes += bytes
    layerSums[layer].blocks += 1
    total.bytes += bytes
    total.blocks += 1
  }

  func tookNew(_ bytes: Int) {
    opSums[op].newBlocks += 1
    layerSums[layer].newBlocks += 1
    total.newBlocks += 1
    newBytes += bytes
    lastNewBlock = Profiler.now() - begun
  }

  // MARK: results

  /// Time outside of all ops: Lua itself.
  package var outside: Sums { opSums[0] }

  /// Ops that took any time, the longest first.
  package var ops: [(name: String, sums: Sums)] {
    opSums.indices.dropFirst().filter { opSums[$0].time > 0 }.map { (Profiler.opNames[$0], opSums[$0]) }.sorted { $0.sums.time > $1.sums.time }
  }

  /// Layers that ran, each after the one it stands in, in the order of their first call. The sums are a layer's own, without the layers inside.
  package var layers: [(name: String, depth: Int, sums: Sums)] {
    var inside: [Int: [Int]] = [:]
    for id in Profiler.layers.indices.dropFirst() { inside[Profiler.layers[id].parent, default: []].append(id) }
    var found: [(name: String, depth: Int, sums: Sums)] = []
    func walk(_ id: Int, _ depth: Int) {
      if id > 0, id < layerSums.count, layerSums[id].calls > 0 { found.append((Self.name(ofLayer: id), depth, layerSums[id])) }
      for child in inside[id] ?? [] { walk(child, depth + 1) }
    }
    walk(0, -1)
    return found
  }

  private static func name(ofLayer id: Int) -> String {
    let layer = Profiler.layers[id]
    return layer.path.isEmpty ? layer.title : "\(layer.path) \(layer.title)"
  }
}

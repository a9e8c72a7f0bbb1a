#if canImport(Glibc)
  internal import Glibc
#endif

/// Where the time of a script goes: `nnlua --profile`, `nnlua.profile`.
///
/// Everything that is measured says when it begins and when it ends; between two such moments all time belongs to what began last. So the
/// parts add up to the whole, and what runs inside another op is not counted twice. Where nothing is measured each place costs one test.
public enum Profiler {
  /// Whether anything is measured.
  public nonisolated(unsafe) private(set) static var isOn = false
  nonisolated(unsafe) private(set) static var profile = Profile()

  /// Measures into `profile` from now on; what was measured into before stands still until `resume`.
  package static func start(_ profile: Profile) -> Profile? {
    let before = isOn ? self.profile : nil
    self.profile = profile
    profile.start()
    isOn = true
    return before
  }

  /// Ends the measurement, and goes on with the one it interrupted.
  package static func stop(_ profile: Profile, resume before: Profile? = nil) {
    profile.stop()
    guard self.profile === profile else { return }
    isOn = before != nil
    if let before { self.profile = before }
  }

  // MARK: what is measured

  /// A function that a script called. Each `begin…` that answers true is ended by `end`.
  @inline(__always) static func begin(call box: FunctionBox) -> Bool {
    guard isOn else { return false }
    profile.enter(.op, op: opID(box.title))
    return true
  }

  /// A script's own function, called from here: its time is Lua's.
  @inline(__always) static func beginScript() -> Bool {
    guard isOn else { return false }
    profile.enter(.script, op: 0)
    return true
  }

  /// An op inside a layer. What a script's call, another op or a gradient is made of counts as theirs.
  @inline(__always) public static func begin(op name: String) -> Bool {
    guard isOn, profile.frame == .layer else { return false }
    profile.enter(.op, op: opID(name))
    return true
  }

  /// A layer, by its number from `newLayer`; `kind` names what it computes itself, outside of ops and layers inside it.
  public static func begin(layer: Int, kind: String) { profile.enter(.layer, op: opID(kind), layer: layer) }

  /// The whole tape, backwards.
  @inline(__always) public static func beginBackward() -> Bool {
    guard isOn else { return false }
    profile.enter(.op, op: opID("backward"), backward: true)
    return true
  }

  /// One gradient, of the op that `origin` tells.
  @inline(__always) public static func beginGradient(_ op: String, origin: Int) -> Bool {
    guard isOn else { return false }
    profile.enter(.op, op: origin >> 32 == 0 ? opID(op) : origin >> 32, layer: origin & 0xffff_ffff, backward: true)
    return true
  }

  /// Ends what began last.
  public static func end() { profile.leave() }

  /// What is running, for the gradient of an op that is put on the tape now; 0 where nothing is measured.
  @inline(__always) public static var origin: Int { isOn ? profile.op << 32 | profile.layer : 0 }

  /// Counts multiplications and additions of what is running.
  @inline(__always) public static func work(_ a: Int, _ b: Int, _ c: Int, double: Bool) {
    if isOn { profile.work(2 * Double(a) * Double(b) * Double(c), double: double) }
  }

  /// Counts a tensor's memory, and whether it is new from the system.
  @inline(__always) public static func took(_ bytes: Int) { if isOn { profile.took(bytes) } }
  @inline(__always) package static func tookNew(_ bytes: Int) { if isOn { profile.tookNew(bytes) } }

  // MARK: names

  nonisolated(unsafe) private static var opIDs: [String: Int] = ["": 0]
  nonisolated(unsafe) private(set) static var opNames = [""]
  nonisolated(unsafe) private(set) static var layers = [Layer(path: "", title: "", parent: 0)]

  struct Layer {
    /// As a script reaches it: "net[3]"; empty for one that belongs to no network.
    let path: String
    let title: String
    let parent: Int
  }

  private static func opID(_ name: String) -> Int {
    if let known = opIDs[name] { return known }
    opIDs[name] = opNames.count
    opNames.append(name)
    return opNames.count - 1
  }

  /// A number for a layer that runs inside layer `parent` (0: inside none).
  public static func newLayer(path: String, title: String, parent: Int) -> Int {
    layers.append(Layer(path: path, title: title, parent: parent))
    return layers.count - 1
  }
  package static var layerCount: Int { layers.count }
  package static var currentLayer: Int { profile.layer }
  package static func path(ofLayer id: Int) -> String { layers[id].path }

  static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec &* 1_000_000_000 &+ time.tv_nsec
  }
}

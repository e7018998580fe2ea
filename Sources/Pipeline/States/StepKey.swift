public import Digests

/// What tells the state of a VM after a step from every other state (DESIGN 4).
///
/// It depends on the source, on the VM's shape, and on all that the steps up to this one do, and on
/// nothing else: not on their names, their place in the file, or the run. So a state that is found
/// by its key is the one that running those steps would give, as far as they themselves give the
/// same each time.
public struct StepKey: Sendable, Hashable {
  /// The checksum.
  public let digest: SHA256Digest

  /// Wraps the checksum of a key.
  public init(_ digest: SHA256Digest) { self.digest = digest }
}

extension StepKey: CustomStringConvertible {
  /// The checksum's beginning, which is enough for people.
  public var description: String { String(digest.hex.prefix(12)) }
}

/// What the first step of a build finds, as names and values: the source, and the VM's shape.
public struct StateRoot: Sendable, Hashable {
  private var fields: [String: String]

  /// The root with these values; each that can change what a step does must be among them.
  public init(_ fields: [String: String]) { self.fields = fields }

  /// The key of the state before the first step.
  public func key() throws(DigestError) -> StepKey {
    var text = KeyText("root")
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) { text.add(name, value) }
    return try text.key()
  }
}

extension StepKey {
  /// The keys of the states after each of `steps`, in order, of a VM that began as `root` says.
  ///
  /// They end before the first step after which there is no state to keep: the one that
  /// generalizes the machine, and updates, which are others on each day.
  public static func keys(
    of steps: [Step], from root: StateRoot
  ) throws(DigestError) -> [StepKey] {
    var keys: [StepKey] = []
    var last = try root.key()
    for step in steps {
      guard let key = try last.next(after: step) else { return keys }
      last = key
      keys.append(key)
    }
    return keys
  }

  /// The key of the state after one more step; `nil` where there is none to keep.
  public func next(after step: Step) throws(DigestError) -> StepKey? {
    try KeyText(of: step, after: self)?.key()
  }
}

/// Names and values of which a key is made, written so that no two lists are the same text.
private struct KeyText {
  private var bytes: [UInt8] = []

  init(_ kind: String) { add("kind", kind) }

  /// What a step does; `nil` where no state is kept after it.
  init?(of step: Step, after last: StepKey) {
    guard step.outline.type != "WindowsUpdate" else { return nil }
    switch step.work {
    case .script(let job):
      self.init("script")
      add(job)
    case .powerShell(let work):
      self.init("powershell")
      add(work.job)
      add("codes", work.validExitCodes.sorted().description)
    case .windowsRestart(let work):
      self.init("restart")
      add("restart", work.digest.hex)
    case .file(let file):
      self.init("file")
      add("file", file.digest.hex)
      add("destination", file.destination)
      add("mode", String(file.mode, radix: 8))
      add("lifetime", file.lifetime.rawValue)
    case .generalize, .windowsUpdate:
      return nil
    }
    add("type", step.outline.type)
    add("after", last.digest.hex)
  }

  private mutating func add(_ job: GuestJob) {
    add("script", job.digest.hex)
    add("user", job.user.rawValue)
    add("interpreter", job.interpreter)
    add("argument", job.interpreterArgument)
  }

  /// Each text has its length before it, so that none can run into the next.
  mutating func add(_ name: String, _ value: String) {
    for text in [name, value] {
      bytes += "\(text.utf8.count):".utf8
      bytes += text.utf8
    }
  }

  func key() throws(DigestError) -> StepKey { StepKey(try SHA256Digest(of: bytes)) }
}

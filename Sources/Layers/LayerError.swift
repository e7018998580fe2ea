internal import Glibc

/// What could not be done with the kept states of this machine.
public struct LayerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why, for those who decide by it.
  public enum Reason: Hashable, Sendable {
    /// No layer has a key that begins so; or more than one has.
    case unknown(matches: Int)
    /// A build uses it.
    case inUse
    /// A file is missing, or not what was written; what is wrong.
    case damaged(String)
    /// The file system refused; its own words.
    case file(String)
    /// Other processes kept the store to themselves for too long.
    case busy
    /// The environment does not say where the cache belongs.
    case nowhere
  }

  /// What was tried, as in "remove the layer `a`".
  public let operation: String
  /// Why it could not be done.
  public let reason: Reason

  init(_ operation: String, _ reason: Reason) {
    self.operation = operation
    self.reason = reason
  }

  /// The file system's refusal of `operation`, with the text of `code`, an `errno`.
  static func refused(_ operation: String, _ code: CInt) -> LayerError {
    LayerError(operation, .file(String(cString: strerror(code))))
  }

  /// What the user reads: `could not <operation>: <why>`.
  public var description: String { "could not \(operation): \(why)" }

  /// What to do next, where there is something.
  public var hint: String? {
    switch reason {
    case .unknown: "`kiln cache ls` lists them"
    case .inUse: "wait until the build has ended"
    case .busy: "run it again"
    case .nowhere: "set XDG_CACHE_HOME to an absolute path"
    case .damaged, .file: nil
    }
  }

  private var why: String {
    switch reason {
    case .unknown(0): "none has a key that begins so"
    case .unknown(let matches): "\(matches) have keys that begin so"
    case .inUse: "a build uses it"
    case .damaged(let what): what
    case .file(let words): words
    case .busy: "other processes keep the cache busy"
    case .nowhere: "neither XDG_CACHE_HOME nor HOME is set"
    }
  }
}

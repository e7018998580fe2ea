internal import FoundationEssentials
internal import Glibc
internal import Pipeline
internal import Synchronization

/// What of a file is at its destination already: one line for each piece that was confirmed, behind
/// a line that says which push it is of.
///
/// It is lost with the machine at worst: then pieces are sent again.
public final class PushLedger: Sendable {
  /// What the destination is marked with, so that another one is not taken for it.
  let mark: String
  /// Where it is.
  public let path: String

  private struct State {
    var done: Set<Int64>
    var file: Int32
  }
  private let state: Mutex<State>

  /// Reads the ledger at `path`, or begins it anew where it is of another file or destination.
  /// - Throws: ``AzureError`` where it can't be written.
  public init(at path: String, for push: String) throws(AzureError) {
    self.path = path
    let lines = (Self.read(path) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
    let head = lines.first?.split(separator: "\t", maxSplits: 1).map(String.init) ?? []
    let isSame = head.count == 2 && head[1] == push
    mark = isSame ? head[0] : UUID().uuidString.lowercased()
    // The last line has no end where it was torn.
    let done = isSame ? lines.dropFirst().dropLast().compactMap { Int64($0) } : []
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (isSame ? O_APPEND : O_TRUNC), 0o600)
    guard file >= 0 else {
      throw AzureError("write `\(path)`", String(cString: strerror(errno)))
    }
    state = Mutex(State(done: Set(done), file: file))
    if isSame, lines.last?.isEmpty == false { try write("\n") }
    if !isSame { try write("\(mark)\t\(push)\n") }
  }

  deinit { state.withLock { _ = close($0.file) } }

  /// Whether a piece was confirmed.
  func has(_ piece: Int64) -> Bool { state.withLock { $0.done.contains(piece) } }

  /// Whether any was.
  var isBegun: Bool { state.withLock { !$0.done.isEmpty } }

  /// Notes that a piece was confirmed.
  func note(_ piece: Int64) throws(AzureError) {
    state.withLock { _ = $0.done.insert(piece) }
    try write("\(piece)\n")
  }

  /// Forgets all pieces: the destination is another one.
  func startOver() throws(AzureError) {
    let head = (Self.read(path) ?? "").split(separator: "\n").first.map(String.init) ?? ""
    state.withLock {
      $0.done = []
      _ = ftruncate($0.file, 0)
      _ = lseek($0.file, 0, SEEK_SET)
    }
    try write(head + "\n")
  }

  /// Removes it: all is there.
  public func remove() { unlink(path) }

  private func write(_ text: String) throws(AzureError) {
    let bytes = Array(text.utf8)
    let written = state.withLock { Glibc.write($0.file, bytes, bytes.count) }
    guard written == bytes.count else {
      throw AzureError("write `\(path)`", String(cString: strerror(errno)))
    }
  }

  private static func read(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}

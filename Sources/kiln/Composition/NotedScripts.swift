import Digests
import Pipeline
import Synchronization

/// The files that a plan was made of.
final class NotedPaths: Sendable {
  private let paths: Mutex<Set<String>>

  /// Begins with the template's file.
  init(_ template: String) { paths = Mutex([template]) }

  /// All so far.
  var all: Set<String> { paths.withLock { $0 } }

  /// Adds a file.
  func note(_ path: String) { paths.withLock { _ = $0.insert(path) } }
}

/// Notes which files scripts come from.
struct NotedScripts: ScriptSource {
  let scripts: Scripts
  let paths: NotedPaths

  func fetch(
    _ uri: String, sha256: SHA256Digest?,
    progress: @escaping @Sendable (_ received: Int, _ total: Int?) -> Void
  ) async throws -> FetchedFile {
    let file = try await scripts.fetch(uri, sha256: sha256, progress: progress)
    paths.note(file.path)
    return file
  }
}

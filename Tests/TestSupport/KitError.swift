#if canImport(Glibc)
  internal import Glibc
#endif

/// A part of the test kit could not do its work, which says nothing about what is tested.
public struct KitError: Error, CustomStringConvertible {
  /// What could not be done, and why.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// The text of `errno`, read at once, before another call changes it.
func lastError() -> String {
  String(cString: strerror(errno))
}

/// What `body` came to, so that a release can run between the body and its error; Swift 6.3 has
/// no `await` in `defer`.
func outcome<Value>(of body: () async throws -> Value) async -> Result<Value, any Error> {
  do { return .success(try await body()) } catch { return .failure(error) }
}

/// Runs a release to its end although the test was cancelled: the only unstructured task here.
func uncancelled(_ release: @escaping @Sendable () async throws -> Void) async throws {
  try await Task { try await release() }.value
}

internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#endif

/// A fresh directory of a test's own, gone when the test is.
public enum ScratchDirectory {
  /// Makes an empty directory that only this user may enter, and removes it, with what is in it,
  /// when `body` returns or throws.
  ///
  /// `body` receives the absolute path, without a slash at its end.
  public static func with<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = try make()
    let outcome = await outcome(of: { try await body(path) })
    try remove(path)
    return try outcome.get()
  }

  private static func make() throws -> String {
    let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    var template = Array("\(base)/kiln-test-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { mkdtemp($0) != nil } ?? false
    }
    let reason = lastError()
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    guard made else { throw KitError("could not make the scratch directory \(path): \(reason)") }
    return path
  }

  /// What a test removed itself is not an error.
  private static func remove(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    try FileManager.default.removeItem(atPath: path)
  }
}

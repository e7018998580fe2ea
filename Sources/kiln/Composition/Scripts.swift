import Azure
import Digests
import Foundation
public import HTTP
public import Pipeline
import SystemPackage

/// Gets scripts and files by `http(s)://`, `file://`, or by a path relative to the template.
struct Scripts: ScriptSource {
  /// Who asks for blobs that not everybody may read.
  struct Identity: Sendable {
    /// Downloads from the cloud's storage accounts, whose certificates it believes.
    let cache: DownloadCache
    /// Gives the fields by which a request for a blob says who asks; `nil` for any other address.
    let fields: @Sendable (String) async throws -> HTTPHeaders?
  }

  private let cache: DownloadCache
  private let base: String
  private let identity: Identity?

  /// Scripts of a template in the directory `base`, with downloads kept in `cache`; `identity` asks
  /// for those that not everybody may read.
  init(relativeTo base: String, cache: DownloadCache, identity: Identity? = nil) {
    self.identity = identity
    self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
    self.cache = cache
  }

  func fetch(
    _ uri: String, sha256: SHA256Digest?,
    progress: @escaping @Sendable (_ received: Int, _ total: Int?) -> Void
  ) async throws -> FetchedFile {
    let scheme = uri.firstRange(of: "://").map { uri[..<$0.lowerBound].lowercased() }
    switch scheme {
    case "http", "https":
      let file = try await download(uri, sha256: sha256) {
        progress(Int($0.received), $0.total.map(Int.init))
      }
      return FetchedFile(
        path: file.path.string, size: Int(file.size), digest: file.digest, mode: 0o644)
    case "file":
      guard let url = URL(string: uri), url.host() ?? "" == "" || url.host() == "localhost" else {
        throw ScriptError(uri, "a file:// URI names a file on this machine: `file:///path`")
      }
      return try await local(url.path(percentEncoded: false), uri, sha256)
    case nil:
      return try await local(uri.hasPrefix("/") ? uri : "\(base)/\(uri)", uri, sha256)
    case let scheme?:
      throw ScriptError(
        uri, "`\(scheme)://` is not supported",
        hint: "use https://, file:// or a path relative to the template")
    }
  }

  /// Downloads what everybody may read, and else what the template's identity may.
  private func download(
    _ uri: String, sha256: SHA256Digest?,
    _ progress: @escaping @Sendable (Download.Progress) -> Void
  ) async throws -> CachedFile {
    do {
      return try await cache.fetch(uri, sha256: sha256, progress: progress)
    } catch let error as HTTPError {
      // An address with a signature says itself who asks.
      guard error.isRefusal, !uri.contains("sig="), let identity,
        let fields = try await fields(for: uri, of: identity, after: error)
      else { throw error }
      return try await identity.cache.fetch(uri, sha256: sha256, fields: fields, progress: progress)
    }
  }

  private func fields(
    for uri: String, of identity: Identity, after refusal: HTTPError
  ) async throws -> HTTPHeaders? {
    do {
      return try await identity.fields(uri)
    } catch let error as CredentialError {
      throw ScriptError(uri, "\(refusal.reason), and \(error)", hint: error.hint)
    }
  }

  private func local(
    _ path: String, _ uri: String, _ expected: SHA256Digest?
  ) async throws -> FetchedFile {
    let (digest, size, mode) = try LocalFile.read(path, for: uri)
    if let expected, expected != digest {
      throw ScriptError(
        uri, "its SHA-256 is \(digest), and the template says \(expected)",
        hint: "put the right sha256Checksum into the template, or the right file in its place")
    }
    return FetchedFile(path: path, size: size, digest: digest, mode: mode)
  }
}

extension HTTPError: Hinting {}

extension HTTPError {
  /// What a storage account answers to somebody whom it does not know.
  ///
  /// That there is no such blob is one of its answers. One in a cloud of the user's own has a certificate of its own.
  fileprivate var isRefusal: Bool {
    if case .status(let status, _) = reason { return [401, 403, 404, 409].contains(status) }
    return isOfCertificate
  }
}

/// A script or file that could not be had.
struct ScriptError: Error, Hinting, CustomStringConvertible {
  private let uri: String
  private let why: String
  let hint: String?

  init(_ uri: String, _ why: String, hint: String? = nil) {
    self.uri = uri
    self.why = why
    self.hint = hint
  }

  var description: String { "could not read `\(uri)`: \(why)" }
}

/// A file on this machine, read once for its checksum.
enum LocalFile {
  private static let pieceSize = 1024 * 1024

  static func read(
    _ path: String, for uri: String
  ) throws -> (digest: SHA256Digest, size: Int, mode: UInt16) {
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly)
      return try file.closeAfter {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
          throw ScriptError(uri, "`\(path)` is not a file")
        }
        var hasher = SHA256Hasher()
        var size = 0
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
        defer { piece.deallocate() }
        while case let count = try file.read(into: piece), count > 0 {
          hasher.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
          size += count
        }
        return (try hasher.finalize(), size, UInt16(status.st_mode & 0o777))
      }
    } catch let error as Errno {
      throw ScriptError(
        uri, "\(error)",
        hint: error == .noSuchFileOrDirectory
          ? "relative paths are looked up beside the template: `\(path)`" : nil)
    }
  }
}

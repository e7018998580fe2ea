internal import Disks
internal import FoundationEssentials
internal import SystemPackage
internal import Template

/// Where a template wants a VHD.
enum VHDAddress {
  case file(FilePath)
  case store(notes: [String])

  /// Reads a target's `uri`: a path, a `file://` URL, nothing, or an address in a cloud, which
  /// can't be written to from here.
  init(_ uri: String?, _ operation: String) throws(ImageError) {
    guard let uri, !uri.isEmpty else {
      self = .store(notes: [])
      return
    }
    guard let scheme = uri.firstRange(of: "://").map({ uri[..<$0.lowerBound].lowercased() }) else {
      if uri.hasPrefix("[") || uri.contains("<") {
        throw ImageError(operation, .address("a part of it is still open"))
      }
      self = .file(Self.absolute(uri))
      return
    }
    let rest = uri.dropFirst(scheme.count + 3)
    switch scheme {
    case "http", "https":
      self = .store(notes: [
        "the VHD stays on this machine: it is not uploaded to `\(Self.withoutQuery(uri))`"
      ])
    case "file":
      let host = rest.prefix { $0 != "/" }
      guard ["", "localhost"].contains(host.lowercased()) else {
        throw ImageError(operation, .address("`\(host)` is another machine"))
      }
      guard let path = Self.decoded(rest.dropFirst(host.count)), path.count > 1
      else { throw ImageError(operation, .address("it names no file")) }
      self = .file(FilePath(path))
    default:
      throw ImageError(operation, .address("`\(scheme)://` is no file of this machine"))
    }
  }

  /// What AIB's own names look like: `Tmp1_20210312111014` (`aib.md` d.4).
  static func name(for output: RunOutputName, at time: Date) -> String {
    let digits = time.formatted(.iso8601).filter(\.isNumber).prefix(14)
    return "\(output.fileName)_\(digits)"
  }

  /// The path of another format of the VHD at `path`.
  static func beside(_ path: FilePath, _ format: DiskFormat) -> FilePath {
    var other = path
    other.extension = format.rawValue
    return other == path ? FilePath("\(path).\(format.rawValue)") : other
  }

  /// The address of a file of this machine.
  static func url(of path: FilePath) -> String {
    let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
    let text = path.string.utf8.map { byte in
      allowed.contains(byte)
        ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return "file://" + text.joined()
  }

  /// The text without its `%2F`s; `nil` where it has one that is none.
  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), value != 0
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// A SAS token is a secret.
  private static func withoutQuery(_ uri: String) -> Substring { uri.prefix { $0 != "?" } }

  private static func absolute(_ path: String) -> FilePath {
    DiskImage(FilePath(path), format: .vhd).path
  }
}

internal import Digests
internal import Disks
internal import SystemPackage
internal import Template

extension CatalogReader {
  /// What can't be booted before something has unpacked it.
  private static let packed = ["xz", "gz", "bz2", "zst", "zip", "7z", "tar", "tgz"]

  /// What an entry may say that its disk boots with: whoever writes it knows.
  private static let firmwares: [Firmware] = [.bios, .uefi, .either]

  /// The disk of an entry that has `url` or `path`.
  mutating func disk(_ fields: Fields) -> CatalogDisk? {
    let location = fields["url"] == nil ? file(fields) : address(fields)
    let format = format(fields)
    let user = user(fields)
    let architecture = choice("architecture", in: fields, of: Architecture.allCases) ?? .amd64
    let firmware =
      choice("firmware", in: fields, of: Self.firmwares)
      ?? (architecture == .arm64 ? .uefi : .either)
    let versions = versions(fields)
    let newest = newest(fields)
    guard let location, let format, let user else { return nil }
    return CatalogDisk(
      location: location, format: format, user: user, firmware: firmware,
      architecture: architecture, versions: versions, newest: newest)
  }

  private mutating func file(_ fields: Fields) -> DiskLocation? {
    let sha256 = sha256(fields)
    for name in ["checksums", "versions", "newest"] {
      guard let field = fields[name] else { continue }
      fail(
        field, .oneOrTheOther, "`\(name)` goes with `url`, and this entry has `path`",
        hint: "leave it out")
    }
    guard let field = fields["path"], let text = text(field) else { return nil }
    if text.hasPrefix("~") || text.utf8.contains(0) {
      fail(
        field, .badPath, "\(quoted(text)) is no path",
        hint: "write it in full: only a shell knows `~`")
      return nil
    }
    guard case .user(let catalog) = owner else { return nil }
    // Relative to the file: what it says must not depend on where Kiln was started.
    let path = FilePath(text)
    return .file(
      catalog.removingLastComponent().pushing(path).lexicallyNormalized(), sha256: sha256)
  }

  private mutating func address(_ fields: Fields) -> DiskLocation? {
    let url = web("url", in: fields, schemes: ["https", "http"])
    let sha256 = sha256(fields)
    // A list that came unencrypted proves nothing.
    let list = web("checksums", in: fields, schemes: ["https"])
    switch (fields["sha256"], fields["checksums"]) {
    case (nil, nil):
      findings.fail(
        .noChecksum,
        "an entry with `url` needs `sha256` or `checksums`: nothing else tells that the right "
          + "disk came", at: fields.position, path: fields.path,
        hint: "`sha256` is the disk's own, `checksums` the address of the publisher's list")
      return nil
    case (_?, let second?):
      fail(
        second, .oneOrTheOther, "an entry has either `sha256` or `checksums`",
        hint: "remove one of the two")
      return nil
    default: break
    }
    guard let url else { return nil }
    if let sha256 { return .url(url, .sha256(sha256)) }
    return list.map { .url(url, .listed(at: $0)) }
  }

  /// An address in a field; `nil` where it is absent or none.
  private mutating func web(
    _ name: String, in fields: Fields, schemes: [String]
  ) -> String? {
    guard let field = fields[name], let text = text(field) else { return nil }
    let fits = schemes.contains { scheme in
      text.lowercased().hasPrefix("\(scheme)://") && text.utf8.count > scheme.utf8.count + 3
    }
    if fits, !text.contains(where: \.isWhitespace) { return text }
    fail(
      field, .badAddress, "\(quoted(text)) is no address that can be used here",
      hint: "it begins with " + schemes.map { "`\($0)://`" }.joined(separator: " or "))
    return nil
  }

  private mutating func sha256(_ fields: Fields) -> SHA256Digest? {
    guard let field = fields["sha256"], let text = text(field) else { return nil }
    if let digest = SHA256Digest(hex: text) { return digest }
    fail(
      field, .badChecksum,
      "\(quoted(text)) is no SHA-256 checksum: it must be 64 hexadecimal digits",
      hint: "`sha256sum` prints it")
    return nil
  }

  private mutating func format(_ fields: Fields) -> DiskFormat? {
    let field = fields["url"] ?? fields["path"]
    guard let field, case .string(let text) = field.value.content else { return nil }
    let address = text.prefix { $0 != "?" && $0 != "#" }.lowercased()
    let ending = String(address.split(separator: "/").last?.split(separator: ".").last ?? "")
    if Self.packed.contains(ending) {
      fail(
        field, .packedDisk, "a disk that is packed as `.\(ending)` is not supported",
        hint: "unpack it, and name the result with `path`")
      return nil
    }
    if fields["format"] != nil { return choice("format", in: fields, of: DiskFormat.allCases) }
    if let known = DiskFormat(rawValue: ending) { return known }
    findings.fail(
      .missingField, "an entry needs the field `format`: the name `.\(ending)` doesn't tell it",
      at: fields.position, path: fields.path,
      hint: "it is one of \(list(DiskFormat.allCases.map(\.rawValue)))")
    return nil
  }

  private mutating func user(_ fields: Fields) -> String? {
    guard let field = require("user", in: fields), let text = text(field) else { return nil }
    let isName = text.unicodeScalars.allSatisfy { scalar in
      scalar.value > 0x20 && scalar.value != 0x7F && !":/@".unicodeScalars.contains(scalar)
    }
    if isName, !text.hasPrefix("-") { return text }
    fail(field, .badUser, "\(quoted(text)) is no name of a user")
    return nil
  }

  private mutating func versions(_ fields: Fields) -> VersionRule? {
    guard let inner = object("versions", in: fields, known: ["pattern", "url", "checksums"])
    else { return nil }
    let pattern = pattern(inner)
    let url = web("url", in: inner, schemes: ["https"])
    let checksums = web("checksums", in: inner, schemes: ["https"])
    for name in ["url", "checksums"] { _ = require(name, in: inner) }
    guard let pattern, let url, let checksums else { return nil }
    if pattern.names.isEmpty || !pattern.names.allSatisfy({ url.contains("{\($0)}") }) {
      findings.fail(
        .badPattern,
        "the parts of `pattern` must stand in `url`, or all versions would have one disk",
        at: inner.position, path: inner.path)
      return nil
    }
    return VersionRule(pattern: pattern, url: url, checksums: checksums)
  }

  private mutating func newest(_ fields: Fields) -> NewestRule? {
    guard let inner = object("newest", in: fields, known: ["pattern", "file"]) else { return nil }
    let file = web("file", in: inner, schemes: ["https"])
    return pattern(inner).map { NewestRule(file: file, pattern: $0) }
  }

  private mutating func pattern(_ fields: Fields) -> TextPattern? {
    guard let field = require("pattern", in: fields), let text = text(field) else { return nil }
    do throws(BadPattern) {
      return try TextPattern(text)
    } catch {
      fail(field, .badPattern, "\(quoted(text)) is no pattern: \(error.why)")
      return nil
    }
  }
}

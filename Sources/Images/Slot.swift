internal import Digests
internal import SystemPackage
internal import Template

/// The place of an image in the store: a directory with a directory for each time it was made.
///
/// The highest number is the image; a lower one is there only while a build still has it as its
/// base. So a new one takes the place of an old one by one rename, and no file ever changes under
/// a running machine.
struct Slot {
  let path: FilePath

  /// The newest of the image's directories; `nil` where there is none.
  func newest() throws(ImageError) -> FilePath? {
    try generations().last.map { path.appending("\($0)") }
  }

  /// The numbers of the image's directories, in order.
  func generations() throws(ImageError) -> [Int] {
    try Files.names(in: path).compactMap { Int($0) }.sorted()
  }
}

/// Where images are in the store.
///
/// Ids are the same where they differ only in case, as in Azure, and others where they differ in
/// subscription or resource group alone: the checksum of the whole id is a part of each name.
struct StoreLayout {
  let root: FilePath

  /// What is being made, or being removed.
  var partial: FilePath { root.appending(".partial") }
  var managed: FilePath { root.appending("managed") }
  var galleries: FilePath { root.appending("galleries") }
  var vhds: FilePath { root.appending("vhds") }

  func managedImage(_ id: ResourceID) throws(ImageError) -> Slot {
    Slot(path: managed.appending(try Self.name(of: id.text, key: id.text.lowercased())))
  }

  /// The directory with the versions of an image definition.
  func definition(_ id: ResourceID) throws(ImageError) -> FilePath {
    galleries.appending(Self.plain(ImageNames(definition: id).gallery))
      .appending(try Self.name(of: id.text, key: id.text.lowercased()))
  }

  func version(_ version: ImageVersion, of definition: ResourceID) throws(ImageError) -> Slot {
    Slot(path: try self.definition(definition).appending("\(version)"))
  }

  /// A VHD somewhere else; the record of it is here.
  func vhd(at path: FilePath) throws(ImageError) -> Slot {
    Slot(path: vhds.appending(try Self.name(of: path.string, key: path.string)))
  }

  func vhd(named name: String) -> Slot { Slot(path: vhds.appending(name)) }

  /// A name that people recognize, and that nothing else has whose `key` is another.
  private static func name(of text: String, key: String) throws(ImageError) -> String {
    let last = text.split(separator: "/").last.map(String.init) ?? ""
    do {
      return try "\(plain(last)).\(SHA256Digest(of: key.utf8).hex.prefix(12))"
    } catch {
      throw ImageError("find a place for `\(text)`", .file("\(error)"))
    }
  }

  /// The longest part of a name that people recognize.
  private static let longestName = 80

  /// What a file may be called anywhere: letters, digits, `-`, `_` and `.`, but no `.` at the start.
  private static func plain(_ text: String) -> String {
    let bytes = text.lowercased().utf8.prefix(longestName).enumerated().map { index, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
      case UInt8(ascii: "."): index == 0 ? UInt8(ascii: "_") : byte
      case UInt8(ascii: "-"): byte
      default: UInt8(ascii: "_")
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The names in an id that people use.
struct ImageNames {
  let gallery: String
  let definition: String

  /// Of a definition's id; one that is still open has its parts between the slashes all the same.
  init(definition id: ResourceID) {
    let parts = id.text.split(separator: "/").map(String.init)
    definition = parts.last ?? ""
    gallery = parts.count > 2 ? parts[parts.count - 3] : ""
  }
}

internal import FoundationEssentials
internal import SystemPackage

/// What is known of a disk image without reading the disk.
public struct DiskInfo: Hashable, Sendable {
  /// Where it is and what it is.
  public let image: DiskImage
  /// The size that a machine sees, in bytes.
  public let virtualSize: Int
  /// The room that its file takes, in bytes: what is not written takes none.
  public let actualSize: Int
  /// The disk that it lies over, as its file names it; `nil` for one that stands alone.
  public let backingFile: String?
  /// The file that has its bytes where its own has not; `nil` for nearly all.
  public let dataFile: String?
}

/// What a look through all of an image's own tables came to.
public enum DiskCheck: Hashable, Sendable {
  /// All is well.
  case sound
  /// Room is lost, nothing else; how many clusters.
  case leaks(Int)
  /// The disk's bytes can't be relied on; how many errors.
  case corrupt(Int)
  /// The format has no tables that could be looked through.
  case notApplicable
}

/// The answer of `qemu-img info --output=json`.
struct InfoAnswer: Decodable {
  struct Specific: Decodable {
    struct Inner: Decodable {
      let dataFile: String?
      enum CodingKeys: String, CodingKey { case dataFile = "data-file" }
    }
    let data: Inner?
  }

  let format: String
  let virtualSize: Int
  let actualSize: Int?
  let backingFile: String?
  let specific: Specific?

  enum CodingKeys: String, CodingKey {
    case format
    case virtualSize = "virtual-size"
    case actualSize = "actual-size"
    case backingFile = "backing-filename"
    case specific = "format-specific"
  }
}

/// The answer of `qemu-img check --output=json`.
struct CheckAnswer: Decodable {
  let corruptions: Int?
  let leaks: Int?
  let checkErrors: Int?

  enum CodingKeys: String, CodingKey {
    case corruptions, leaks
    case checkErrors = "check-errors"
  }

  var outcome: DiskCheck {
    let errors = (corruptions ?? 0) + (checkErrors ?? 0)
    if errors > 0 { return .corrupt(errors) }
    return leaks.map { $0 > 0 ? .leaks($0) : .sound } ?? .sound
  }
}

extension Decodable {
  /// Reads an answer of the tool.
  static func answer(_ text: String, to operation: String) throws(DiskError) -> Self {
    do {
      return try JSONDecoder().decode(Self.self, from: Data(text.utf8))
    } catch {
      throw DiskError(operation, .damaged("qemu-img gave an answer that is none: \(text)"))
    }
  }
}

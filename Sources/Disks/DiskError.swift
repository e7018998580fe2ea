internal import SystemPackage
internal import Glibc

/// What could not be done with a disk image.
public struct DiskError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why, for those who decide by it.
  public enum Reason: Hashable, Sendable {
    /// The tool is not installed; its name.
    case toolMissing(String)
    /// The tool refused; its own words.
    case tool(String)
    /// The disk that the image was to be written to is full, or a quota is used up.
    case full
    /// The file system refused; its own words.
    case file(String)
    /// There is a file of that name already.
    case exists
    /// The bytes are of a format that can't be used here; its name.
    case unusable(String)
    /// The image names another file whose bytes it would take in; that file.
    case refersTo(String)
    /// The size is not one that is possible; why.
    case size(String)
    /// What was read is not what it should be; what is wrong.
    case damaged(String)
  }

  /// What was tried, as in "convert `/a` to `/b`".
  public let operation: String
  /// Why it could not be done.
  public let reason: Reason

  /// Describes what could not be done.
  public init(_ operation: String, _ reason: Reason) {
    self.operation = operation
    self.reason = reason
  }

  /// What the user reads: `could not <operation>: <why>`.
  public var description: String { "could not \(operation): \(why)" }

  /// What to do next, where there is something.
  public var hint: String? {
    switch reason {
    case .toolMissing: "install Debian's package qemu-utils, or name the program"
    case .full: "free some space and run it again"
    case .exists: "remove it, or choose another name"
    case .unusable(let format) where Self.packed.contains(format):
      "unpack it first; a disk image is given as it is"
    case .unusable: "convert it to qcow2, raw, VHD, VHDX or VMDK"
    case .refersTo:
      "an image from outside must stand alone: have its maker flatten it by `qemu-img convert`"
    case .tool(let words) where words.contains("\" lock"):
      "something uses the image, a running machine perhaps: end that first"
    case .tool, .file, .size, .damaged: nil
    }
  }

  /// The formats that hold a disk image in a smaller form.
  static let packed: Set = ["gzip", "xz", "zstd", "bzip2", "zip"]

  private var why: String {
    switch reason {
    case .toolMissing(let name): "`\(name)` is not installed"
    case .tool(let words): words
    case .full: "the disk is full"
    case .file(let words): words
    case .exists: "there is a file of that name already"
    case .unusable(let format): "it is a file of format \(format)"
    case .refersTo(let file): "it would take in the bytes of `\(file)`"
    case .size(let why): why
    case .damaged(let what): what
    }
  }

  /// The file system's refusal of `operation`.
  static func refused(_ operation: String, _ code: Errno) -> DiskError {
    switch code {
    case .noSpace, .diskQuotaExceeded: DiskError(operation, .full)
    case .fileExists: DiskError(operation, .exists)
    default: DiskError(operation, .file(String(cString: strerror(code.rawValue))))
    }
  }

  /// The tool's refusal of `operation`, by what it wrote to its standard error.
  static func tool(_ operation: String, said words: String) -> DiskError {
    let lines = words.split(separator: "\n").map { line in
      line.hasPrefix("qemu-img: ") ? line.dropFirst("qemu-img: ".count) : line
    }
    let text = lines.joined(separator: "; ")
    let isFull = fullness.contains { text.contains($0) }
    return DiskError(operation, isFull ? .full : .tool(text))
  }

  /// What the C library says of a full disk; the tool runs in the C locale.
  private static let fullness = ["No space left on device", "Disk quota exceeded"]
}

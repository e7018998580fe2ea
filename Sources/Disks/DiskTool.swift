public import SystemPackage
internal import Glibc

/// `qemu-img`, which does the work on disk images.
///
/// Each operation names the format of each image, so that qemu-img guesses none. An operation that
/// is cancelled ends the program, and takes away what it had written, before it throws
/// `CancellationError`.
public struct DiskTool: Sendable {
  /// The program: a path, or a name to look for on the `PATH`.
  public let program: String

  /// Names the program.
  public init(_ program: String = "qemu-img") {
    self.program = program
  }

  /// What an image is.
  ///
  /// It may be in use by a machine; what is said of its sizes is then already of the past.
  /// - Throws: ``DiskError``.
  public func info(_ image: DiskImage) async throws -> DiskInfo {
    let operation = "look at `\(image.path)`"
    let end = try await ask(
      ["info", "--output=json", "--force-share", "-f", image.format.toolName, image.path.string],
      for: operation)
    guard end.code == 0 else { throw DiskError.tool(operation, said: end.errors) }
    let answer = try InfoAnswer.answer(end.output, to: operation)
    return DiskInfo(
      image: image, virtualSize: answer.virtualSize, actualSize: answer.actualSize ?? 0,
      backingFile: answer.backingFile, dataFile: answer.specific?.data?.dataFile)
  }

  /// Makes an empty disk of `size` bytes.
  /// - Throws: ``DiskError``, of reason ``DiskError/Reason/exists`` where there is such a file.
  public func createEmpty(at path: FilePath, format: DiskFormat, size: Int) async throws
    -> DiskImage
  {
    let image = DiskImage(path, format: format)
    try await make(image, "make the disk `\(image.path)`") { operation in
      try await create(image, size: size, for: operation)
    }
    return image
  }

  /// How large an overlay is.
  public enum OverlaySize: Hashable, Sendable {
    /// As large as the disk below.
    case same
    /// This many bytes, no fewer than the disk below has.
    case bytes(Int)
  }

  /// Makes a qcow2 disk that holds what differs from `base`, which must not change from then on.
  /// - Throws: ``DiskError``, of reason ``DiskError/Reason/size(_:)`` where `base` is larger.
  public func createOverlay(
    at path: FilePath, on base: DiskImage, size: OverlaySize = .same
  ) async throws -> DiskImage {
    let image = DiskImage(path, format: .qcow2)
    let operation = "make the overlay `\(image.path)` on `\(base.path)`"
    var arguments = [
      "create", "-q", "-f", "qcow2", "-b", base.path.string, "-F", base.format.toolName,
      image.path.string,
    ]
    if case .bytes(let bytes) = size {
      let below = try await info(base).virtualSize
      guard bytes >= below else {
        throw DiskError(
          operation, .size("\(bytes) bytes are fewer than the \(below) of the disk below"))
      }
      arguments.append("\(bytes)")
    }
    try await make(image, operation) { operation in
      try await command(arguments, for: operation)
    }
    return image
  }

  /// Makes a disk larger, to `size` bytes; its partitions stay as they are.
  /// - Throws: ``DiskError``, also for a size that is less than the disk's, and for formats that
  ///   can't grow.
  public func resize(_ image: DiskImage, to size: Int) async throws {
    try await command(
      ["resize", "-q", "-f", image.format.toolName, image.path.string, "\(size)"],
      for: "make `\(image.path)` \(size) bytes large")
  }

  /// Looks through an image's own tables.
  /// - Throws: ``DiskError`` where that can't be done; what it finds is a result.
  public func check(_ image: DiskImage) async throws -> DiskCheck {
    let operation = "check `\(image.path)`"
    let end = try await ask(
      ["check", "--output=json", "-f", image.format.toolName, image.path.string], for: operation)
    switch end.code {
    case 0, 2, 3: return try CheckAnswer.answer(end.output, to: operation).outcome
    case Self.noCheck: return .notApplicable
    default: throw DiskError.tool(operation, said: end.errors)
    }
  }

  /// What `qemu-img check` ends with for a format without tables (qemu-img(1)).
  private static let noCheck: Int32 = 63
}

extension DiskTool {
  /// Makes the file of `image`, runs `body`, and takes the file away where it throws.
  func make(
    _ image: DiskImage, _ operation: String, _ body: (String) async throws -> Void
  ) async throws {
    do {
      // Whoever is there first keeps it: qemu-img itself would write over it.
      try FileDescriptor.open(
        image.path, .writeOnly, options: [.create, .exclusiveCreate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead]
      ).close()
    } catch {
      throw DiskError.refused(operation, error as? Errno ?? .ioError)
    }
    do {
      try await body(operation)
    } catch {
      unlink(image.path.string)
      throw error
    }
  }

  /// Makes an empty disk where a file is already.
  ///
  /// `force_size` keeps qemu-img from rounding a VHD to cylinders, which Azure refuses.
  func create(_ image: DiskImage, size: Int, for operation: String) async throws {
    let fixed = image.format == .vhd ? ["-o", "subformat=fixed,force_size=on"] : []
    try await command(
      ["create", "-q", "-f", image.format.toolName] + fixed + [image.path.string, "\(size)"],
      for: operation)
  }

  /// Runs the program and takes any end but 0 for an error.
  func command(_ arguments: [String], for operation: String) async throws {
    let end = try await ask(arguments, for: operation)
    guard end.code == 0 else { throw DiskError.tool(operation, said: end.errors) }
  }
}

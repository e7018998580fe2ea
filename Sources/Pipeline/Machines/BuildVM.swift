/// Makes VMs to bake in: QEMU or Azure.
public protocol VMProvider: Sendable {
  /// Runs `body` with a VM of its own that starts from `origin`.
  ///
  /// When this returns, however it returns, the VM is gone or was kept on purpose.
  /// - Throws: what `body` throws, or the provider's own error where no VM could be had.
  func withVM<Result: Sendable>(
    from origin: VMOrigin, for plan: Plan,
    _ body: @escaping @Sendable (any BuildVM) async throws -> Result
  ) async throws -> Result
}

/// What the disk of a VM holds at its start.
public enum VMOrigin: Sendable, Equatable {
  /// The template's source image.
  case source
  /// An image that this build has made, to validate it.
  case image(CapturedDisk)
}

/// A VM that an image can be made of.
public protocol BuildVM: Machine {
  /// Waits until the VM has powered itself off, which ``Guest/generalize(by:report:)`` asked it to,
  /// and proves that its disk is generalized.
  /// - Throws: ``DeadlineExceeded`` where it stays up; the provider's error where it went down in
  ///   another way or where the proof is missing.
  func capture() async throws -> CapturedDisk

  /// Lets the VM stay when its scope ends, so that somebody can look into it.
  /// - Returns: what the user has to know of it, a sentence each.
  func keep() async -> [String]
}

/// A VM that somebody watches while it runs: they have to know when it is meant to go down.
public protocol WatchedVM: BuildVM {
  /// From now on the VM may power itself off: what generalizes it is about to begin.
  func mayPowerOff() async

  /// The VM must run on: it was not told to power off, after all.
  func mustRun() async
}

extension Machine {
  /// Runs `body`, which has the machine power itself off unless it throws.
  func departing<Result: Sendable>(
    _ body: () async throws -> Result
  ) async throws -> Result {
    let watched = self as? any WatchedVM
    await watched?.mayPowerOff()
    do {
      return try await body()
    } catch {
      await watched?.mustRun()
      throw error
    }
  }
}

/// The disk of a VM that is off and generalized.
public struct CapturedDisk: Sendable, Equatable {
  /// What its provider knows it by: a path, or a resource id.
  public let reference: String

  /// Names a disk.
  public init(_ reference: String) { self.reference = reference }
}

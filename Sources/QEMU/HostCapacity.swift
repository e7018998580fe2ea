internal import FoundationEssentials
internal import Glibc

/// What the host has for machines at this moment.
public struct HostCapacity: Sendable, Hashable {
  /// The processors that this process may run on.
  public let cpus: Int
  /// The memory, in MiB, that programs can take before the host begins to swap.
  public let memoryAvailable: Int
  /// The bytes that are free for this user in the file system of the directory asked for.
  public let diskFree: Int64

  /// The memory, in MiB, that guests can have: QEMU itself needs some (TCG keeps translated code,
  /// up to a quarter of a GiB), and so do we.
  public var memoryForGuests: Int { memoryAvailable - 512 }

  /// Describes a host.
  public init(cpus: Int, memoryAvailable: Int, diskFree: Int64) {
    self.cpus = cpus
    self.memoryAvailable = memoryAvailable
    self.diskFree = diskFree
  }

  /// Looks at this host.
  ///
  /// `directory` is where machines would be; it exists.
  /// - Throws: ``QEMUError`` where the system does not tell.
  public static func current(directory: String) throws(QEMUError) -> HostCapacity {
    var files = statvfs()
    guard statvfs(directory, &files) == 0 else {
      throw .file("tell how much is free in `\(directory)`", errno)
    }
    guard let memory = memoryAvailable(procFile("/proc/meminfo") ?? "") else {
      throw QEMUError(
        .file, "could not tell how much memory is free", "/proc/meminfo has no `MemAvailable`")
    }
    let bytes = UInt64(files.f_bavail) * UInt64(files.f_frsize)
    return HostCapacity(
      cpus: ProcessInfo.processInfo.activeProcessorCount, memoryAvailable: memory,
      diskFree: Int64(clamping: bytes))
  }

  /// The line of `/proc/meminfo`, in MiB.
  static func memoryAvailable(_ text: String) -> Int? {
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 / 1024 }
  }
}

/// What a machine needs of its host.
public struct HostNeeds: Sendable, Hashable {
  /// Less memory than this, in MiB, starts no system that Azure has images of.
  public static let leastMemory = 512

  /// The memory of the machine, in MiB.
  public var memory: Int
  /// The bytes that its disks may grow by.
  public var disk: Int64

  /// Describes needs.
  public init(memory: Int, disk: Int64) {
    self.memory = memory
    self.disk = disk
  }

  /// Checks that the host has what is needed; nothing is reserved by that.
  ///
  /// `directory` is what is named where its file system is too full.
  /// - Throws: ``QEMUError`` of the kind ``QEMUError/Kind/hostTooSmall``.
  public func check(_ host: HostCapacity, directory: String) throws(QEMUError) {
    let operation = "could not start the virtual machine"
    guard memory <= host.memoryForGuests else {
      throw QEMUError(
        .hostTooSmall, operation,
        "it needs \(memory) MiB of memory and 512 MiB for QEMU, and \(host.memoryAvailable) MiB "
          + "are available",
        hint: "end other programs, or take a smaller vmSize")
    }
    guard disk <= host.diskFree else {
      throw QEMUError(
        .hostTooSmall, operation,
        "it needs up to \(Self.mebibytes(disk)) MiB of disk, and \(Self.mebibytes(host.diskFree)) "
          + "MiB are free at \(directory)",
        hint: "free some disk space, or have the state on another file system")
    }
  }

  private static func mebibytes(_ bytes: Int64) -> Int64 { bytes >> 20 }
}

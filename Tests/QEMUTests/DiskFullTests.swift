import Glibc
import QEMU
import TestSupport
import Testing

/// Root in a container often may not mount.
private let mayMount: Bool = {
  let directory = "/tmp/kiln-mount-\(getpid())"
  guard mkdir(directory, 0o700) == 0 else { return false }
  defer { rmdir(directory) }
  guard mount("tmpfs", directory, "tmpfs", 0, "size=64k") == 0 else { return false }
  return umount(directory) == 0
}()

@Suite(.requires(qemu), .timeLimit(.minutes(2))) struct DiskFullTests {
  @Test(.enabled(if: mayMount, "SKIPPED: needs to mount a tmpfs"))
  func `a full disk of the host halts the machine, and is told`() async throws {
    try await ScratchDirectory.with { directory in
      let small = "\(directory)/small"
      mkdir(small, 0o700)
      try #require(mount("tmpfs", small, "tmpfs", 0, "size=2m") == 0)
      defer { umount(small) }
      try BootSector.write(BootSector.fillDisk, to: "\(directory)/boot.raw")
      let disk = "\(small)/disk.qcow2"
      _ = try await run(
        "qemu-img",
        ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", "\(directory)/boot.raw", disk, "64M"]
      ).succeeded()
      let spec = VMSpec(
        name: "full", directory: "\(directory)/vm", disk: VMSpec.Disk(path: disk),
        firmware: .bios, cpus: 1, memory: 32)
      try await lend(spec) { machine in
        let failure = try await machine.waitForFailure()
        guard case .diskFailed(let disk) = failure else {
          Issue.record("it was \(failure)")
          return
        }
        #expect(disk.hostIsFull)
        #expect("\(failure)" == "the virtual machine was halted: the host's disk is full (disk0)")
        #expect(try await machine.status().status == "io-error")
      }
    }
  }
}

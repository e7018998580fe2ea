import Foundation
import Glibc
import SSH
import TestSupport
import Testing

@testable import QEMU

@Suite(
  .requires(qemu),
  .requiresBaseImage,
  .timeLimit(.minutes(10)))
struct BootTests {
  /// All in one: a boot costs a minute where there is no KVM.
  @Test func `a real system boots to SSH with the keys that it was given, and switches itself off`()
    async throws
  {
    let image = try #require(BaseImage.path)
    try await ScratchDirectory.with { directory in
      let (host, client) = (
        try Ed25519KeyPair.generate(comment: "host"), try Ed25519KeyPair.generate(comment: "client")
      )
      let key = "\(directory)/key"
      try client.privateKey.withBytes { try Data($0).write(to: URL(filePath: key)) }
      let seed = CloudInitSeed(
        user: "builder", authorizedKeys: [client.publicKey],
        hostPrivateKey: host.privateKey.withBytes { String(decoding: $0, as: UTF8.self) },
        hostPublicKey: host.publicKey, hostname: "oven", instanceID: UUID().uuidString)
      try seed.write(to: "\(directory)/seed.iso")
      let disk = "\(directory)/disk.qcow2"
      _ = try await run(
        "qemu-img", ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image, disk, "6G"]
      ).succeeded()
      let finding = try await Accelerator.probe(for: .x86_64, in: directory)
      let spec = VMSpec(
        name: "boot", directory: "\(directory)/vm", disk: VMSpec.Disk(path: disk), cpus: 2,
        memory: 1024, seed: "\(directory)/seed.iso")
      let machine = try await VirtualMachine.start(spec, accelerator: finding.accelerator)
      do {
        try await use(machine, key: key, hostKey: host.publicKey)
      } catch {
        try await machine.kill()
        Issue.record("\(error); the console: \(machine.consoleTail(lines: 20))")
      }
    }
  }

  private func use(_ machine: VirtualMachine, key: String, hostKey: String) async throws {
    var options = SSHOptions()
    options.identities = [key]
    options.hostKeyPolicy = .pinned(hostKey)
    let target = ResolvedTarget(
      user: "builder", host: "127.0.0.1", port: try #require(UInt16(exactly: machine.guestPort)))
    var found: SSHConnection?
    try await waitUntil("the guest to take a login", limit: .seconds(400)) {
      found = try? await SSHConnection.connect(to: target, options: options)
      return found != nil
    }
    let connection = try #require(found)
    #expect(
      try await output(of: "hostname; echo $SHELL; sudo id -un", connection)
        == "oven\n/bin/bash\nroot\n")
    // The root file system has grown over the base image's 4 GiB.
    let size = try await output(of: "df --output=size -BM / | tail -n 1 | tr -dc 0-9", connection)
    #expect(try #require(Int(size)) > 5000)
    let before = try allocated(machine.spec.disk.path)
    let written = "dd if=/dev/urandom of=x bs=1M count=200 status=none; sync"
    _ = try await output(of: written, connection)
    #expect(try allocated(machine.spec.disk.path) - before > 190 << 20)
    _ = try await output(of: "rm x; sync; sudo fstrim /", connection)
    #expect(try allocated(machine.spec.disk.path) - before < 100 << 20)
    await connection.close()
    #expect(try await machine.powerOff(within: .seconds(120)) == .poweredOff)
  }

  /// The bytes that a file takes up on the disk.
  private func allocated(_ path: String) throws -> Int {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return Int(status.st_blocks) * 512
  }

  private func output(of command: String, _ connection: SSHConnection) async throws -> String {
    let channel = try await connection.open(command)
    try await channel.finishInput()
    var text = ""
    while let part = try await channel.read() {
      if case .standard(let bytes) = part { text += String(decoding: bytes, as: UTF8.self) }
    }
    await channel.close()
    return text
  }
}

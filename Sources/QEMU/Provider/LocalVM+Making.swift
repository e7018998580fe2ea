internal import Disks
internal import Foundation
internal import Glibc
internal import Layers
internal import Pipeline
internal import SSH
internal import SystemPackage

// What a VM is made of.
extension LocalVM {
  func makeDirectory() throws {
    guard mkdir(place.directory, 0o700) == 0 || errno == EEXIST else {
      throw MachineError(
        .unavailable, "could not make `\(place.directory)`: \(Errno(rawValue: errno))")
    }
  }

  func makeKeys(_ beginning: VMBeginning, for disk: VMSpec.Disk) async throws -> Keys {
    if case .state(let use, _) = beginning {
      let keys = try use.layer.restoreKeys(to: place)
      try write(knownHost: keys.host)
      return keys
    }
    let identity = try VMIdentity.make(
      in: place.directory, user: Self.user, hostname: "kiln-build", instanceID: name,
      growsPartitions: try await disks.hasRoomToGrow(
        DiskImage(FilePath(disk.path), format: .qcow2)))
    return Keys(client: identity.client.publicKey, host: identity.host.publicKey)
  }

  private func write(knownHost key: String) throws {
    guard
      FileManager.default.createFile(atPath: place.knownHosts, contents: Data("* \(key)\n".utf8))
    else {
      throw MachineError(.unavailable, "could not write the keys of \(place.directory)")
    }
  }

  func makeDisk(_ beginning: VMBeginning) async throws -> VMSpec.Disk {
    let path = beginning.disk(0) ?? place.disk
    let base: DiskImage
    let size: DiskTool.OverlaySize
    switch (beginning, origin) {
    case (.state(let use, _), _): (base, size) = (use.layer.disk(0), .same)
    case (_, .source): (base, size) = (setup.source.image, setup.diskSize)
    case (_, .image(let disk)):
      (base, size) = (DiskImage(FilePath(disk.reference), format: .qcow2), .same)
    }
    _ = try await disks.createOverlay(at: FilePath(path), on: base, size: size)
    return VMSpec.Disk(path: path)
  }

  func makeDataDisks(_ beginning: VMBeginning) async throws -> [VMSpec.Disk] {
    var made: [VMSpec.Disk] = []
    for (index, gigabytes) in setup.dataDisks.enumerated() {
      let path = beginning.disk(index + 1) ?? place.dataDisk(index)
      if case .state(let use, _) = beginning {
        _ = try await disks.createOverlay(at: FilePath(path), on: use.layer.disk(index + 1))
      } else {
        _ = try await disks.createEmpty(at: FilePath(path), format: .qcow2, size: gigabytes << 30)
      }
      made.append(VMSpec.Disk(path: path))
    }
    return made
  }
}

internal import Disks
internal import FoundationEssentials
internal import Glibc
public import Pipeline
internal import SystemPackage

/// The build VM of a run that ended and let it stay, with what whoever goes on in it needs to know.
public struct KeptMachine: Sendable {
  /// The run whose VM it is.
  public let run: RunDirectory
  /// Its directory, as the run's journal names it.
  public let directory: String
  let record: Record

  /// What is written when the VM is kept.
  struct Record: Codable {
    /// What the VM was made of beside its disk.
    let shape: [String: String]
    /// Its name as QEMU knows it.
    let name: String
    /// The files that it writes to, the disk that it starts from first.
    let disks: [String]
    /// The directories of the layers that its disks are in or lie on.
    let layers: [String]
    /// The keys that it is reached with.
    let keys: LocalVM.Keys

    func write(in directory: String) throws {
      let path = VMFile.kept.path(in: directory)
      try JSONEncoder().encode(self).write(to: URL(filePath: path), options: .atomic)
    }
  }

  /// The VM of a run; `nil` where none was kept, or none that can be gone on in.
  public init?(of run: RunDirectory, _ journal: JournalContents) {
    let place = VMPlace(run, .source)
    guard journal.kept.contains(.vm(directory: place.directory)),
      let bytes = try? Data(contentsOf: URL(filePath: VMFile.kept.path(in: place.directory))),
      let record = try? JSONDecoder().decode(Record.self, from: bytes),
      let process = try? ProcessRecord.read(in: place.directory), process.isAlive
    else { return nil }
    self.run = run
    directory = place.directory
    self.record = record
  }

  /// Whether it is of the make that a setup describes.
  public func fits(_ setup: QEMUProvider.Setup) -> Bool { record.shape == setup.shape }

  /// Gives its files to another run.
  func move(to place: VMPlace) throws(MachineError) {
    guard rename(directory, place.directory) == 0 else {
      throw MachineError(
        .unavailable, "could not move `\(directory)` to `\(place.directory)`: \(systemText(errno))")
    }
  }

  /// Gives them back.
  func moveBack(from place: VMPlace) { rename(place.directory, directory) }

  /// What it is made of, at another place.
  func spec(_ setup: QEMUProvider.Setup, at place: VMPlace) -> VMSpec {
    let disks = record.disks.map { path in
      let own = "\(directory)/"
      return path.hasPrefix(own) ? "\(place.directory)/\(path.dropFirst(own.count))" : path
    }.map { VMSpec.Disk(path: $0) }
    return VMSpec(
      name: record.name, directory: place.directory, disk: disks[0],
      dataDisks: Array(disks.dropFirst()), firmware: VMSpec.Firmware(for: setup.source.firmware),
      architecture: setup.source.architecture, cpus: setup.cpus, memory: setup.memory)
  }
}

extension QEMUProvider.Setup {
  /// What a VM of it is, as names and values.
  var shape: [String: String] {
    [
      // Disks name the file that they lie on.
      "path": source.image.path.string, "firmware": "\(source.firmware)",
      "architecture": source.architecture.rawValue, "cpus": "\(cpus)", "memory": "\(memory)",
      "diskSize": "\(diskSize)", "dataDisks": "\(dataDisks)", "accelerator": accelerator.rawValue,
      "user": LocalVM.user,
    ]
  }
}

import Foundation
import QEMU
import TestSupport

/// Boot sectors that do one thing, as machine code of 16 bits.
enum BootSector {
  /// Writes to the power management's port as SeaBIOS sets it up on this board: "off".
  static let powerOff: [UInt8] = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xf4, 0xeb, 0xfd]
  /// Interrupts off, and no work.
  static let idle: [UInt8] = [0xfa, 0xf4, 0xeb, 0xfd]
  /// No interrupt table, then an interrupt: the processor gives up and starts again.
  static let reset: [UInt8] = [0x0f, 0x01, 0x1e, 0xf0, 0x7d, 0xcc]

  /// Writes to the serial port, and waits then.
  static func say(_ text: String) -> [UInt8] {
    let code: [UInt8] = [
      0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x40, 0x7c, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74, 0x03,
      0xee, 0xeb, 0xf8, 0xfa, 0xf4, 0xeb, 0xfd,
    ]
    return padded(code) + Array(text.utf8)
  }

  /// Writes itself and what follows it over the disk again and again, 32 KiB at a time, onwards.
  static let fillDisk: [UInt8] = {
    let code: [UInt8] = [
      0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x40, 0x7c, 0xb4, 0x43, 0xb0, 0x00, 0xcd, 0x13, 0x83, 0x44,
      0x08, 0x40, 0x83, 0x54, 0x0a, 0x00, 0xeb, 0xf0,
    ]
    let request: [UInt8] = [0x10, 0, 64, 0, 0x00, 0x7c, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0]
    return padded(code) + request
  }()

  /// Data of a program lies 64 bytes behind its beginning.
  private static func padded(_ code: [UInt8]) -> [UInt8] {
    code + [UInt8](repeating: 0, count: 64 - code.count)
  }

  /// A raw disk of 1 MiB that starts this program.
  static func write(_ program: [UInt8], to path: String) throws {
    var disk = program + [UInt8](repeating: 0, count: (1 << 20) - program.count)
    (disk[510], disk[511]) = (0x55, 0xaa)
    try Data(disk).write(to: URL(filePath: path))
  }
}

/// Lends a machine that runs a program instead of an operating system, and kills it afterwards.
func withMachine<Value>(
  _ program: [UInt8], _ change: (inout VMSpec) async throws -> Void = { _ in },
  _ body: (VirtualMachine) async throws -> Value
) async throws -> Value {
  try await ScratchDirectory.with { directory in
    try BootSector.write(program, to: "\(directory)/boot.raw")
    var spec = VMSpec(
      name: "test", directory: "\(directory)/vm",
      disk: VMSpec.Disk(path: "\(directory)/boot.raw", format: .raw), firmware: .bios, cpus: 1,
      memory: 32)
    try await change(&spec)
    return try await lend(spec, body)
  }
}

/// Lends a machine, and kills it afterwards.
func lend<Value>(
  _ spec: VMSpec, _ body: (VirtualMachine) async throws -> Value
) async throws -> Value {
  let machine = try await VirtualMachine.start(spec, accelerator: .tcg)
  do {
    let value = try await body(machine)
    try await machine.kill()
    return value
  } catch {
    try await machine.kill()
    throw error
  }
}

/// The `QEMUError` that `body` throws.
func failure(_ body: () async throws -> Void) async throws -> QEMUError {
  do {
    try await body()
  } catch let error as QEMUError {
    return error
  }
  throw NothingThrown()
}

/// A call that should have failed did not.
struct NothingThrown: Error {}

let qemu = "/usr/bin/qemu-system-x86_64"
let qemuForArm = "/usr/bin/qemu-system-aarch64"

import Foundation
import Glibc
import TestSupport
import Testing

@testable import QEMU

@Suite(.requires(qemu), .timeLimit(.minutes(2))) struct MachineTests {
  @Test
  func `a machine with hardware that Windows knows starts from SATA, with e1000 and a screen`()
    async throws
  {
    try await withMachine(BootSector.say("started from SATA\n")) { spec in
      spec.devices = .sata
      spec.display = .vga
      spec.servicePort = 5985
    } _: { machine in
      try await waitUntil("the boot sector to run", limit: .seconds(60)) {
        machine.consoleTail(lines: 3).contains("started from SATA")
      }
      let devices = try await machine.qmp.execute(.monitor("info pci"))
      for name in ["SATA controller", "Ethernet controller", "VGA controller"] {
        #expect(devices.contains(name), "\(devices)")
      }
      // Intel's 82540EM; the disk has no virtio beside it.
      #expect(devices.contains("8086:100e"))
      #expect(!devices.contains("1af4:1001") && !devices.contains("1af4:1000"))
      let network = try await machine.qmp.execute(.monitor("info usernet"))
      #expect(UserNetwork(network).forwardedPort(to: 5985) == machine.guestPort)
    }
  }

  @Test func `more disks than a SATA controller has ports for go to another one`() async throws {
    try await ScratchDirectory.with { directory in
      let more = (1...7).map { "\(directory)/data-\($0).raw" }
      for path in more { try Data(count: 1 << 20).write(to: URL(filePath: path)) }
      try await withMachine(BootSector.say("started\n")) { spec in
        spec.devices = .sata
        spec.dataDisks = more.map { VMSpec.Disk(path: $0, format: .raw) }
      } _: { machine in
        try await waitUntil("the boot sector to run", limit: .seconds(60)) {
          machine.consoleTail(lines: 3).contains("started")
        }
      }
    }
  }

  @Test func `a guest that switches itself off is told from everything else`() async throws {
    try await withMachine(BootSector.powerOff) { machine in
      let result = try await machine.waitForExit()
      #expect(result == .poweredOff)
      #expect(try await machine.waitForFailure() == .ended(.poweredOff))
      #expect(try await machine.powerOff(within: .seconds(1)) == .poweredOff)
    }
  }

  @Test func `the death of QEMU is told within a second`() async throws {
    try await withMachine(BootSector.idle) { machine in
      async let exit = machine.waitForExit()
      let killed = ContinuousClock.now
      kill(machine.pid, SIGKILL)
      let result = try await exit
      #expect(result == .died("was ended by signal 9", lastWords: []))
      #expect(ContinuousClock.now - killed < .seconds(1))
    }
  }

  @Test func `a machine that we kill was killed by us`() async throws {
    try await withMachine(BootSector.idle) { machine in
      let result = try await machine.kill()
      #expect(result == .killed)
      #expect(kill(machine.pid, 0) == -1)
      #expect(try await machine.kill() == .killed)
    }
  }

  @Test func `a guest that is deaf to its power button is made to quit`() async throws {
    try await withMachine(BootSector.idle) { machine in
      let result = try await machine.powerOff(within: .milliseconds(100))
      #expect(result == .quit)
    }
  }

  @Test func `a halted guest is not waited for`() async throws {
    try await withMachine(BootSector.idle) { machine in
      try await machine.stop()
      #expect(try await machine.status() == QMPStatus(running: false, status: "paused"))
      #expect(try await machine.powerOff(within: .seconds(600)) == .quit)
    }
  }

  @Test func `a QEMU that does not answer is killed`() async throws {
    try await withMachine(BootSector.idle) { machine in
      kill(machine.pid, SIGSTOP)
      let result = try await machine.kill()
      #expect(result == .killed)
    }
  }

  @Test func `waiting for the end can be cancelled`() async throws {
    try await withMachine(BootSector.idle) { machine in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: CancellationError.self) { try await machine.waitForFailure() }
        }
        group.cancelAll()
        try await group.waitForAll()
      }
    }
  }

  @Test func `a restart is an event`() async throws {
    try await withMachine(BootSector.reset) { machine in
      let event = await machine.events().first { _ in true }
      #expect(event == .reset(.guest, reason: "guest-reset"))
    }
  }

  @Test func `the console is read without what terminals are steered with`() async throws {
    let said = "\u{1b}[1;31mGRUB\u{1b}[0m \u{1b}]0;title\u{7}loading\u{7}\r\n\r\nlogin: \r\n"
    try await withMachine(BootSector.say(said)) { machine in
      // The line arrives byte by byte: only its end says that it is there as a whole.
      try await waitUntil("the console") { machine.consoleTail(lines: 1) == ["login: "] }
      #expect(machine.consoleTail(lines: 9) == ["GRUB loading^G", "login: "])
      #expect(machine.consoleTail(lines: 0).isEmpty)
    }
  }

  @Test func `the SSH forward listens on the loopback alone`() async throws {
    try await withMachine(BootSector.idle) { machine in
      let hosts = try [1, 2].filter { try isListening(host: $0, port: machine.guestPort) }
      #expect(hosts == [1])
    }
  }

  @Test func `two machines at once have ports of their own`() async throws {
    try await withMachine(BootSector.idle) { first in
      try await withMachine(BootSector.idle) { #expect($0.guestPort != first.guestPort) }
    }
  }

  @Test func `a deep directory and a name with commas are no trouble`() async throws {
    try await withMachine(BootSector.powerOff) { spec in
      spec.directory += "/" + String(repeating: "deep, directory=", count: 12)
      spec.name = "a,b=c"
    } _: { machine in
      let result = try await machine.waitForExit()
      #expect(result == .poweredOff)
    }
  }

  @Test func `two machines can't share a directory`() async throws {
    try await withMachine(BootSector.idle) { machine in
      let error = try await failure {
        _ = try await VirtualMachine.start(machine.spec, accelerator: .tcg)
      }
      #expect(error.kind == .badSpec)
      #expect(error.reason.contains("process \(machine.pid) is a machine of the same directory"))
    }
  }

  @Test func `what QEMU says of a machine that can't start is told`() async throws {
    let error = try await failure {
      try await withMachine(BootSector.idle) {
        $0.disk.format = .qcow2
      } _: { _ in
      }
    }
    #expect(error.kind == .startFailed)
    #expect(error.reason.contains("Image is not in qcow2 format"))
  }

  @Test func `a disk that is missing is named`() async throws {
    let error = try await failure {
      try await withMachine(BootSector.idle) {
        $0.disk.path = "/nowhere/x.qcow2"
      } _: { _ in
      }
    }
    #expect(
      "\(error)"
        == "could not start the virtual machine `test`: its disk /nowhere/x.qcow2: no such "
        + "file or directory")
  }

  @Test func `a UEFI machine has variables of its own`() async throws {
    try await withMachine(BootSector.idle) {
      $0.firmware = .uefi; $0.memory = 128
    } _: { machine in
      let path = VMFile.variables.path(in: machine.spec.directory)
      #expect(FileManager.default.fileExists(atPath: path))
      let result = try await machine.status().running
      #expect(result)
    }
  }

  @Test(.requires(qemuForArm)) func `a machine for Arm starts`() async throws {
    try await withMachine(BootSector.idle) { spec in
      spec.firmware = .uefi
      spec.architecture = .aarch64
      spec.memory = 128
    } _: { machine in
      try await waitUntil("the firmware to speak", limit: .seconds(60)) {
        machine.consoleTail(lines: 50).contains { $0.contains("UEFI") }
      }
    }
  }
}

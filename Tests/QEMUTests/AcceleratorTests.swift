import Foundation
import TestSupport
import Testing

@testable import QEMU

@Suite(.requires(qemu), .timeLimit(.minutes(2))) struct AcceleratorTests {
  @Test func `the probe's guest runs to its end where guests run`() async throws {
    try await expectEnd(of: .x86_64)
  }

  @Test(.requires(qemuForArm))
  func `the probe's guest for Arm runs to its end where guests run`() async throws {
    try await expectEnd(of: .aarch64)
  }

  @Test func `a guest starts with what the probe found`() async throws {
    try await ScratchDirectory.with { directory in
      let begin = ContinuousClock.now
      let finding = try await Accelerator.probe(for: .x86_64, in: directory)
      #expect(ContinuousClock.now - begin < .seconds(10))
      #expect((finding.accelerator == .kvm) == (finding.reason == nil))
      try BootSector.write(BootSector.powerOff, to: "\(directory)/boot.raw")
      let spec = VMSpec(
        name: "found", directory: "\(directory)/vm",
        disk: VMSpec.Disk(path: "\(directory)/boot.raw", format: .raw), firmware: .bios, cpus: 1,
        memory: 32)
      let machine = try await VirtualMachine.start(spec, accelerator: finding.accelerator)
      #expect(try await machine.waitForExit() == .poweredOff)
    }
  }

  @Test func `a guest that hangs is given up, and its QEMU is gone`() async throws {
    try await ScratchDirectory.with { directory in
      let number = "\(directory)/number"
      let hangs = try script("echo $$ >\(number); exec sleep 1000", in: directory)
      let run = try await Accelerator.run(.kvm, on: .x86_64, qemu: hangs, in: directory)
      #expect(run == .failed("a guest did not run to its end within 3.0 seconds"))
      let pid = try #require(
        Int32(String(contentsOfFile: number, encoding: .utf8).dropLast()))
      #expect(ProcessRecord.of(pid: pid) == nil)
    }
  }

  @Test func `a QEMU that can't use KVM is quoted`() async throws {
    try await ScratchDirectory.with { directory in
      let fails = try script("echo 'failed to set MSR 0x10a' >&2; exit 1", in: directory)
      let run = try await Accelerator.run(.kvm, on: .x86_64, qemu: fails, in: directory)
      #expect(run == .failed("QEMU ended with code 1: failed to set MSR 0x10a"))
    }
  }

  @Test func `a KVM in which guests run far slower than translated ones is not used`() {
    #expect(
      Accelerator.slowness(kvm: .milliseconds(2316), translated: .milliseconds(128))
        == "a guest took 2.3 s with KVM and 0.1 s without")
    #expect(Accelerator.slowness(kvm: .milliseconds(361), translated: .milliseconds(120)) != nil)
    #expect(Accelerator.slowness(kvm: .milliseconds(360), translated: .milliseconds(120)) == nil)
    #expect(Accelerator.slowness(kvm: .milliseconds(100), translated: .milliseconds(120)) == nil)
  }

  @Test(.requires(qemuForArm)) func `an architecture that is not the host's is not tried`()
    async throws
  {
    #if arch(x86_64)
      try await ScratchDirectory.with { directory in
        let finding = try await Accelerator.probe(for: .aarch64, in: directory)
        #expect(finding.accelerator == .tcg)
        #expect(finding.reason == "the host's processor is none of aarch64")
      }
    #endif
  }

  private func expectEnd(of architecture: VMSpec.Architecture) async throws {
    let qemu = try Programs.qemu(for: architecture)
    try await ScratchDirectory.with { directory in
      let run = try await Accelerator.run(.tcg, on: architecture, qemu: qemu, in: directory)
      guard case .ended = run else {
        Issue.record("\(run)")
        return
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    }
  }

  private func script(_ text: String, in directory: String) throws -> String {
    let path = "\(directory)/qemu-\(UUID().uuidString)"
    try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
    return path
  }
}

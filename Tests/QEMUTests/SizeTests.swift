import Testing

@testable import QEMU

struct SizeTests {
  @Test(arguments: [
    ("Standard_D1_v2", 1, 3584), ("standard_d2ds_v4", 2, 8192), ("STANDARD_DS14_V2", 16, 114_688),
    ("Standard_B1ls", 1, 512), ("Standard_B2ats_v2", 2, 1024), ("Standard_A0", 1, 768),
    ("Standard_E64s_v3", 64, 442_368), ("Standard_F72s_v2", 72, 147_456),
    ("Standard_D4pls_v6", 4, 8192), ("Standard_D96ads_v5", 96, 393_216),
  ])
  func `a size is found in any capitals`(_ name: String, _ cpus: Int, _ memory: Int) throws {
    let size = try MachineSizes.named(name)
    #expect(size.name.lowercased() == name.lowercased())
    #expect([size.cpus, size.memory] == [cpus, memory])
  }

  @Test func `no name stands for two sizes`() {
    let names = MachineSizes.all.map { $0.name.lowercased() }
    #expect(names.count == Set(names).count)
    #expect(names.count > 300)
  }

  @Test func `an unknown size is told with those that are most like it`() {
    let error = #expect(throws: UnknownMachineSize.self) {
      try MachineSizes.named("Standard_D2sv5")
    }
    #expect(
      error?.description
        == "could not size the build VM: `Standard_D2sv5` is no size that is known here")
    #expect(
      error?.hint == "did you mean Standard_D2s_v5, Standard_D2_v5, Standard_D2s_v3?")
  }

  @Test func `a name like no other gets an example`() {
    let error = #expect(throws: UnknownMachineSize.self) { try MachineSizes.named("huge") }
    #expect(
      error?.hint == "use a size of Azure's A, B, D, E or F families, such as Standard_D2s_v5")
  }

  @Test func `a host that is large enough gives all of it`() throws {
    let host = HostCapacity(cpus: 4, memoryAvailable: 9000, diskFree: 0)
    let fitted = try MachineSizes.named("Standard_D2s_v5").fitted(to: host)
    #expect(fitted == MachineSize.Fitted(cpus: 2, memory: 8192, warning: nil))
  }

  @Test func `a smaller host gives what it has, and says so`() throws {
    let host = HostCapacity(cpus: 2, memoryAvailable: 4608, diskFree: 0)
    let fitted = try MachineSizes.named("Standard_D4s_v5").fitted(to: host)
    #expect([fitted.cpus, fitted.memory] == [2, 4096])
    #expect(
      fitted.warning
        == "the host is smaller than Standard_D4s_v5: the build VM has 2 of 4 processors "
        + "and 4096 of 16384 MiB of memory")
  }

  @Test func `a full host does not make a machine of no memory`() throws {
    let host = HostCapacity(cpus: 2, memoryAvailable: 300, diskFree: 0)
    #expect(try MachineSizes.named("Standard_D2s_v5").fitted(to: host).memory == 512)
  }
}

struct HostTests {
  @Test func `this host is looked at`() throws {
    let host = try HostCapacity.current(directory: "/tmp")
    #expect(host.cpus > 0)
    #expect(host.memoryAvailable > 0)
    #expect(host.diskFree > 0)
  }

  @Test func `a directory that does not exist is told`() {
    let error = #expect(throws: QEMUError.self) {
      try HostCapacity.current(directory: "/nowhere")
    }
    #expect(
      error?.description
        == "could not tell how much is free in `/nowhere`: no such file or directory")
  }

  @Test func `the available memory is read in MiB`() {
    let text = "MemTotal:       99 kB\nMemFree:  1 kB\nMemAvailable:   2097152 kB\n"
    #expect(HostCapacity.memoryAvailable(text) == 2048)
    #expect(HostCapacity.memoryAvailable("MemTotal: 1 kB\n") == nil)
  }

  @Test func `a host that has enough is let through, to the last byte`() throws {
    try HostNeeds(memory: 1024, disk: 5000).check(host, directory: "/x")
  }

  @Test func `too little memory is told`() {
    let error = #expect(throws: QEMUError.self) {
      try HostNeeds(memory: 1025, disk: 0).check(host, directory: "/x")
    }
    #expect(error?.kind == .hostTooSmall)
    #expect(
      error?.reason
        == "it needs 1025 MiB of memory and 512 MiB for QEMU, and 1536 MiB are available")
  }

  @Test func `too little disk is told`() {
    let error = #expect(throws: QEMUError.self) {
      try HostNeeds(memory: 512, disk: 8 << 30).check(host, directory: "/x")
    }
    #expect(error?.kind == .hostTooSmall)
    #expect(error?.reason == "it needs up to 8192 MiB of disk, and 0 MiB are free at /x")
  }

  private let host = HostCapacity(cpus: 2, memoryAvailable: 1536, diskFree: 5000)
}

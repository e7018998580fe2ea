internal import FoundationEssentials

/// The command line of one machine's QEMU.
///
/// Every disk is a block node with a name, so that snapshots can be taken of it later by name.
struct CommandLine {
  let spec: VMSpec
  let accelerator: Accelerator
  /// The firmware's code, where it is UEFI; its variables are the machine's own file.
  let uefi: UEFIFiles?

  /// The descriptor that QEMU finds the conversation at.
  static let channel: Int32 = 3

  /// The arguments, without the program's name.
  func arguments() throws(QEMUError) -> [String] {
    try general() + (try firmware()) + (try disks()) + devices()
  }

  private func general() throws(QEMUError) -> [String] {
    [
      "-no-user-config", "-nodefaults", "-display", "none",
      "-name", "guest=\(escaped(spec.name))",
      "-machine", machine,
      "-cpu", accelerator.processor(for: spec.architecture),
      "-smp", "\(spec.cpus)", "-m", "\(spec.memory)",
      // A guest that has crashed is kept as it is: a restart would look like a slow step.
      "-action", "panic=pause",
      // Nothing happens before there is somebody to see it.
      "-S",
    ] + accelerator.arguments + (spec.keptMemory == nil ? [] : ["-incoming", "defer"]) + [
      "-chardev", "socket,id=qmp,fd=\(Self.channel)", "-mon", "chardev=qmp,mode=control",
      // For whoever takes up a machine that was kept.
      "-chardev", "socket,id=monitor,path=\(VMFile.monitor.rawValue),server=on,wait=off",
      "-mon", "chardev=monitor,mode=control",
      "-chardev", "file,id=console,path=\(VMFile.console.rawValue),append=on",
      "-serial", "chardev:console",
    ]
  }

  private var machine: String {
    let board = spec.architecture == .x86_64 ? "q35" : "virt,gic-version=max"
    return uefi == nil ? board : board + ",pflash0=code,pflash1=variables"
  }

  private func firmware() throws(QEMUError) -> [String] {
    guard let uefi else { return [] }
    return try ["-blockdev", file("code", uefi.code, readOnly: true)]
      + ["-blockdev", file("variables", VMFile.variables.rawValue, readOnly: false)]
  }

  /// The disk that it starts from is `disk0`, the others follow; the seed is `seed`.
  private func disks() throws(QEMUError) -> [String] {
    let all = [spec.disk] + spec.dataDisks
    var arguments = controllers(for: all.count + (spec.seed == nil ? 0 : 1))
    for (index, disk) in all.enumerated() {
      arguments += ["-blockdev", try node("disk\(index)", disk)]
      // Whatever goes wrong with the file makes the image worthless: the machine is halted, and
      // the event says why. The guest would only see a broken disk.
      let device = "\(self.disk(index)),drive=disk\(index),id=device-disk\(index)"
      let start = index == 0 ? ",bootindex=0" : ""
      arguments += ["-device", "\(device),werror=stop,rerror=stop\(start)"]
    }
    if let seed = spec.seed {
      // As a disk: the kernels of cloud images have no driver for CD drives.
      arguments += ["-blockdev", try file("seed", seed, readOnly: true)]
      arguments += ["-device", "\(disk(all.count)),drive=seed,id=device-seed"]
    }
    return arguments
  }

  /// How many disks a SATA controller has ports for.
  private static let sataPorts = 6

  private func controllers(for disks: Int) -> [String] {
    guard spec.devices == .sata else { return [] }
    return (0...(disks - 1) / Self.sataPorts).flatMap { ["-device", "ahci,id=sata\($0)"] }
  }

  private func disk(_ number: Int) -> String {
    switch spec.devices {
    case .virtio: "virtio-blk-pci"
    case .sata: "ide-hd,bus=sata\(number / Self.sataPorts).\(number % Self.sataPorts)"
    }
  }

  private func devices() -> [String] {
    [
      // IPv6 behind QEMU's network leads nowhere on most hosts, and guests wait for it.
      "-netdev", "user,id=net0,ipv6=off,hostfwd=tcp:127.0.0.1:0-:\(spec.servicePort)",
      "-device", "\(network),netdev=net0,id=device-net0,romfile=",
      "-object", "rng-builtin,id=rng0",
      "-device", "virtio-rng-pci,rng=rng0,id=device-rng0",
      "-device", spec.architecture == .x86_64 ? "pvpanic" : "pvpanic-pci",
    ] + generation + display + agentPort
  }

  private var network: String { spec.devices == .virtio ? "virtio-net-pci" : "e1000" }

  /// Arm's firmware has no driver for VGA.
  private var display: [String] {
    guard spec.display == .vga else { return [] }
    return ["-device", spec.architecture == .x86_64 ? "VGA,id=device-display" : "ramfb"]
  }

  /// What the guest calls the port, and QEMU when it tells that somebody opens or closes it.
  static let agentPortName = "kiln.agent"

  private var agentPort: [String] {
    guard spec.hasAgentPort else { return [] }
    let name = Self.agentPortName
    return [
      "-chardev", "socket,id=agent,path=\(VMFile.agentPort.rawValue),server=on,wait=off",
      "-device", "virtio-serial-pci,id=serial,max_ports=2",
      "-device", "virtserialport,bus=serial.0,nr=1,chardev=agent,id=\(name),name=\(name)",
    ]
  }

  /// Tells the guest's kernel that its memory was another machine's before, so that it draws new
  /// random numbers.
  ///
  /// QEMU has it for boards with ACPI's tables of x86-64 only.
  private var generation: [String] {
    spec.architecture == .x86_64 ? ["-device", "vmgenid,guid=auto,id=device-generation"] : []
  }

  /// A disk that gives freed and zeroed blocks back to the host.
  ///
  /// Flushes do not reach the host's disk: they guard against a crash of the host, and that ends
  /// the build anyway, whose disk is thrown away then.
  private func node(_ name: String, _ disk: VMSpec.Disk) throws(QEMUError) -> String {
    try json(.object(Self.node(name, disk.path, disk.format.rawValue)))
  }

  /// An overlay that is put over a disk while the machine runs: what it lies on is open already.
  static func overlay(_ name: String, _ path: String) -> [String: JSON] {
    node(name, path, "qcow2").merging(["backing": .null]) { _, new in new }
  }

  private static func node(
    _ name: String, _ path: String, _ format: String
  ) -> [String: JSON] {
    [
      "driver": .string(format), "node-name": .string(name),
      "discard": "unmap", "detect-zeroes": "unmap", "cache": ["direct": false, "no-flush": true],
      "file": [
        "driver": "file", "filename": .string(path), "node-name": .string("file-\(name)"),
        "discard": "unmap", "aio": "threads", "cache": ["direct": false, "no-flush": true],
      ],
    ]
  }

  private func file(_ name: String, _ path: String, readOnly: Bool) throws(QEMUError) -> String {
    try json([
      "driver": "raw", "node-name": .string(name), "read-only": .boolean(readOnly),
      "file": [
        "driver": "file", "filename": .string(path), "node-name": .string("file-\(name)"),
        "read-only": .boolean(readOnly),
      ],
    ])
  }

  private func json(_ value: JSON) throws(QEMUError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      throw QEMUError(.badSpec, "could not describe \(spec.name) to QEMU", "\(error)")
    }
  }

  /// QEMU's own lists have commas doubled.
  private func escaped(_ text: String) -> String {
    text.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
  }
}

public import Memory
/// What one virtual machine is made of.
///
/// The network is QEMU's own (slirp): the guest reaches the internet through the host, and nobody
/// reaches the guest but through one forward on the host's loopback. The guest also reaches
/// services on the host's loopback, at 10.0.2.2: QEMU can't close that and leave the internet open
/// (`restrict=on` closes both). What runs in a build VM is the template's own scripts, so it is
/// trusted as far as they are.
public struct VMSpec: Sendable, Hashable {
  /// A disk image file.
  public struct Disk: Sendable, Hashable {
    /// How the file holds the disk.
    public enum Format: String, Sendable, Hashable {
      /// QEMU's own format; it may lie over a backing file.
      case qcow2
      /// The disk's bytes as they are.
      case raw
    }

    /// Where the file is.
    public var path: String
    /// How it holds the disk.
    public var format: Format

    /// Makes a disk of a file that exists.
    public init(path: String, format: Format = .qcow2) {
      self.path = path
      self.format = format
    }
  }

  /// What starts the operating system.
  public enum Firmware: String, Sendable, Hashable {
    /// SeaBIOS: Azure's generation 1. On x86-64 only.
    case bios
    /// UEFI (OVMF, AAVMF): Azure's generation 2.
    case uefi
  }

  /// The guest's processor architecture.
  public enum Architecture: String, Sendable, Hashable, CaseIterable {
    /// AMD and Intel, 64 bits.
    case x86_64
    /// Arm, 64 bits.
    case aarch64
  }

  /// What disks and the network look like to the guest.
  public enum Devices: String, Sendable, Hashable {
    /// Virtio: what needs no imitation of other hardware, and drivers in the guest.
    case virtio
    /// SATA disks and an Intel e1000, for which Windows has drivers.
    case sata
  }

  /// What the guest shows pictures on.
  public enum Display: Sendable, Hashable {
    /// Nothing: it has a serial console.
    case none
    /// A graphics adapter that nobody looks at: Windows does not start without.
    case vga
  }

  /// The machine's name: QEMU shows it in its process title and its messages.
  public var name: String
  /// The directory for everything that belongs to this machine.
  ///
  /// Console log, QEMU's messages, firmware variables, process record. Made with mode 0700 where there is none.
  public var directory: String
  /// The disk that it starts from, and that everything the guest writes goes to.
  public var disk: Disk
  /// More disks, in order.
  public var dataDisks: [Disk]
  /// What starts the operating system.
  public var firmware: Firmware
  /// The guest's processor architecture.
  public var architecture: Architecture
  /// How many virtual processors it has.
  public var cpus: Int
  /// Its memory, in MiB.
  public var memory: Int
  /// The image of a cloud-init seed (see ``CloudInitSeed``), where it has one.
  public var seed: String?
  /// The memory and devices of a machine of the same make, for this one to go on as it was; `nil` where
  /// it boots.
  public var keptMemory: KeptMemory?
  /// What disks and the network look like to the guest.
  public var devices = Devices.virtio
  /// What it shows pictures on.
  public var display = Display.none
  /// Whether one that goes on from a kept state is cut off from its network at first, until
  /// ``VirtualMachine/releaseNetwork()``.
  var holdsNetwork = false
  /// Whether it has a virtio serial port by which an agent in it can be talked to: ``AgentPort``.
  public var hasAgentPort = false
  /// The port of the guest that a port of this host leads to: SSH's, or WinRM's.
  public var servicePort = 22

  /// Describes a machine.
  public init(
    name: String, directory: String, disk: Disk, dataDisks: [Disk] = [],
    firmware: Firmware = .uefi, architecture: Architecture = .x86_64, cpus: Int, memory: Int,
    seed: String? = nil, keptMemory: KeptMemory? = nil
  ) {
    self.name = name
    self.directory = directory
    self.disk = disk
    self.dataDisks = dataDisks
    self.firmware = firmware
    self.architecture = architecture
    self.cpus = cpus
    self.memory = memory
    self.seed = seed
    self.keptMemory = keptMemory
  }
}

/// The files in a machine's directory.
enum VMFile: String {
  /// The overlay on what it starts from.
  case disk = "disk.qcow2"
  /// What cloud-init is told.
  case seed = "seed.iso"
  /// The private key that it is reached with.
  case key
  /// Its host key, as ssh(1) wants it.
  case knownHosts = "known_hosts"
  /// What the guest wrote to its serial port.
  case console = "console.log"
  /// What QEMU wrote to its standard error.
  case messages = "qemu.log"
  /// The machine's own UEFI variables.
  case variables = "uefi-vars.fd"
  /// Which process the machine is.
  case process = "process.json"
  /// Somebody was in it.
  case visited
  /// The socket by which somebody talks to QEMU when the process that started it is gone.
  case monitor
  /// The socket that leads to the agent that listens in the guest.
  case agentPort = "agent"
  /// What whoever takes a machine up again that was kept needs to know of it.
  case kept = "kept.json"

  func path(in directory: String) -> String { "\(directory)/\(rawValue)" }
}

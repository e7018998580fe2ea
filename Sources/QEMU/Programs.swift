internal import FoundationEssentials
internal import Glibc

/// The programs and firmware files that a machine needs, as distributions install them.
public enum Programs {
  /// The path of QEMU for an architecture.
  /// - Throws: ``QEMUError`` that names the package, where it is not installed.
  public static func qemu(for architecture: VMSpec.Architecture) throws(QEMUError) -> String {
    let name = "qemu-system-\(architecture.rawValue)"
    if let path = find(name) { return path }
    let packages =
      switch architecture {
      case .x86_64:
        "install qemu-system-x86 (Debian, Ubuntu, Arch), qemu-system-x86-core (Fedora) "
          + "or qemu-x86 (openSUSE)"
      case .aarch64:
        "install qemu-system-arm (Debian, Ubuntu), qemu-system-aarch64 (Arch), "
          + "qemu-system-aarch64-core (Fedora) or qemu-arm (openSUSE)"
      }
    throw QEMUError(
      .missing, "could not find QEMU", "there is no `\(name)` on the PATH", hint: packages)
  }

  /// Where a program is; some systems keep QEMU for machines, not people, outside of the PATH.
  static func find(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let directories = path.split(separator: ":").map(String.init) + ["/usr/libexec", "/usr/bin"]
    return directories.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }
}

/// The two files of UEFI: the code, and the variables of a machine that never ran.
struct UEFIFiles: Sendable, Hashable {
  /// Read only, shared by all machines.
  let code: String
  /// Copied for each machine.
  let variables: String

  /// The installed files, without secure boot: it asks for a machine with system management mode,
  /// which costs time, and for keys.
  /// - Throws: ``QEMUError`` that names the package, where there are none.
  static func find(for architecture: VMSpec.Architecture) throws(QEMUError) -> UEFIFiles {
    let known = all(for: architecture)
    if let files = known.first(where: {
      access($0.code, R_OK) == 0 && access($0.variables, R_OK) == 0
    }) {
      return files
    }
    let hint =
      switch architecture {
      case .x86_64:
        "install ovmf (Debian, Ubuntu), edk2-ovmf (Fedora, Arch) or qemu-ovmf-x86_64 (openSUSE)"
      case .aarch64:
        "install qemu-efi-aarch64 (Debian, Ubuntu), edk2-aarch64 (Fedora, Arch) "
          + "or qemu-uefi-aarch64 (openSUSE)"
      }
    throw QEMUError(
      .missing, "could not find UEFI for \(architecture.rawValue)",
      "there is neither \(known[0].code) nor one of \(known.count - 1) other usual files",
      hint: hint)
  }

  /// Where distributions put them.
  private static func all(for architecture: VMSpec.Architecture) -> [UEFIFiles] {
    let pairs =
      switch architecture {
      case .x86_64:
        [
          // Debian, Ubuntu
          ("OVMF/OVMF_CODE_4M.fd", "OVMF/OVMF_VARS_4M.fd"),
          ("OVMF/OVMF_CODE.fd", "OVMF/OVMF_VARS.fd"),
          // Fedora
          ("edk2/ovmf/OVMF_CODE.fd", "edk2/ovmf/OVMF_VARS.fd"),
          // Arch
          ("edk2/x64/OVMF_CODE.4m.fd", "edk2/x64/OVMF_VARS.4m.fd"),
          ("edk2-ovmf/x64/OVMF_CODE.fd", "edk2-ovmf/x64/OVMF_VARS.fd"),
          // openSUSE
          ("qemu/ovmf-x86_64-4m-code.bin", "qemu/ovmf-x86_64-4m-vars.bin"),
          ("qemu/ovmf-x86_64-code.bin", "qemu/ovmf-x86_64-vars.bin"),
        ]
      case .aarch64:
        [
          // Debian, Ubuntu
          ("AAVMF/AAVMF_CODE.fd", "AAVMF/AAVMF_VARS.fd"),
          // Fedora
          ("edk2/aarch64/QEMU_EFI-pflash.raw", "edk2/aarch64/vars-template-pflash.raw"),
          // Arch
          ("edk2/aarch64/QEMU_CODE.fd", "edk2/aarch64/QEMU_VARS.fd"),
          // openSUSE
          ("qemu/aavmf-aarch64-code.bin", "qemu/aavmf-aarch64-vars.bin"),
        ]
      }
    return pairs.map { UEFIFiles(code: "/usr/share/\($0)", variables: "/usr/share/\($1)") }
  }
}

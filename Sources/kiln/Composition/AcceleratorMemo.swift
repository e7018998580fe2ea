import Foundation
import QEMU

/// What the probe for KVM found, kept until the machine restarts or QEMU changes: it costs seconds
/// where KVM does not work.
enum AcceleratorMemo {
  private struct Memo: Codable {
    let key: String
    let accelerator: String
    let reason: String?
  }

  /// What was found before, or what the probe finds now.
  static func finding(for architecture: VMSpec.Architecture) async throws -> Accelerator.Finding {
    let key = key(architecture)
    let file = URL(filePath: "\(Places.cache)/accelerator-\(architecture.rawValue).json")
    if let bytes = try? Data(contentsOf: file),
      let memo = try? JSONDecoder().decode(Memo.self, from: bytes), memo.key == key,
      let accelerator = Accelerator(rawValue: memo.accelerator)
    {
      return Accelerator.Finding(accelerator: accelerator, reason: memo.reason)
    }
    let finding = try await Accelerator.probe(for: architecture, in: NSTemporaryDirectory())
    let memo = Memo(
      key: key, accelerator: finding.accelerator.rawValue, reason: finding.reason)
    // A memo that can't be kept costs the next build three seconds, and nothing else.
    try? FileManager.default.createDirectory(
      atPath: Places.cache, withIntermediateDirectories: true)
    try? JSONEncoder().encode(memo).write(to: file, options: .atomic)
    return finding
  }

  /// What the finding depends on: this start of the machine, QEMU's program, and who may open KVM.
  private static func key(_ architecture: VMSpec.Architecture) -> String {
    let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))
    let program = (try? Programs.qemu(for: architecture)) ?? ""
    let attributes = try? FileManager.default.attributesOfItem(atPath: program)
    let changed = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    let allowed = FileManager.default.isWritableFile(atPath: "/dev/kvm")
    return "\(boot ?? "") \(program) \(changed) \(allowed)"
  }
}

internal import FoundationEssentials
internal import Glibc

/// How QEMU runs a guest's code.
public enum Accelerator: String, Sendable, Hashable {
  /// On the host's own processor, by the kernel's virtualization.
  case kvm
  /// Translated, one thread per virtual processor: ten and more times slower, and works anywhere.
  case tcg

  /// What a probe found.
  public struct Finding: Sendable, Hashable {
    /// What to use.
    public let accelerator: Accelerator
    /// Why it is not KVM, as the end of a sentence; `nil` where it is.
    public let reason: String?

    /// Says what was found.
    public init(accelerator: Accelerator, reason: String?) {
      self.accelerator = accelerator
      self.reason = reason
    }
  }

  /// How long the probe's guest may take; where it works it takes a quarter of a second.
  private static let probeLimit = Duration.seconds(3)

  /// With KVM, a guest that took no longer than this is not compared with a translated one.
  private static let quick = Duration.milliseconds(800)

  /// Finds out what to use, by running a guest.
  ///
  /// That `/dev/kvm` opens proves little: in nested and confined environments QEMU then ends at
  /// the first processor, or the guest hangs, or runs so slowly that translating is faster by far.
  /// So a small guest is run, which goes the way that a kernel goes: long mode, paging, timer
  /// interrupts. It takes a few seconds at most; keep the answer.
  /// - Parameters:
  ///   - architecture: The guest's processor architecture.
  ///   - directory: Where the probe may keep its files meanwhile.
  /// - Returns: What to use, and why.
  /// - Throws: ``QEMUError`` where QEMU is not installed or can't be started at all.
  public static func probe(
    for architecture: VMSpec.Architecture, in directory: String
  ) async throws -> Finding {
    let qemu = try Programs.qemu(for: architecture)
    if let reason = obstacle(for: architecture) {
      return Finding(accelerator: .tcg, reason: reason)
    }
    let reason = try await fault(ofKVMOn: architecture, qemu: qemu, in: directory)
    return Finding(accelerator: reason == nil ? .kvm : .tcg, reason: reason)
  }

  /// Why KVM is not what to use; `nil` where it is.
  private static func fault(
    ofKVMOn architecture: VMSpec.Architecture, qemu: String, in directory: String
  ) async throws -> String? {
    let kvm = try await fastest(.kvm, on: architecture, qemu: qemu, in: directory)
    guard case .ended(let took) = kvm, took > quick else { return kvm.fault }
    let tcg = try await fastest(.tcg, on: architecture, qemu: qemu, in: directory)
    guard case .ended(let translated) = tcg else { return nil }
    return slowness(kvm: took, translated: translated)
  }

  /// The better of two runs, since a host may be busy for a moment; one is enough where KVM was quick.
  private static func fastest(
    _ accelerator: Accelerator, on architecture: VMSpec.Architecture, qemu: String,
    in directory: String
  ) async throws -> Run {
    let first = try await run(accelerator, on: architecture, qemu: qemu, in: directory)
    guard case .ended(let took) = first, accelerator == .tcg || took > quick else { return first }
    let second = try await run(accelerator, on: architecture, qemu: qemu, in: directory)
    guard case .ended(let again) = second else { return second }
    return .ended(min(took, again))
  }

  /// What speaks against KVM where its guest took far longer than a translated one, or `nil`.
  ///
  /// Of so small a guest, the start of QEMU is the greatest part either way.
  static func slowness(kvm: Duration, translated: Duration) -> String? {
    guard kvm > translated * 3 else { return nil }
    return "a guest took \(kvm.inSeconds) s with KVM and \(translated.inSeconds) s without"
  }

  /// What tells without running anything that KVM can't be used.
  private static func obstacle(for architecture: VMSpec.Architecture) -> String? {
    if architecture != hostArchitecture {
      return "the host's processor is none of \(architecture.rawValue)"
    }
    if access("/dev/kvm", F_OK) != 0 { return "there is no /dev/kvm" }
    if access("/dev/kvm", R_OK | W_OK) != 0 {
      return "this user may not open /dev/kvm: add it to the group kvm"
    }
    return nil
  }

  #if arch(x86_64)
    private static let hostArchitecture: VMSpec.Architecture? = .x86_64
  #elseif arch(arm64)
    private static let hostArchitecture: VMSpec.Architecture? = .aarch64
  #else
    private static let hostArchitecture: VMSpec.Architecture? = nil
  #endif

  /// What became of the probe's guest.
  enum Run: Equatable {
    /// It ran to its end, in this time.
    case ended(Duration)
    /// Why it did not.
    case failed(String)

    fileprivate var fault: String? { if case .failed(let reason) = self { reason } else { nil } }
  }

  /// Runs the probe's guest.
  static func run(
    _ accelerator: Accelerator, on architecture: VMSpec.Architecture, qemu: String,
    in directory: String
  ) async throws -> Run {
    let place = "\(directory)/probe-\(UUID().uuidString)"
    guard mkdir(place, 0o700) == 0 else { throw QEMUError.file("make `\(place)`", errno) }
    defer { try? FileManager.default.removeItem(atPath: place) }
    let guest = ProbeProgram.guest(for: architecture, image: "guest.img")
    do {
      try Data(guest.image).write(to: URL(filePath: "\(place)/guest.img"))
    } catch {
      throw QEMUError.file("write `\(place)/guest.img`", errno)
    }
    let begin = ContinuousClock.now
    let process = try await SupervisedProcess.start(
      SupervisedProcess.Command(
        executable: qemu,
        arguments: [
          "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot",
          "-cpu", accelerator.processor(for: architecture),
        ] + accelerator.arguments + guest.arguments,
        directory: place, messages: VMFile.messages.rawValue))
    defer { process.kill() }
    guard let end = try await process.ended(within: probeLimit) else {
      process.kill()
      _ = try await process.ended()
      return .failed("a guest did not run to its end within \(probeLimit)")
    }
    guard end != .exited(guest.success) else { return .ended(ContinuousClock.now - begin) }
    let words = LogTail(path: VMFile.messages.path(in: place)).lines(3).joined(separator: "; ")
    return .failed("QEMU \(end.words)\(words.isEmpty ? "" : ": \(words)")")
  }

  /// The options that choose it.
  var arguments: [String] {
    switch self {
    case .kvm: ["-accel", "kvm"]
    case .tcg: ["-accel", "tcg,thread=multi"]
    }
  }

  /// The processor that the guest sees.
  func processor(for architecture: VMSpec.Architecture) -> String {
    switch (self, architecture) {
    case (.kvm, _): "host"
    // x86-64-v2, which RHEL 9 needs, in an Atom that never speculated: kernels guard it against
    // nothing, and take its time stamp counter for their clock. Of an AMD they mistrust that, read
    // the HPET instead, and do each indirect call by a return; of other Intels they change page
    // tables at each system call. `max` has an AVX that is young in QEMU 7.2, and with it an init
    // once died of a segmentation fault. AMD's virtualization is off: a guest whose kernel had taken
    // it restarted ten times slower.
    case (.tcg, .x86_64):
      "qemu64,-svm,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+lahf_lm"
        + ",vendor=GenuineIntel,family=6,model=28,stepping=10"
    case (.tcg, .aarch64): "cortex-a72"
    }
  }
}

extension Duration {
  /// With one decimal.
  fileprivate var inSeconds: String {
    let tenths = Int64((self / .milliseconds(100)).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

extension ProcessEnd {
  /// How it ended, as the end of a sentence.
  var words: String {
    switch self {
    case .exited(let code): "ended with code \(code)"
    case .signaled(let signal): "was ended by signal \(signal)"
    case .unseen: "ended"
    }
  }
}

internal import Guests
public import Pipeline

/// How a machine in Azure is entered: what it is given at its first start, how it is reached, and
/// what proves that it was generalized.
protocol MachineEntry: Actor {
  /// How long the machine may take to power off once it was told to.
  nonisolated var powerOffLimit: Duration { get }

  /// Makes what the machine is given at its first start.
  func makeAccount() throws -> MachineSpec.Account

  /// Notes where the machine is.
  func found(at host: String) throws

  /// Reaches the guest, and nobody who only says that it is the guest.
  func reach(report: @escaping GuestReport) async throws -> any Guest

  /// Makes sure that the machine, which is off, was generalized; `console` reads what it has written
  /// to its serial console.
  func prove(by console: @Sendable () async throws -> String) async throws

  /// Lets somebody in, where the machine stays.
  /// - Returns: what the user has to know of it, a sentence each.
  func keep() -> [String]
}

extension GuestSystem {
  /// The port that machines in Azure are reached at: SSH, or WinRM over HTTPS.
  public var servicePort: Int {
    switch self {
    case .posix: 22
    case .windows: 5986
    }
  }
}

internal import HTTP
internal import Pipeline
internal import Template
internal import WinRM

/// WinRM over HTTPS on a Windows machine in Azure, whose images come without it: RunCommand has the
/// machine make a certificate and listen, and tells the certificate's thumbprint.
///
/// That way leads through Azure, which vouches for who has answered; what is then reached at the
/// machine's address is believed by that thumbprint alone.
struct WinRMListener: Sendable {
  private let arm: ARMClient
  private let machine: ResourceID
  private let limit: Duration

  /// What the machine says before the thumbprint.
  private static let mark = "kiln-certificate "
  /// The wait before a command is sent once more that was turned away while another ran.
  private static let pause = Duration.seconds(10)
  /// How much is shown of what the machine has against it, in characters.
  private static let shown = 300

  /// `limit` is how long it may take.
  init(_ arm: ARMClient, _ machine: ResourceID, limit: Duration) {
    self.arm = arm
    self.machine = machine
    self.limit = limit
  }

  /// Has the machine listen.
  ///
  /// The script can run twice, so that it is sent again where an answer was lost.
  /// - Returns: the SHA-256 of its certificate, as it says it and as it is pinned.
  /// - Throws: ``MachineError`` where the machine did not do it; ``AzureError``;
  ///   ``DeadlineExceeded``; `CancellationError`.
  func open() async throws -> (thumbprint: String, pin: CertificatePin) {
    // All names of ours are letters, digits and dashes alone.
    let name = "$name = '\(machine["virtualMachines"] ?? "")'"
    let lines = [name] + Self.lines(of: PackageResources.listen_ps1)
    let request = ARMRequest.post(
      machine, "runCommand",
      ["commandId": "RunPowerShellScript", "script": .array(lines.map { .string($0) })])
    return try Self.thumbprint(in: try await run(request))
  }

  /// One command runs at a time: one whose answer was lost may still run.
  private func run(_ request: ARMRequest) async throws -> JSON {
    let elapsed = arm.wire.pace.stopwatch()
    while true {
      do {
        return try await arm.perform(request, within: limit)
      } catch let error as AzureError where error.isBusy && elapsed() + Self.pause < limit {
        try await arm.wire.pace.pause(Self.pause)
      }
    }
  }

  /// The thumbprint that a result of RunCommand tells.
  static func thumbprint(
    in result: JSON
  ) throws(MachineError) -> (thumbprint: String, pin: CertificatePin) {
    let parts = result["value"]?.elements ?? []
    func said(_ stream: String) -> String {
      parts.first { $0["code"]?.text?.contains("/\(stream)/") == true }?["message"]?.text ?? ""
    }
    let found = said("StdOut").split(whereSeparator: \.isNewline)
      .filter { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
    if let thumbprint = found.last?.filter(\.isHexDigit), thumbprint.count == 64,
      let pin = CertificatePin(thumbprint)
    {
      return (thumbprint, pin)
    }
    let errors = said("StdErr").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    throw MachineError(
      .unavailable,
      "could not set up WinRM in the virtual machine: "
        + (errors.isEmpty
          ? "its answer has no thumbprint" : "it says: \(Scrubber.text(errors).prefix(shown))"),
      hint: "the source must be a generalized Windows with PowerShell 5.1, the Azure agent, and "
        + "WinRM that no policy forbids")
  }

  /// What takes all of that away again and powers the machine off, as a command line.
  static func farewell() throws -> String {
    let script = lines(of: PackageResources.withdraw_ps1).joined(separator: "\n")
    return try CommandLine.powerShell(script).command
  }

  /// The lines of a script that do something.
  private static func lines(of script: [UInt8]) -> [String] {
    String(decoding: script, as: UTF8.self).split(separator: "\n")
      .filter { !$0.drop { $0 == " " }.hasPrefix("#") }.map(String.init)
  }
}

extension AzureError {
  /// Whether the machine runs another command.
  fileprivate var isBusy: Bool { status == 409 && hasCode("Conflict") }
}

internal import Foundation
public import Pipeline
import SSH

extension SSHGuest {
  /// Makes the guest this run's own, whose state was kept by another run: its clock, its random
  /// numbers, and the directory and the sessions of that run.
  ///
  /// `earlier` is the directory of that run on the guest; `jobs` are the ids of those that come first, for
  /// which the guest makes ready meanwhile.
  /// - Throws: ``GuestError`` of kind `unfit` where root can't do it.
  public func adopt(
    _ earlier: String, before jobs: [String], report: @escaping GuestReport
  ) async throws {
    let ids = jobs.prefix(Self.readyAtMost).map { " " + $0 }.joined()
    let random = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
    let word = try await ask("make ready \(route.name), whose state was kept", report) {
      let now = (Date().timeIntervalSince1970 * 1000).rounded() / 1000
      return Array("adopt \(now) \(random)\(ids)\n\(earlier)\n".utf8)
    }
    if word == "unseeded" {
      report(
        .warning(
          "\(route.name) has neither perl nor python3 to have its kernel draw new random numbers: "
            + "for a minute they may be those of another build from the same kept state"))
    }
  }

  /// How many jobs a request has room for.
  private static let readyAtMost = 3

  /// Makes ready for a copy of the disk alone, from which a machine will start anew: what a restart
  /// would clear away is kept, and all that was written is on the disk.
  /// - Throws: ``GuestError`` of kind `unfit` where root can't do it.
  public func pack(report: @escaping GuestReport) async throws {
    try await ask("keep the temporary files of \(route.name)", report) { Array("pack\n".utf8) }
  }

  /// Takes away what ``pack(report:)`` made.
  public func unpack(report: @escaping GuestReport) async throws {
    try await ask("tidy up \(route.name)", report) { Array("unpack\n".utf8) }
  }

  /// Closes the connection to a guest that is gone; nothing is done there.
  public func abandon() async { await drop() }

  @discardableResult
  private func ask(
    _ operation: String, _ report: GuestReport, _ request: () -> [UInt8]
  ) async throws -> String {
    while true {
      do {
        let agent = try await agent(report)
        try await agent.send(request())
        let words = try await agent.words(after: "a")
        guard words.first != "refused" else {
          throw GuestError(
            .unfit, "could not \(operation): \(words.dropFirst().joined(separator: " "))",
            hint: "the build user must be able to run `sudo` without a password")
        }
        return words.joined(separator: " ")
      } catch {
        try await lose(error, report)
      }
    }
  }
}

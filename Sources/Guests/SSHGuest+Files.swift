import Digests
public import Pipeline
import SSH

extension SSHGuest {
  /// Files up to this size go in one piece by the jobs' own agent: one round trip.
  static let smallAtMost = 64 * 1024

  /// Puts a file into the guest, whole or not at all.
  ///
  /// It arrives beside its destination and is renamed when the guest has found its checksum right.
  /// A large file goes over several channels at once, and a transfer that was cut goes on with what
  /// the guest has not got.
  public func place(_ file: PlacedFile, report: @escaping GuestReport) async throws {
    guard file.destination.hasPrefix("/"), !file.destination.contains(where: \.isLineEnd) else {
      throw GuestError(
        .notPlaced, "could not place `\(file.destination)` on \(route.name): it is no full path",
        hint: "a destination begins with `/` and has no line break")
    }
    if file.source.count <= Self.smallAtMost {
      try await placeSmall(file, report)
    } else {
      try await placeLarge(file, report)
    }
  }

  private func placeSmall(_ file: PlacedFile, _ report: @escaping GuestReport) async throws {
    let size = file.source.count
    let bytes = try SourceFile(file.source).bytes(0..<size)
    guard bytes.count == size else { throw file.tooShort(bytes.count) }
    let request =
      "file \(file.id) \(size) \(file.digest.hex) \(file.octalMode) \(file.lifetime.rawValue)\n"
      + "\(file.destination)\n"
    while true {
      try Task.checkCancellation()
      do {
        let agent = try await agent(report)
        try await agent.send(Array(request.utf8) + bytes)
        report(.progress(sent: size, of: size))
        let verdict = try await agent.words(after: "f")
        proveAlive()
        return try conclude(file, verdict)
      } catch {
        try await lose(error, report)
      }
    }
  }

  private func placeLarge(_ file: PlacedFile, _ report: @escaping GuestReport) async throws {
    let transfer = try Transfer(file, report)
    var boot: String?
    while true {
      try Task.checkCancellation()
      let before = transfer.confirmed
      let verdict: [String]
      do {
        let agent = try await agent(report)
        // What a guest had before it restarted may not have reached its disk.
        if agent.greeting.boot != boot { transfer.startOver() }
        boot = agent.greeting.boot
        verdict = try await send(transfer, agent)
      } catch {
        // An agent still waits for what can't be sent.
        if error is GuestError { await drop() }
        if transfer.confirmed > before { proveAlive() }
        try await lose(error, report)
        transfer.takeBack()
        continue
      }
      proveAlive()
      return try conclude(file, verdict)
    }
  }

  private func conclude(_ file: PlacedFile, _ verdict: [String]) throws {
    let rest = verdict.dropFirst().joined(separator: " ")
    switch verdict.first {
    case "placed": return
    case "differs":
      throw GuestError(
        .notPlaced,
        "could not place `\(file.destination)` on \(route.name): "
          + "it arrived with the SHA-256 \(rest) in place of \(file.digest)",
        hint: "the file changed while it was sent, or the guest's disk is faulty")
    default:
      throw GuestError(
        .notPlaced, "could not place `\(file.destination)` on \(route.name): \(rest)",
        hint: rest.contains("does not exist")
          ? "make the directory in a Shell customizer before this one" : nil)
    }
  }
}

extension PlacedFile {
  var octalMode: String { String(mode, radix: 8) }

  /// What is wrong with a source of fewer bytes than were announced.
  func tooShort(_ count: Int) -> GuestError {
    GuestError(
      .notPlaced,
      "could not place `\(destination)`: "
        + "its source has \(count) bytes in place of \(source.count)",
      hint: "it must not change during the build")
  }
}

extension Character {
  /// Whether it can't be sent as part of a line.
  fileprivate var isLineEnd: Bool { self == "\n" || self == "\r\n" || self == "\0" }
}

public import Pipeline
import WinRM

extension PowerShellGuest {
  /// Puts a file into the guest, whole or not at all; directories that are missing are made.
  public func place(_ file: PlacedFile, report: @escaping GuestReport) async throws {
    guard file.hasWindowsDestination else {
      throw GuestError(
        .notPlaced, "could not place `\(file.destination)` on \(route.name): it is no full path",
        hint: "a destination begins with a drive, as in `C:\\Temp\\file`")
    }
    if file.lifetime == .run {
      var request = AgentRequest(op: .note, run: route.run)
      request.path = file.destination
      _ = try await ask(request, report)
    }
    let source = try SourceFile(file.source)
    let size = file.source.count
    let wanted = FileToPlace(
      size: size, digest: file.digest, destination: file.destination
    ) { offset, count in try source.bytes(offset..<min(offset + count, size)) }
    while true {
      try Task.checkCancellation()
      do {
        try await line(report).place(wanted) { report(.progress(sent: $0, of: size)) }
        proveAlive()
        return
      } catch let error as LineError where error.kind == .notPlaced {
        throw GuestError(
          .notPlaced, "could not place \(file.destination) on \(route.name): \(error)",
          hint: error.hint)
      } catch {
        try await lose(error, report)
      }
    }
  }

  /// Waits until the machine has gone down, within `limit`, and come back with another boot
  /// identity, within the timeout; `nil` where it stays up.
  public func awaitRestart(
    goingDownWithin limit: Duration, report: @escaping GuestReport
  ) async throws -> Duration? {
    let before = jobBoot
    let start = ContinuousClock.now
    while true {
      _ = try await line(report)
      guard try await bootIdentity() != nil else { continue }
      guard boot == before else { return lastOutage }
      guard ContinuousClock.now - start < limit else { return nil }
      try await ContinuousClock().sleep(for: Self.lookPause)
    }
  }

  /// How long to wait between two looks at a machine that is up.
  private static let lookPause = Duration.milliseconds(500)

  /// Runs the deprovision script, and where that has left the machine generalized, removes the run's
  /// directory and has the machine power itself off.
  ///
  /// The script is the user's to change and may end well without Sysprep: it is the machine that is
  /// asked.
  public func generalize(by job: GuestJob, report: @escaping GuestReport) async throws -> JobEnd {
    let end = try await run(job, ahead: .none, report: report)
    guard end == .exited(0) else { return end }
    let state = try await imageState(report)
    guard state == Self.generalizedState else {
      throw GuestError(
        .unfit,
        "\(route.name) is not generalized: its image state is \(state.isEmpty ? "unknown" : state)",
        hint: "the deprovision script must run Sysprep: see what the customizers have made of it")
    }
    isGeneralized = true
    _ = try await ask(AgentRequest(op: .leave, run: route.run), report)
    _ = try await command(route.farewell, report: { _ in })
    await close()
    return end
  }

  /// The image state that Sysprep leaves (`aib.md` c.8).
  private static let generalizedState = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"

  /// What Windows says of how far its setup is, as one word; empty where it says nothing.
  private func imageState(_ report: @escaping GuestReport) async throws -> String {
    let key = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\State"
    while true {
      let line = try await line(report)
      do {
        var said: [UInt8] = []
        _ = try await line.command("reg query \(key) /v ImageState") { stream, bytes in
          if stream == .stdout { said += bytes }
        }
        return String(decoding: said, as: UTF8.self).split(whereSeparator: \.isWhitespace)
          .last { $0.hasPrefix("IMAGE_STATE_") }.map(String.init) ?? ""
      } catch {
        // Reading may be done twice.
        try await lose(error, report)
      }
    }
  }

  /// Ends what still runs, removes the run's directory and what was placed for the run, and ends
  /// the line.
  public func leave() async throws {
    let fault: String
    do {
      fault = try await ask(AgentRequest(op: .leave, run: route.run)) { _ in }
    } catch {
      await close()
      throw GuestError(
        .unreachable, "could not clean up `\(facts.directory)` on \(route.name): \(error)",
        hint: "`kiln gc` does it when the machine can be reached")
    }
    await close()
    guard fault.isEmpty else {
      throw GuestError(
        .notPlaced, "could not remove `\(facts.directory)` from \(route.name): \(fault)")
    }
  }
}

extension PlacedFile {
  /// Whether it goes to a full path with a drive, or to a share.
  fileprivate var hasWindowsDestination: Bool {
    guard !destination.contains(where: { $0.isNewline || $0 == "\0" }) else { return false }
    let start = Array(destination.prefix(3))
    let isSlash: (Character) -> Bool = { $0 == "\\" || $0 == "/" }
    guard start.count == 3 else { return false }
    return start[0].isLetter && start[1] == ":" && isSlash(start[2])
      || isSlash(start[0]) && isSlash(start[1])
  }
}

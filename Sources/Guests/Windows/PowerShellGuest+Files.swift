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

  /// Runs the deprovision script, and on success removes the run's directory and has the machine
  /// power itself off.
  public func generalize(by job: GuestJob, report: @escaping GuestReport) async throws -> JobEnd {
    let end = try await run(job, ahead: [], report: report)
    guard end == .exited(0) else { return end }
    isGeneralized = true
    _ = try await ask(AgentRequest(op: .leave, run: route.run), report)
    _ = try await command("shutdown /s /f /t 0", report: report)
    await close()
    return end
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

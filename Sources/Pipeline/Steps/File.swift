import Template

/// The File customizer: one file, placed whole and verified (`aib.md` c.6).
enum FileStep {
  /// The transfer for a step's file.
  static func file(_ number: Int, _ transfer: FileTransfer, _ content: FetchedFile) -> PlacedFile {
    PlacedFile(
      id: "step-\(number)", source: .file(path: content.path, size: content.size),
      digest: content.digest, mode: content.mode, lifetime: .stay,
      destination: transfer.destination)
  }

  /// Places the file as step `outline`.
  /// - Throws: ``StepFailure`` where the guest refused it.
  static func run(
    _ file: PlacedFile, as outline: StepOutline, on guest: any Guest, _ events: any EventSink
  ) async throws -> StepEnd {
    let report = StepReport(outline.number, events)
    try await guest.place(file, report: report.take)
    return StepEnd(.succeeded, exitCode: nil)
  }
}

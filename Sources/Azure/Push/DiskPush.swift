internal import Pipeline

/// Sends a VHD's bytes to where pages are kept: only those that are not zero, several pieces at a
/// time, and after an interruption only those that were not confirmed.
public struct DiskPush: Sendable {
  /// The file.
  public let file: SparseFile
  /// What is there already.
  public let ledger: PushLedger
  private(set) var blobs: BlobClient

  /// How many pieces are on their way at a time: enough for a line of tens of milliseconds.
  private static let atOnce = 8
  /// The size that Azure's disks are multiples of, in bytes, beside the footer.
  private static let unit: Int64 = 1 << 20
  private static let footerSize: Int64 = 512

  /// Puts a push together.
  /// - Throws: ``AzureError`` where the file is no fixed VHD of a size that Azure takes.
  public init(_ file: SparseFile, ledger: PushLedger, over blobs: BlobClient) throws(AzureError) {
    self.file = file
    self.ledger = ledger
    self.blobs = blobs
    let footer = try file.footer()
    // At byte 60 of the footer is the kind of VHD, of which 2 is fixed.
    let kind = footer.count == 512 ? Array(footer[60..<64]) : []
    guard footer.starts(with: Array("conectix".utf8)), kind == [0, 0, 0, 2],
      (file.size - Self.footerSize) % Self.unit == 0
    else {
      throw AzureError(
        "push `\(file.path)`", "it is no fixed VHD of whole MiB, which is all that Azure takes",
        hint: "bake with `--format vhd`, or convert it: "
          + "qemu-img convert -O vpc -o subformat=fixed,force_size IN OUT")
    }
  }

  /// The same by another client, which may do more.
  public func over(_ blobs: BlobClient) -> DiskPush {
    var push = self
    push.blobs = blobs
    return push
  }

  /// What was sent.
  public struct Sent: Sendable, Equatable {
    /// How many bytes went out this time.
    public var bytes: Int64 = 0
    /// How many pieces were there already.
    public var kept = 0
  }

  /// Makes the page blob where it is not the one of this push, and fills it.
  /// - Throws: ``AzureError``, `CancellationError`; the same call goes on from there.
  public func send(
    to address: BlobAddress, progress: @escaping @Sendable (Double) -> Void
  ) async throws -> Sent {
    let there = try await blobs.mark(of: address)
    if there != ledger.mark {
      guard there == nil else {
        throw AzureError(
          "push to \(address)", "there is another blob already",
          hint: "remove it first, or choose another name")
      }
      if ledger.isBegun { try ledger.startOver() }
      try await blobs.makeContainer(address)
      try await blobs.makePageBlob(address, size: file.size, mark: ledger.mark)
    }
    return try await send(to: .blob(address), progress)
  }

  func send(
    to target: PageTarget, _ progress: @escaping @Sendable (Double) -> Void
  ) async throws -> Sent {
    let pieces = file.pieces()
    var waiting = pieces.filter { !ledger.has($0) }.makeIterator()
    var sent = Sent(bytes: 0, kept: pieces.count { ledger.has($0) })
    var done = sent.kept
    try await withThrowingTaskGroup(of: Int64.self) { group in
      func startNext() {
        guard let piece = waiting.next() else { return }
        group.addTask { try await self.send(piece, to: target) }
      }
      for _ in 0..<Self.atOnce { startNext() }
      while let bytes = try await group.next() {
        sent.bytes += bytes
        done += 1
        progress(Double(done) / Double(max(1, pieces.count)))
        startNext()
      }
    }
    return sent
  }

  private func send(_ piece: Int64, to target: PageTarget) async throws -> Int64 {
    var bytes: Int64 = 0
    for part in try file.parts(ofPieceAt: piece) {
      try await blobs.writePages(part.bytes, at: part.offset, to: target)
      bytes += Int64(part.bytes.count)
    }
    try ledger.note(piece)
    return bytes
  }
}

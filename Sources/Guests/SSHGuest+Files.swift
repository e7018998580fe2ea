import Digests
import Foundation
public import Pipeline
import SSH
import Synchronization

extension SSHGuest {
  /// Files up to this size travel with the jobs' own agent: one round trip.
  static let smallAtMost = 64 * 1024
  /// How much is handed to SSH at a time: the size at which libssh2 was fastest (`bench.md` 3).
  static let pieceSize = 256 * 1024

  /// Puts a file into the guest, whole or not at all.
  ///
  /// It arrives beside its destination and is renamed when the guest has found its checksum right.
  /// A transfer that was cut goes on where it was.
  public func place(_ file: PlacedFile, report: @escaping GuestReport) async throws {
    guard file.destination.hasPrefix("/"), !file.destination.contains(where: \.isLineEnd) else {
      throw GuestError(
        .notPlaced, "could not place `\(file.destination)` on \(route.name): it is no full path",
        hint: "a destination begins with `/` and has no line break")
    }
    var offset = 0
    while true {
      try Task.checkCancellation()
      do {
        let small = file.source.count <= Self.smallAtMost
        let agent = small ? try await agent(report) : try await carrier(report)
        let verdict = try await send(file, from: offset, to: agent, report)
        proveAlive()
        if verdict.first == "refused", !small { await dropCarrier() }
        return try conclude(file, verdict)
      } catch {
        try await lose(error, report)
        let arrived = try await arrived(file, report)
        if arrived > offset { proveAlive() }
        offset = arrived
      }
    }
  }

  /// How much of a file the guest has after a connection was lost.
  private func arrived(_ file: PlacedFile, _ report: @escaping GuestReport) async throws -> Int {
    while true {
      do {
        let agent = try await agent(report)
        try await agent.send("have \(file.id)\n\(file.destination)\n")
        let words = try await agent.words(after: "f")
        let size = words.last.flatMap(Int.init) ?? 0
        return size <= file.source.count ? size : 0
      } catch {
        try await lose(error, report)
      }
    }
  }

  /// Sends the rest of a file, and returns what the agent makes of it.
  private func send(
    _ file: PlacedFile, from offset: Int, to agent: AgentSession, _ report: @escaping GuestReport
  ) async throws -> [String] {
    let pieces = try SourcePieces(file.source, from: offset)
    let mode = String(file.mode, radix: 8)
    try await agent.send(
      "file \(file.id) \(file.source.count) \(file.digest.hex) \(mode) \(offset) "
        + "\(file.lifetime.rawValue)\n\(file.destination)\n")
    do {
      return try await withThrowingTaskGroup(of: [String]?.self) { group in
        group.addTask { try await agent.verdict() }
        group.addTask {
          try await Self.send(pieces, of: file, from: offset, to: agent, report)
          return nil
        }
        defer { group.cancelAll() }
        while let words = try await group.next() {
          if let words { return words }
        }
        throw AgentGone(why: "the guest's agent ended")
      }
    } catch let error as GuestError {
      // The agent still waits for what can't be sent.
      await drop()
      throw error
    }
  }

  private static func send(
    _ pieces: SourcePieces, of file: PlacedFile, from offset: Int, to agent: AgentSession,
    _ report: GuestReport
  ) async throws {
    var sent = offset
    // No byte more than was announced: the agent would take it for a request.
    while sent < file.source.count, !Task.isCancelled {
      let piece = try pieces.next(min(pieceSize, file.source.count - sent))
      guard let piece else {
        throw GuestError(
          .notPlaced,
          "could not place `\(file.destination)`: "
            + "its source has \(sent) bytes in place of \(file.source.count)",
          hint: "it must not change during the build")
      }
      try await agent.send(piece)
      sent += piece.count
      report(.progress(sent: sent, of: file.source.count))
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

extension AgentSession {
  /// What the agent makes of a file, once it has it or has refused it.
  func verdict() async throws -> [String] {
    while true {
      let words = try await words(after: "f")
      if words.first != "ready" { return words }
    }
  }
}

extension Character {
  /// Whether it can't be sent as part of a line.
  fileprivate var isLineEnd: Bool { self == "\n" || self == "\r\n" || self == "\0" }
}

/// The bytes of a file, read from the front piece by piece, by one task.
private final class SourcePieces: Sendable {
  private enum Origin {
    case bytes(ArraySlice<UInt8>)
    case file(FileHandle, path: String)
  }

  private let origin: Mutex<Origin>

  init(_ source: PlacedBytes, from offset: Int) throws {
    switch source {
    case .bytes(let bytes): origin = Mutex(.bytes(bytes.dropFirst(offset)))
    case .file(let path, _):
      do {
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        try handle.seek(toOffset: UInt64(offset))
        origin = Mutex(.file(handle, path: path))
      } catch {
        throw GuestError(.notPlaced, "could not read `\(path)`: \(error.localizedDescription)")
      }
    }
  }

  /// The next bytes; `nil` at the end.
  func next(_ count: Int) throws -> [UInt8]? {
    try origin.withLock { origin in
      switch origin {
      case .bytes(let rest):
        origin = .bytes(rest.dropFirst(count))
        return rest.isEmpty ? nil : Array(rest.prefix(count))
      case .file(let handle, let path):
        do {
          guard let data = try handle.read(upToCount: count), !data.isEmpty else { return nil }
          return Array(data)
        } catch {
          throw GuestError(.notPlaced, "could not read `\(path)`: \(error.localizedDescription)")
        }
      }
    }
  }
}

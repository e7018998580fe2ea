internal import FoundationEssentials
public import Digests

/// A file for a Windows machine.
public struct FileToPlace: Sendable {
  /// Its size in bytes.
  public var size: Int
  /// Its checksum, which is compared on the machine.
  public var digest: SHA256Digest
  /// Where it goes: a full path with a file name, of which missing directories are made.
  public var destination: String
  /// Reads up to so many bytes from an offset on; fewer only at the end.
  public var read: @Sendable (_ offset: Int, _ count: Int) async throws -> [UInt8]

  /// Describes a file.
  public init(
    size: Int, digest: SHA256Digest, destination: String,
    read: @escaping @Sendable (_ offset: Int, _ count: Int) async throws -> [UInt8]
  ) {
    self.size = size
    self.digest = digest
    self.destination = destination
    self.read = read
  }

  /// A file whose bytes are in memory.
  public init(_ bytes: [UInt8], digest: SHA256Digest, destination: String) {
    self.init(size: bytes.count, digest: digest, destination: destination) { offset, count in
      Array(bytes[offset..<min(offset + count, bytes.count)])
    }
  }
}

extension FileToPlace {
  /// The bytes of a file in one line of base64, of which real machines have been seen to read lines
  /// of 333,338 characters.
  private static let bytesPerLine = 189_000

  /// The script that takes the file by its lines and puts it in its place, and then prints `word`.
  ///
  /// It is without its indentation, which would take room in the command line, and with the file's
  /// values inside of `begin`, since nothing may stand before that.
  public func script(thenSaying word: String = "") -> String {
    let text = String(decoding: PackageResources.place_ps1, as: UTF8.self)
    var lines = text.split(separator: "\n").map { String($0.drop { $0 == " " }) }
    lines.insert("$destination = \(CommandLine.quoted(destination))", at: 1)
    lines.insert("$expected = '\(digest.hex)'", at: 2)
    if !word.isEmpty, let end = lines.lastIndex(of: "exit 100") {
      lines.insert("[Console]::Out.Write('\(word)')", at: end)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The line of base64 that begins at an offset, which moves on.
  /// - Throws: ``WinRMError`` of kind ``WinRMError/Kind/notPlaced`` where the file has become shorter;
  ///   what ``read`` throws.
  public func line(at offset: inout Int) async throws -> [UInt8] {
    let bytes = try await read(offset, min(Self.bytesPerLine, size - offset))
    guard !bytes.isEmpty else {
      throw WinRMError(
        .notPlaced, "could not place \(destination)",
        "the file ended after \(offset) of \(size) bytes: it has changed meanwhile")
    }
    offset += bytes.count
    return Data(bytes).base64EncodedString().utf8 + [0x0d, 0x0a]
  }
}

extension WinRMShell {
  /// What the script ends with after the checksum was found right and the file is in its place.
  ///
  /// It is not 0, with which a PowerShell ends that never came to the script. Nothing is printed, so
  /// that one request brings the end.
  private static let placedCode: UInt32 = 100

  /// Puts a file on the machine, whole or not at all, with its checksum compared there.
  ///
  /// It goes as lines of base64 to PowerShell's standard input, in requests as long as the machine
  /// takes: at most 5 for each MiB where that is Windows' 500 KiB. What a broken connection leaves
  /// is a partial file beside the destination, which the next try removes; each try has its own, since
  /// an earlier one may not know yet that nobody is there any more.
  /// - Throws: ``WinRMError``, of kind ``WinRMError/Kind/notPlaced`` where the machine says why;
  ///   what `file.read` throws; `CancellationError`.
  public func place(
    _ file: FileToPlace, report: @Sendable (_ sent: Int) -> Void = { _ in }
  ) async throws {
    let command = try await start(try .powerShell(file.script()))
    try await send(file, to: command, report)
    let said = Said()
    let end = try await command.follow { stream, bytes in await said.take(stream, bytes) }
    try await command.signal(.terminate)
    guard end == .exited(Self.placedCode) else {
      let problem = await said.problem
      let what = end == .unknown ? "PowerShell was gone" : "PowerShell ended with \(end)"
      throw WinRMError(
        .notPlaced, "could not place \(file.destination)", problem.isEmpty ? what : problem)
    }
  }

  /// Every request is full, whatever the lines are: they may end anywhere.
  private func send(
    _ file: FileToPlace, to command: RunningCommand, _ report: @Sendable (Int) -> Void
  ) async throws {
    let limit = client.inputLimit
    var waiting: [UInt8] = []
    var offset = 0
    repeat {
      while waiting.count < limit, offset < file.size {
        waiting += try await file.line(at: &offset)
      }
      let part = Array(waiting.prefix(limit))
      waiting.removeFirst(part.count)
      let isLast = waiting.isEmpty && offset == file.size
      // Where it reads no more, its end tells why.
      guard try await command.send(part, isLast ? .closed : .open) == .taken else { return }
      report(max(0, offset - waiting.count / 4 * 3))
    } while !waiting.isEmpty || offset < file.size
  }
}

/// What the script said.
private actor Said {
  private var errors: [UInt8] = []
  private var decoder = CLIXMLDecoder()
  /// More than any message of the script's.
  private let limit = 64 << 10

  func take(_ stream: CommandStream, _ bytes: [UInt8]) {
    guard stream == .stderr else { return }
    errors += decoder.decode(bytes).prefix(limit - errors.count)
  }

  /// The first line of the errors.
  var problem: String {
    String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline).first
      .map(String.init) ?? ""
  }
}

internal import CSSH2

/// A piece of what a command wrote.
public enum SSHOutput: Sendable, Hashable {
  /// Bytes of the command's standard output.
  case standard([UInt8])
  /// Bytes of the command's standard error.
  case error([UInt8])
}

/// How a command ended, in the server's words.
public enum SSHExit: Sendable, Hashable {
  /// The command ended with this status.
  case status(Int32)
  /// The command was ended by this signal, named without "SIG", as in `KILL`.
  case signal(String)
  /// The server closed the channel without saying how the command ended.
  case missing
}

extension Session {
  private static let slice = 256 * 1024
  private static let standardError: Int32 = 1

  /// Sends all of `bytes` to the command.
  func write(_ bytes: [UInt8], to id: Int) async throws {
    let operation = "could not write to a command on \(target)"
    let channel = try await startWriting(id, operation)
    defer { if channel.writer == .busy { channel.writer = .idle } }
    var sent = 0
    var pause = Self.slice
    do {
      while sent < bytes.count {
        try check(operation)
        guard channels[id] === channel, !channel.isClosed else {
          throw SSHError(.channelClosed, operation, "the command has ended")
        }
        let count = wire.isCongested ? 0 : writeOnce(bytes, from: sent, to: channel)
        switch count {
        case 1...: sent += count
        case 0, Int(LIBSSH2_ERROR_EAGAIN): try await nextEvent(operation)
        default: throw failed(operation, .channelClosed)
        }
        if sent >= pause {
          pause += Self.slice
          await Task.yield()
          try Task.checkCancellation()
        }
      }
    } catch {
      // libssh2 may hold a part of a packet that only the same bytes could complete.
      channel.writer = .broken
      wake()
      throw error
    }
    wire.flush()
    wake()
  }

  private func startWriting(_ id: Int, _ operation: String) async throws -> Channel {
    while true {
      let channel = try channel(id, operation)
      switch channel.writer {
      case .idle:
        channel.writer = .busy
        return channel
      case .busy: try await nextEvent(operation)
      case .broken:
        throw SSHError(.channelClosed, operation, "an earlier write was given up half-way")
      case .finished:
        throw SSHError(.channelClosed, operation, "its input was ended before")
      }
    }
  }

  private func writeOnce(_ bytes: [UInt8], from start: Int, to channel: Channel) -> Int {
    bytes.withUnsafeBytes { all in
      let rest = UnsafeRawBufferPointer(rebasing: all[start...]).bindMemory(to: CChar.self)
      return libssh2_channel_write_ex(channel.pointer, 0, rest.baseAddress, rest.count)
    }
  }

  /// Tells the command that there is no more input.
  func finishInput(of id: Int) async throws {
    let operation = "could not end the input of a command on \(target)"
    let channel = try await startWriting(id, operation)
    defer {
      channel.writer = .finished
      wake()
    }
    let code = try await complete(operation) { libssh2_channel_send_eof(channel.pointer) }
    wire.flush()
    guard code == 0 else { throw failed(operation, .channelClosed) }
  }

  /// The next piece of output; `nil` at the end of both streams.
  func read(from id: Int) async throws -> SSHOutput? {
    let operation = "could not read from a command on \(target)"
    while true {
      let channel = try channel(id, operation)
      let streams = channel.errorsFirst ? [Self.standardError, 0] : [0, Self.standardError]
      for stream in streams {
        let bytes = readOnce(stream, of: channel)
        if !bytes.isEmpty {
          channel.errorsFirst = stream == 0
          return stream == 0 ? .standard(bytes) : .error(bytes)
        }
      }
      if libssh2_channel_eof(channel.pointer) == 1 { return nil }
      try await nextEvent(operation)
    }
  }

  private func readOnce(_ stream: Int32, of channel: Channel) -> [UInt8] {
    withUnsafeTemporaryAllocation(byteCount: Self.slice, alignment: 16) { buffer in
      let bytes = buffer.bindMemory(to: CChar.self)
      let count = libssh2_channel_read_ex(channel.pointer, stream, bytes.baseAddress, bytes.count)
      if count < 0, count != LIBSSH2_ERROR_EAGAIN, failure == nil {
        _ = failed("lost the connection to \(target)")
      }
      return count > 0 ? Array(UnsafeRawBufferPointer(rebasing: buffer[..<count])) : []
    }
  }

  /// How the command ended, once the server has said it or has closed the channel.
  func exit(of id: Int) async throws -> SSHExit {
    let operation = "could not learn how a command on \(target) ended"
    while true {
      let channel = try channel(id, operation)
      if let exit = exit(of: channel) { return exit }
      // Takes in what has arrived, which may be the exit status.
      let isClosed = channel.isClosed
      if let exit = exit(of: channel) { return exit }
      if isClosed { return .missing }
      try await nextEvent(operation)
    }
  }

  private func exit(of channel: Channel) -> SSHExit? {
    let status = libssh2_channel_get_exit_status(channel.pointer)
    if status != Int32(KILN_SSH_NO_EXIT_STATUS) { return .status(status) }
    if let signal = channel.signal ?? readSignal(of: channel) {
      channel.signal = signal
      return .signal(signal)
    }
    return nil
  }

  private func readSignal(of channel: Channel) -> String? {
    var name: UnsafeMutablePointer<CChar>?
    var length = 0
    let code = libssh2_channel_get_exit_signal(
      channel.pointer, &name, &length, nil, nil, nil, nil)
    guard code == 0, let name else { return nil }
    defer { libssh2_free(handle.pointer, name) }
    return String(decoding: UnsafeRawBufferPointer(start: name, count: length), as: UTF8.self)
  }
}

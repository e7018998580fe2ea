internal import Subprocess
internal import SystemPackage

/// How a run of the tool ended.
struct ToolEnd {
  /// Its exit code.
  let code: Int32
  let output: String
  let errors: String
}

extension DiskTool {
  /// The most that is taken of each output, in bytes; answers are a few KiB.
  private static let outputLimit = 4 << 20

  /// How long the program may take to end after it was asked to.
  private static let patience = Duration.seconds(2)

  /// What a shell ends with where there is no such program.
  private static let notFound: Int32 = 127
  /// What a shell adds to the number of the signal that ended a program.
  private static let signalBase: Int32 = 128

  /// Runs the program to its end, for what it says.
  func ask(_ arguments: [String], for operation: String) async throws -> ToolEnd {
    try await guarded(operation) {
      let result = try await Tether.held { input in
        try await Subprocess.run(
          .path("/bin/sh"), arguments: Tether.arguments(program, arguments),
          environment: Self.environment, platformOptions: Self.options,
          input: .fileDescriptor(input, closeAfterSpawningProcess: true),
          output: .string(limit: Self.outputLimit), error: .string(limit: Self.outputLimit))
      }
      return ToolEnd(
        code: try code(of: result.terminationStatus, operation), output: result.standardOutput,
        errors: result.standardError)
    }
  }

  /// Runs the program to its end, for what it does.
  func work(
    _ arguments: [String], for operation: String, progress: @escaping ConversionProgress
  ) async throws -> ToolEnd {
    try await guarded(operation) {
      let result = try await Tether.held { input in
        try await Subprocess.run(
          .path("/bin/sh"), arguments: Tether.arguments(program, arguments),
          environment: Self.environment, platformOptions: Self.options,
          input: .fileDescriptor(input, closeAfterSpawningProcess: true), output: .sequence,
          error: .string(limit: Self.outputLimit)
        ) { execution in
          var reader = ProgressReader()
          for try await piece in execution.standardOutput {
            let bytes = piece.withUnsafeBytes { Array($0) }
            if let done = reader.take(bytes) { progress(done) }
          }
        }
      }
      return ToolEnd(
        code: try code(of: result.terminationStatus, operation), output: "",
        errors: result.standardError)
    }
  }

  /// In the C locale, so that a full disk is known by its words.
  private static var environment: Environment { .inherit.updating(["LC_ALL": "C"]) }

  private static var options: PlatformOptions {
    var options = PlatformOptions()
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: patience)]
    // A Ctrl-C at the terminal is for Kiln, which then ends the program in order.
    options.createSession = true
    return options
  }

  /// Runs `body`; a cancellation stays one, whatever the program's end looked like.
  private func guarded(
    _ operation: String, _ body: () async throws -> ToolEnd
  ) async throws -> ToolEnd {
    do {
      let end = try await body()
      try Task.checkCancellation()
      return end
    } catch  where error is SubprocessError || error is Errno {
      try Task.checkCancellation()
      throw DiskError(operation, .tool("`\(program)` could not be run: \(error)"))
    }
  }

  private func code(of status: TerminationStatus, _ operation: String) throws -> Int32 {
    switch status {
    case .exited(Self.notFound): throw DiskError(operation, .toolMissing(program))
    case .exited(let code) where code <= Self.signalBase: return code
    case .exited(let code), .signaled(let code):
      try Task.checkCancellation()
      let signal = code > Self.signalBase ? code - Self.signalBase : code
      throw DiskError(operation, .tool("signal \(signal) ended `\(program)`"))
    }
  }
}

/// Reads what `qemu-img -p` writes: `    (12.34/100%)`, a carriage return between two.
struct ProgressReader {
  private var pending: [UInt8] = []
  private var last = -1.0

  /// The part that is done by the newest whole figure in `bytes`; `nil` where none is higher than
  /// the one before.
  mutating func take(_ bytes: [UInt8]) -> Double? {
    pending += bytes
    guard let end = pending.lastIndex(of: UInt8(ascii: ")")),
      let start = pending[..<end].lastIndex(of: UInt8(ascii: "("))
    else { return nil }
    let figure = String(decoding: pending[(start + 1)..<end], as: UTF8.self)
    pending.removeSubrange(...end)
    guard figure.hasSuffix("/100%"), let percent = Double(figure.dropLast(5)),
      percent / 100 > last
    else { return nil }
    last = percent / 100
    return last
  }
}

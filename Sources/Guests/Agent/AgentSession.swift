import Pipeline
import SSH

/// One agent on a guest, at the other end of one SSH channel.
///
/// It is used by one task at a time for reading and by one for writing.
actor AgentSession {
  /// What the agent said when it was greeted.
  nonisolated let greeting: AgentGreeting
  /// The channel to the agent.
  private nonisolated let channel: any AgentChannel
  private var reader: AgentFrameReader
  /// What a job that the guest started by itself said while something else was waited for.
  private var kept: [AgentFrame] = []

  /// Which of a connection's agents one is.
  enum Place {
    case first, beside
  }

  /// The longest time that an agent may take to answer its greeting; on a machine that is still
  /// starting, `sudo` may wait for the network to look its name up.
  static let greetingLimit = Duration.seconds(60)

  /// Starts an agent over `connection` and greets it: two round trips.
  ///
  /// `directory` is the run's directory on the guest, where it is known already. An agent that works
  /// beside another one does not make it: that one may have removed it meanwhile, and nobody would
  /// come for what was made again.
  static func open(
    over connection: SSHConnection, run: String, directory: String?, place: Place,
    within limit: Duration
  ) async throws -> AgentSession {
    let channel = SSHAgentChannel(channel: try await connection.open(AgentProgram.command))
    let greeting = Greeting(program: AgentProgram.bytes, run, directory, place)
    return try await greet(channel, by: greeting, within: limit)
  }

  /// Greets an agent that listens already: one round trip.
  static func greet(
    listener channel: any AgentChannel, run: String, within limit: Duration
  ) async throws -> AgentSession {
    try await greet(channel, by: Greeting(program: [], run, nil, .first), within: limit)
  }

  private static func greet(
    _ channel: any AgentChannel, by greeting: Greeting, within limit: Duration
  ) async throws -> AgentSession {
    do {
      let limit = min(limit, greetingLimit)
      return try await withDeadline(limit, for: "the guest's agent to answer") {
        try await channel.write(greeting.bytes)
        return try await answer(to: greeting, from: channel)
      }
    } catch let error as DeadlineExceeded {
      await channel.close()
      throw AgentGone(why: error.description)
    } catch {
      await channel.close()
      throw error
    }
  }

  /// What an agent is told first.
  private struct Greeting {
    /// By it what the agent says is told from what a shell had said before.
    let nonce = String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
    let bytes: [UInt8]

    init(program: [UInt8], _ run: String, _ directory: String?, _ place: Place) {
      let may = place == .first ? "make" : "find"
      bytes = program + Array("hello \(nonce) \(run) \(may)\n\(directory ?? "")\n".utf8)
    }
  }

  private static func answer(
    to sent: Greeting, from channel: any AgentChannel
  ) async throws -> AgentSession {
    var reader = AgentFrameReader(nonce: sent.nonce)
    var greeting = AgentGreeting()
    while true {
      guard let frame = try reader.next() else {
        reader.add(try await bytes(from: channel))
        continue
      }
      guard case .line(let verb, let words) = frame else {
        throw AgentConfusion(line: "output before the greeting's end")
      }
      if verb == "." { break }
      greeting.take(verb, words)
    }
    return AgentSession(channel, reader, greeting)
  }

  private init(_ channel: any AgentChannel, _ reader: AgentFrameReader, _ greeting: AgentGreeting) {
    self.channel = channel
    self.reader = reader
    self.greeting = greeting
  }

  /// Sends requests; they are one line each, but for what follows a line by its own size.
  nonisolated func send(_ bytes: [UInt8]) async throws {
    try await channel.write(bytes)
  }

  /// Sends requests.
  nonisolated func send(_ lines: String) async throws {
    try await send(Array(lines.utf8))
  }

  /// The next thing the agent says.
  /// - Throws: ``AgentGone`` when it says nothing any more.
  func frame() async throws -> AgentFrame {
    kept.isEmpty ? try await newFrame() : kept.removeFirst()
  }

  /// The words of the next line that begins with `verb`; all else in between is kept for
  /// ``frame()``, since it may be of a job whose turn comes later.
  func words(after verb: Character) async throws -> [String] {
    while true {
      let frame = try await newFrame()
      if case .line(verb, let words) = frame { return words }
      kept.append(frame)
    }
  }

  private func newFrame() async throws -> AgentFrame {
    while true {
      if let frame = try reader.next() { return frame }
      reader.add(try await Self.bytes(from: channel))
    }
  }

  /// Whether ``frame()`` throws, sooner or later, when the guest does not answer any more.
  nonisolated var tellsSilence: Bool { channel.tellsSilence }

  /// Ends the agent by closing its channel.
  nonisolated func close() async {
    await channel.close()
  }

  private static func bytes(from channel: any AgentChannel) async throws -> [UInt8] {
    guard let bytes = try await channel.read() else {
      throw AgentGone(why: "the guest's agent ended")
    }
    return bytes
  }
}

/// The agent ended, or was ended by something on the guest, or does not answer.
struct AgentGone: Error, CustomStringConvertible {
  let why: String
  var description: String { why }
}

/// What an agent says of itself and its guest when it is greeted.
struct AgentGreeting: Sendable, Equatable {
  var user = ""
  var isRoot = false
  var sudo = ""
  var boot = ""
  var directory = ""
  /// The directory was there; otherwise it was made, and knows nothing of any job.
  var foundDirectory = false
  var missing: [String] = []
  var fault = ""
  /// An agent listens at the VM's own port, or this is the one.
  var listens = false

  mutating func take(_ verb: Character, _ words: [String]) {
    switch verb {
    case "u":
      isRoot = words.first == "0"
      user = words.dropFirst().joined(separator: " ")
    case "b": boot = words.joined()
    case "d": directory = words.joined(separator: " ")
    case "k": foundDirectory = words == ["yes"]
    case "m": missing = words
    case "r": sudo = words.joined(separator: " ")
    case "n": fault = words.joined(separator: " ")
    case "p": listens = words == ["yes"]
    default: break
    }
  }

  var facts: GuestFacts {
    let root: RootAccess =
      switch sudo {
      case "yes": .already
      case "sudo": .sudo
      default: .refused(sudo)
      }
    return GuestFacts(user: user, root: root, directory: directory, bootIdentity: boot)
  }
}

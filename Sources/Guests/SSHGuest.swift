public import Digests
public import Pipeline
public import SSH

/// A POSIX machine reached over SSH.
///
/// It keeps one connection for the whole run. When that drops it makes another within the SSH
/// timeout and re-attaches to the job by its id and to the output by its offsets, so that nothing
/// runs twice and no output is lost or doubled (DESIGN 3).
public actor SSHGuest: Guest {
  /// What the guest said of itself when it was first reached.
  public nonisolated let facts: GuestFacts

  let route: SSHRoute
  private var connection: SSHConnection?
  private var agent: AgentSession?
  private var lanes: [Int: AgentSession] = [:]
  private var outage: Outage
  /// The boot identity of the guest when the last job was started.
  var jobBoot: String
  /// The jobs that the agent of this connection starts by itself, each when the one before has
  /// ended well.
  var chained: Set<String> = []
  /// The jobs whose scripts the agent of this connection has, and starts when it is asked to.
  var laid: Set<String> = []
  /// Whether the agent of this connection was told to have root wait, and nobody has asked what came
  /// of it yet.
  var isArming = false

  /// Reaches the guest for the first time.
  /// - Throws: ``GuestError`` of kind `unreachable` or `unfit`.
  public static func reach(
    _ route: SSHRoute, report: @escaping GuestReport
  ) async throws -> SSHGuest {
    let (connection, agent) = try await route.firstAgent(report)
    do {
      try agent.greeting.check(route.name)
    } catch {
      // The guest had made the run's directory before it could say what is wrong with it.
      await SSHGuest(route, connection, agent).giveUp()
      throw error
    }
    return SSHGuest(route, connection, agent)
  }

  /// Leaves a guest that is of no use; why it is of none is what the user needs to know.
  private func giveUp() async {
    do {
      try await withRelease(limit: .seconds(10), for: "\(route.name) to be left") {
        try await self.leave()
      }
    } catch {
      await drop()
    }
  }

  /// Goes on with a guest of an earlier run's state, in which an agent listens at `port`: nobody has to
  /// log in, which takes a second where there is no KVM.
  ///
  /// What is lost later comes back by SSH, and large files go by it.
  /// - Returns: the guest; `nil` where nobody listens.
  /// - Throws: ``GuestError`` of kind `unfit`.
  public static func wake(
    _ route: SSHRoute, at port: any AgentChannel, report: @escaping GuestReport
  ) async throws -> SSHGuest? {
    let start = ContinuousClock.now
    let agent: AgentSession
    do {
      agent = try await AgentSession.greet(
        listener: port, run: route.run, within: Self.wakingLimit)
    } catch  where error is AgentGone || error is AgentConfusion {
      return nil
    }
    report(.answered(after: ContinuousClock.now - start))
    try agent.greeting.check(route.name)
    return SSHGuest(route, nil, agent)
  }

  /// Tells agents of different versions of Kiln apart: one that listens in a kept state is as old as
  /// that.
  public static func agentVersion() throws(DigestError) -> String {
    try SHA256Digest(of: AgentProgram.bytes).hex
  }

  /// How long an agent may take that listens already; where none does, this is lost.
  private static let wakingLimit = Duration.seconds(15)

  private init(_ route: SSHRoute, _ connection: SSHConnection?, _ agent: AgentSession) {
    self.route = route
    self.connection = connection
    self.agent = agent
    facts = agent.greeting.facts
    jobBoot = agent.greeting.boot
    outage = Outage(limit: route.timeout)
  }

  /// The agent for jobs; it is made anew where the connection or the agent was lost.
  /// - Throws: ``GuestError`` of kind `lost` when the SSH timeout passes first.
  func agent(_ report: GuestReport) async throws -> AgentSession {
    if let agent { return agent }
    while true {
      do {
        let agent = try await newAgent(report)
        if let gap = outage.end() { report(.connectionRestored(after: gap)) }
        self.agent = agent
        return agent
      } catch let error as SSHError where error.isFinal {
        throw GuestError(
          .lost, "the connection to \(route.name) can't be made again: \(error)",
          hint: error.hint)
      } catch is SSHError, is AgentGone, is AgentConfusion {
        try await pause()
      }
    }
  }

  /// An agent of its own for a large file, so that jobs' answers never wait behind it; `nil` where
  /// the server or the guest allows no more of them, or none beside one at a port.
  func lane(_ number: Int) async throws -> AgentSession? {
    do {
      return try await openLane(number)
    } catch let error as SSHError
      where error.kind == .channelRefused || (hasPort && error.kind != .connectTimedOut)
    {
      return nil
    } catch  where (error is AgentGone || error is AgentConfusion) && connection?.isOpen == true {
      return nil
    }
  }

  /// As ``lane(_:)``; why there is none is thrown.
  func openLane(_ number: Int) async throws -> AgentSession {
    if let lane = lanes[number] { return lane }
    let opened = try await openAgent(.beside)
    lanes[number] = opened
    return opened
  }

  func closeLane(_ number: Int) async { await lanes.removeValue(forKey: number)?.close() }

  /// Whether jobs go by an agent at a port, which may live where no connection can be made.
  private var hasPort: Bool { agent?.tellsSilence == false }

  /// An agent over a connection of its own: the present one may be dead without anyone's knowing
  /// it yet, or in the midst of sending output.
  func freshAgent(_ report: GuestReport) async throws -> AgentSession {
    await drop()
    return try await agent(report)
  }

  /// Notes that the connection or its agent was lost, and closes what is left of it.
  ///
  /// Where the guest did nothing since it was last lost, this waits, so that an agent that can't
  /// live does not keep us busy for good.
  /// - Throws: whatever isn't a loss; ``GuestError`` of kind `lost` when the SSH timeout has passed.
  func lose(_ error: any Error, _ report: GuestReport) async throws {
    switch error {
    case is SSHError, is AgentGone, is AgentConfusion: break
    default: throw error
    }
    try Task.checkCancellation()
    await drop()
    if outage.begin() { report(.connectionLost("\(error)")) } else { try await pause() }
  }

  /// How long the guest was out of reach the last time.
  var lastOutage: Duration { outage.last }

  /// Notes that the guest does its work, so that the next loss is a new one.
  func proveAlive() { outage.settle() }

  /// Whether an agent listens at the VM's own port, so that a state of the VM can be gone on from
  /// without logging in.
  public var listens: Bool { agent?.greeting.listens ?? false }

  /// Closes the lanes of a file that was refused while it was still on its way.
  ///
  /// `first` may be the jobs' agent itself, where there was no other lane.
  func dropLanes(_ first: AgentSession) async {
    for lane in lanes.values { await lane.close() }
    lanes = [:]
    guard first === agent else { return }
    await first.close()
    agent = nil
    forgetAhead()
  }

  /// What an agent was sent ahead is gone with it.
  private func forgetAhead() { (chained, laid, isArming) = ([], [], false) }

  func drop() async {
    let (lostAgent, lostConnection) = (agent, connection)
    (agent, connection) = (nil, nil)
    lanes = [:]
    forgetAhead()
    // One that listened at a port has no connection to end with.
    await lostAgent?.close()
    await lostConnection?.close()
  }

  private func newAgent(_ report: GuestReport) async throws -> AgentSession {
    let agent = try await openAgent(.first)
    guard agent.greeting.directory == facts.directory else {
      throw GuestError(
        .lost,
        "could not go on in `\(facts.directory)` on \(route.name): \(agent.greeting.fault)",
        hint: "the disk that holds it must be there again after a restart")
    }
    return agent
  }

  private func openAgent(_ place: AgentSession.Place) async throws -> AgentSession {
    let connection = try await standingConnection()
    return try await AgentSession.open(
      over: connection, run: route.run, directory: facts.directory, place: place,
      within: route.timeout)
  }

  /// The connection; a new one where there is none, as at first where an agent listened at a port.
  private func standingConnection() async throws -> SSHConnection {
    if let connection, connection.isOpen { return connection }
    let dialed = try await route.dial()
    connection = dialed
    return dialed
  }

  private func pause() async throws {
    try await ContinuousClock().sleep(for: outage.nextPause(route.name))
  }
}

extension SSHError {
  /// Whether trying again can't help, or must not be done.
  public var isFinal: Bool {
    switch kind {
    case .hostKeyChanged, .hostKeyRevoked, .hostKeyUnknown, .badConfiguration: true
    default: false
    }
  }
}

import Digests
public import Pipeline
import SSH

extension SSHGuest {
  /// Runs `job` to its end, exactly once.
  ///
  /// With the connection standing it costs one round trip beyond the job's own time, its script
  /// included: the script and the request to start it leave together. Jobs that are started `ahead`
  /// cost none: the guest starts each as soon as the one before has ended with 0, unless the
  /// connection has gone.
  public func run(
    _ job: GuestJob, ahead: JobsAhead, report: @escaping GuestReport
  ) async throws -> JobEnd {
    try await run(job, ahead: ahead, watching: true, report: report)
  }

  /// As ``run(_:ahead:report:)``; without `watching` nobody logs in meanwhile.
  func run(
    _ job: GuestJob, ahead: JobsAhead, watching: Bool, report: @escaping GuestReport
  ) async throws -> JobEnd {
    var progress = JobProgress()
    do {
      while true {
        try Task.checkCancellation()
        let agent = try await agent(report)
        guard progress.askedAt == nil || agent.greeting.foundDirectory else {
          throw GuestError(
            .lost, "could not learn how the script on \(route.name) ended: its job is gone",
            hint: "neither a script nor a restart may remove `\(facts.directory)`")
        }
        do {
          let end =
            agent.tellsSilence || !watching
            ? try await follow(job, ahead, &progress, agent, report)
            : try await followWatched(job, ahead, &progress, agent, report)
          jobBoot = progress.askedAt ?? agent.greeting.boot
          await forget(job.id, agent)
          return end
        } catch {
          try await lose(error, report)
        }
      }
    } catch is CancellationError {
      await cancel(job.id, report)
      throw CancellationError()
    }
  }

  /// Has the guest remove a job's files.
  ///
  /// What is proved is proved: where this can't be sent, the files stay until the guest is left.
  private func forget(_ id: String, _ agent: AgentSession) async {
    do {
      try await agent.send("forget \(id)\n")
    } catch {
      await drop()
    }
  }

  /// As ``follow(_:_:_:_:_:)``, with an SSH connection beside it that notices when the guest does not
  /// answer any more.
  private func followWatched(
    _ job: GuestJob, _ ahead: JobsAhead, _ progress: inout JobProgress, _ agent: AgentSession,
    _ report: GuestReport
  ) async throws -> JobEnd {
    async let _ = watch(agent)
    return try await follow(job, ahead, &progress, agent, report)
  }

  /// Closes an agent when its guest does not answer any more: a connection that stood is lost, and
  /// nothing answers where another is tried.
  ///
  /// That none can be made says nothing by itself: a script may have closed its guest to new ones.
  private func watch(_ agent: AgentSession) async {
    var hasStood = false
    while !Task.isCancelled {
      do {
        try await ContinuousClock().sleep(for: Self.watchAfter)
        let lane = try await openLane(0)
        hasStood = true
        while true { _ = try await lane.frame() }
      } catch {
        let kind = (error as? SSHError)?.kind
        if hasStood, kind == .connectTimedOut { return await agent.close() }
        if kind == .connectionLost { hasStood = true }
        // One that is cancelled leaves it to the next job.
        if !Task.isCancelled { await closeLane(0) }
      }
    }
  }

  /// How old a job is, or how long ago a connection was lost or not to be had, when one is made.
  ///
  /// Most jobs are shorter than that, and to log in costs the guest a second where there is no KVM.
  private static let watchAfter = Duration.seconds(10)

  /// One connection's share of a job: asks for it, and listens until it ends or the line drops.
  private func follow(
    _ job: GuestJob, _ ahead: JobsAhead, _ progress: inout JobProgress, _ agent: AgentSession,
    _ report: GuestReport
  ) async throws -> JobEnd {
    let boot = agent.greeting.boot
    if !progress.mayStart(at: boot) {
      try await agent.send("attach \(job.id) \(progress.stdout) \(progress.stderr)\n")
    } else if !chained.contains(job.id) {
      try await lay(job, ahead, agent)
      let put = laid.remove(job.id) == nil ? job.putRequest : []
      try await agent.send(put + Array(job.startRequest(progress).utf8))
    }
    progress.askedAt = progress.askedAt ?? boot
    try await send(ahead, after: job, agent)
    while true {
      switch try await agent.frame() {
      case .output(let stream, let bytes):
        proveAlive()
        guard !bytes.isEmpty else { continue }
        progress.count(bytes.count, on: stream)
        report(.output(stream, bytes))
      case .line("s", _):
        proveAlive()
        progress.started = true
      case .line("z", let words):
        // The guest did not start a job by itself; it has the script, so asking is enough.
        if words.first == job.id {
          try await agent.send(job.startRequest(progress))
        } else {
          chained.remove(words.first ?? "")
        }
      case .line("n", let words):
        throw GuestError(
          .notStarted,
          "could not start the script on \(route.name): \(words.joined(separator: " "))")
      case .line("x", let words):
        if let end = try ending(words, &progress, boot, report) {
          proveAlive()
          return end
        }
        return try await follow(job, ahead, &progress, agent, report)
      case .line:
        continue
      }
    }
  }

  /// Has the guest make directories for this job and those that come, all at once.
  private func lay(_ job: GuestJob, _ ahead: JobsAhead, _ agent: AgentSession) async throws {
    let new = ([job] + ahead.started + ahead.sent).map(\.id)
      .filter { !chained.contains($0) && !laid.contains($0) }
    guard new.count > 1 else { return }
    try await agent.send("lay \(new.prefix(Self.laidAtOnce).joined(separator: " "))\n")
  }

  /// How many names a request has room for.
  private static let laidAtOnce = 5

  /// Sends the scripts of the jobs to come; those that may start by themselves, the guest starts each
  /// after the one before it.
  private func send(
    _ ahead: JobsAhead, after job: GuestJob, _ agent: AgentSession
  ) async throws {
    var before = job
    var room = Room()
    for next in ahead.started {
      guard room.take(next) else { return }
      if chained.insert(next.id).inserted {
        try await agent.send(next.putRequest + Array(next.chainRequest(after: before).utf8))
      }
      before = next
    }
    for next in ahead.sent {
      guard room.take(next) else { return }
      if laid.insert(next.id).inserted { try await agent.send(next.putRequest) }
    }
    if let last = ahead.generalizing, room.take(last) { try await beginArming(last, agent) }
  }

  /// What may be sent ahead.
  private struct Room {
    private var count = SSHGuest.aheadCount
    private var bytes = SSHGuest.aheadAtMost

    mutating func take(_ job: GuestJob) -> Bool {
      count -= 1
      bytes -= job.script.count
      return count >= 0 && bytes >= 0
    }
  }

  /// How many jobs are sent ahead: enough for a round trip of short ones.
  static let aheadCount = 4
  /// How many bytes of scripts are sent ahead: an SSH window takes them whole, so that sending them
  /// never waits for the guest.
  static let aheadAtMost = 256 * 1024

  /// What the last line of a job says; `nil` where it proves that the job was never started.
  private func ending(
    _ words: [String], _ progress: inout JobProgress, _ boot: String, _ report: GuestReport
  ) throws -> JobEnd? {
    let word = words.dropFirst().first ?? ""
    switch words.first {
    case "exit":
      guard let code = Int32(word) else { throw AgentConfusion(line: words.joined(separator: " ")) }
      if words.contains("full") {
        report(.warning("the disk of \(route.name) is full: some output was not kept"))
      }
      return words.contains("restart") ? .exitedBeforeRestart(code) : .exited(code)
    case "killed": return .killed
    case "unstarted":
      throw GuestError(
        .notStarted, "could not start the script on \(route.name): its job could not be set up",
        hint: "check that the disk of the guest has room")
    case "restarted":
      return .restarted(word == "orderly" ? .orderly : .abrupt, outOfReach: lastOutage)
    case "gone":
      throw GuestError(
        .lost, "could not learn how the script on \(route.name) ended: its job is gone",
        hint: "a script must leave `\(facts.directory)` as it is")
    case "none":
      guard !progress.started, progress.askedAt == boot else {
        throw GuestError(
          .lost, "nothing is left of the job on \(route.name), which restarted meanwhile",
          hint: "whether the script ran to its end can't be told")
      }
      progress.askedAt = nil
      return nil
    default:
      throw AgentConfusion(line: words.joined(separator: " "))
    }
  }

  /// Ends a job and makes sure that it can't start any more; it takes half a minute at most.
  private func cancel(_ id: String, _ report: @escaping GuestReport) async {
    do {
      try await withRelease(limit: .seconds(30), for: "the job on \(route.name) to end") {
        while true {
          do {
            let agent = try await self.freshAgent(report)
            try await agent.send("cancel \(id)\n")
            let fault = try await agent.words(after: "c").joined(separator: " ")
            guard fault.isEmpty else { throw GuestError(.lost, fault) }
            return
          } catch {
            try await self.lose(error, report)
          }
        }
      }
    } catch let error as GuestError where error.kind == .gone {
      // With the machine its jobs are gone, too.
    } catch {
      report(.warning("the job on \(route.name) may still run: \(error); `kiln gc` ends it"))
    }
  }
}

/// How far a job has come, as seen from here.
struct JobProgress {
  /// The guest's boot identity when the start was asked for.
  var askedAt: String?
  /// Whether the guest said that it started.
  var started = false
  /// The bytes of output that have arrived.
  private(set) var stdout = 0
  private(set) var stderr = 0

  /// Whether asking for the start can't make the job run a second time: either nobody ever asked,
  /// or the guest has not restarted since and so still knows what it did.
  func mayStart(at boot: String) -> Bool { askedAt == nil || (!started && askedAt == boot) }

  mutating func count(_ bytes: Int, on stream: OutputStream) {
    switch stream {
    case .stdout: stdout += bytes
    case .stderr: stderr += bytes
    }
  }
}

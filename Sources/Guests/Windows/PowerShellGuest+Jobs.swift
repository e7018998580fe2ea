import Digests
public import Pipeline

extension PowerShellGuest {
  /// Runs `job` to its end, exactly once; jobs `ahead` are not sent ahead.
  public func run(
    _ job: GuestJob, ahead: JobsAhead, report: @escaping GuestReport
  ) async throws -> JobEnd {
    var progress = JobProgress()
    do {
      while true {
        try Task.checkCancellation()
        do {
          let line = try await line(report)
          // From here on the guest may have it, whatever becomes of the answer.
          progress.askedAt = progress.askedAt ?? boot
          let end = try await follow(job, &progress, line, report)
          jobBoot = progress.askedAt ?? boot
          ended.append(job.id)
          return end
        } catch let never as NeverBegan {
          await cancel(job.id, report)
          throw GuestError(
            .notStarted, "could not start the script on \(route.name): \(never.reason)",
            hint: never.hint)
        } catch {
          try await lose(error, report)
        }
      }
    } catch is CancellationError {
      await cancel(job.id, report)
      throw CancellationError()
    }
  }

  /// One line's share of a job: asks for it, and listens until it ends or the line is lost.
  private func follow(
    _ job: GuestJob, _ progress: inout JobProgress, _ line: any WindowsLine,
    _ report: @escaping GuestReport
  ) async throws -> JobEnd {
    var watch = LaunchWatch(limit: route.launchLimit)
    var told = progress
    defer { progress = told }
    let request = try request(for: job, progress)
    let script = progress.started ? [] : job.script
    let word = try await WindowsAgent(line: line).ask(request, script: script) { said in
      self.proveAlive()
      switch said {
      case .claimed: told.started = true
      case .waiting(let state):
        if let never = watch.take(state, at: .now) { throw never }
      case .output(let stream, let bytes):
        told.count(bytes.count, on: stream)
        report(.output(stream, bytes))
      case .end(let word): return word
      case .refused(let reason):
        throw GuestError(
          .notStarted, "could not start the script on \(self.route.name): \(reason)")
      case .boot, .facts, .done: break
      }
      return nil
    }
    ended = []
    return try ending(word)
  }

  private func request(
    for job: GuestJob, _ progress: JobProgress
  ) throws(GuestError) -> AgentRequest {
    var request = AgentRequest(op: .run, run: route.run, id: job.id)
    request.user = job.user.rawValue
    request.digest = job.digest.hex
    request.runner = WindowsRunner.text(for: job)
    if job.user == .elevated, !progress.started {
      guard let password = route.password else { throw noPassword }
      request.password = password.revealed
    }
    request.asked = progress.askedAt ?? ""
    request.seen = progress.started
    request.stdout = progress.stdout
    request.stderr = progress.stderr
    request.forget = ended
    return request
  }

  private var noPassword: GuestError {
    GuestError(
      .notStarted,
      "could not start the script elevated on \(route.name): Windows wants the user's password for "
        + "that, and nobody has told it", hint: "use `runAsSystem`, or tell it by --password-fd")
  }

  /// What the last word of a job says.
  private func ending(_ text: String) throws -> JobEnd {
    let words = text.split(separator: " ")
    switch words.first {
    case "exit":
      let word = words.dropFirst().first ?? ""
      guard let code = Int32(word) ?? UInt32(word).map({ Int32(bitPattern: $0) }) else {
        throw GuestError(
          .lost, "could not learn how the script on \(route.name) ended: its exit code is \(word)")
      }
      return .exited(code)
    case "killed": return .killed
    case "restarted": return .restarted(.abrupt, outOfReach: lastOutage)
    case "unstarted":
      throw GuestError(
        .notStarted, "could not start the script on \(route.name): its job could not be set up",
        hint: "check that the disk of the guest has room")
    default:
      throw GuestError(
        .lost, "nothing is left of the job on \(route.name)",
        hint: "neither a script nor a restart may remove `\(facts.directory)`")
    }
  }

  /// Ends a job and makes sure that it can't start any more; it takes half a minute at most.
  private func cancel(_ id: String, _ report: @escaping GuestReport) async {
    do {
      try await withRelease(limit: .seconds(30), for: "the job on \(route.name) to end") {
        let request = AgentRequest(op: .cancel, run: self.route.run, id: id)
        let fault = try await self.ask(request, report)
        guard fault.isEmpty else { throw GuestError(.lost, fault) }
      }
    } catch {
      report(.warning("the job on \(route.name) may still run: \(error); `kiln gc` ends it"))
    }
  }

  /// Has the guest do something that may be done twice, and returns what went wrong with it.
  func ask(_ request: AgentRequest, _ report: @escaping GuestReport) async throws -> String {
    while true {
      do {
        let line = try await line(report)
        let fault = try await WindowsAgent(line: line).ask(request) { said in
          if case .done(let fault) = said { fault } else { nil }
        }
        proveAlive()
        return fault
      } catch {
        try await lose(error, report)
      }
    }
  }
}

import Pipeline
public import SSH

/// How a guest is reached over SSH, again whenever that is needed.
public struct SSHRoute: Sendable {
  /// What the user calls the guest: `me@host`.
  public var name: String
  /// The id of the run, from which the directory on the guest has its name.
  public var run: String
  /// How long a guest may stay out of reach before it counts as lost: 20 minutes, as in AIB
  /// (`aib.md` c.1).
  public var timeout: Duration
  /// How long the guest may take to answer for the first time.
  public var patience: Patience
  /// The base64 part of the public key that was put into the guest for this build, so that it can
  /// be taken out again; empty where none was.
  public var publicKey = ""
  /// Makes a connection.
  public var dial: @Sendable () async throws -> SSHConnection

  /// How long a guest may take to answer for the first time.
  public enum Patience: Sendable, Equatable {
    /// It is there already: what goes wrong at once is told at once.
    case none
    /// It is being started: it may take as long as the SSH timeout.
    case untilTimeout
  }

  /// Puts a route together.
  public init(
    name: String, run: String, timeout: Duration, patience: Patience,
    dial: @escaping @Sendable () async throws -> SSHConnection
  ) {
    self.name = name
    self.run = run
    self.timeout = timeout
    self.patience = patience
    self.dial = dial
  }

  /// How long to wait between two looks whether a machine has started.
  private static let bootPause = Duration.milliseconds(100)

  /// The first connection and the agent over it; `report` is told when a machine that is being
  /// started answers.
  func firstAgent(_ report: GuestReport) async throws -> (SSHConnection, AgentSession) {
    let start = ContinuousClock.now
    var answered = patience == .none
    var outage = Outage(limit: timeout)
    _ = outage.begin()
    while true {
      do {
        return try await oneAgent {
          if !answered { report(.answered(after: ContinuousClock.now - start)) }
          answered = true
        }
      } catch let error as SSHError where error.isFinal || patience == .none {
        throw GuestError(.unreachable, error.description, hint: error.hint)
      } catch let error as AgentGone where patience == .none {
        throw GuestError(
          .unfit, "could not work on \(name): \(error)",
          hint: "check that `ssh \(name) /bin/sh` works and that the guest has `dd`")
      } catch let error as AgentConfusion {
        throw GuestError(.unfit, "could not work on \(name): \(error)")
      } catch  where error is SSHError || error is AgentGone {
        do {
          // Nobody else uses a machine that is being started, so that asking often costs nothing.
          try await ContinuousClock().sleep(for: min(outage.nextPause(name), Self.bootPause))
        } catch is GuestError {
          throw GuestError(
            .unreachable, "could not reach \(name) within \(timeout.formatted): \(error)",
            hint: (error as? SSHError)?.hint)
        }
      }
    }
  }

  private func oneAgent(
    answered: () -> Void
  ) async throws -> (SSHConnection, AgentSession) {
    let connection = try await dial()
    answered()
    do {
      let agent = try await AgentSession.open(
        over: connection, run: run, directory: nil, place: .first, within: timeout)
      return (connection, agent)
    } catch let gone as AgentGone where patience == .none {
      // Where it can't be asked any more, that the agent is gone is all that is known.
      let shell = try? await LoginShell.ask(connection)
      await connection.close()
      guard shell != nil else { throw gone }
      throw GuestError(
        .unfit, "could not work on \(name) by a POSIX shell: it is a Windows machine",
        hint: "Windows takes PowerShell, WindowsRestart, WindowsUpdate and File customizers, and "
          + "its SSH server must be OpenSSH for Windows")
    } catch {
      await connection.close()
      throw error
    }
  }
}

extension AgentGreeting {
  /// - Throws: ``GuestError`` of kind `unfit` where jobs can't run on this guest.
  func check(_ name: String) throws(GuestError) {
    guard missing.isEmpty else {
      throw GuestError(
        .unfit, "\(name) lacks what steps need: \(missing.joined(separator: ", "))",
        hint: "install coreutils and util-linux on it")
    }
    guard !directory.isEmpty else {
      throw GuestError(
        .unfit, "could not make a directory for the run on \(name): \(fault)",
        hint: "`/var/tmp` or the home directory must be writable and have room")
    }
  }
}

import Glibc
import TestSupport
import Testing

@testable import QEMU

@Suite(.requires(qemu), .timeLimit(.minutes(2))) struct QMPTests {
  @Test func `commands have typed answers`() async throws {
    try await withQMP { client, _ in
      let status = try await client.execute(.status)
      #expect(status == QMPStatus(running: true, status: "running"))
      #expect(try await client.execute(.monitor("info version")).contains("."))
    }
  }

  @Test func `a refusal has QEMU's class and words`() async throws {
    try await withQMP { client, _ in
      let error = try await failure {
        _ = try await client.execute(QMPCommand("fly-away", reply: QMPDone.self))
      }
      let own = QMPError(
        errorClass: "CommandNotFound", text: "The command fly-away has not been found")
      #expect(error.kind == .refused(own))
      #expect(
        "\(error)" == "could not have QEMU do `fly-away`: The command fly-away has not been found")
    }
  }

  @Test func `each of many tasks gets its own answer`() async throws {
    try await withQMP { client, _ in
      try await withThrowingTaskGroup { group in
        for number in 0..<200 {
          group.addTask {
            let error = try await failure {
              _ = try await client.execute(QMPCommand("no-\(number)", reply: QMPDone.self))
            }
            #expect(error.reason.contains("no-\(number) "))
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func `events arrive in order, and end when QEMU does`() async throws {
    try await withQMP { client, _ in
      let events = client.events()
      _ = try await client.execute(.stop)
      _ = try await client.execute(.cont)
      _ = try await client.execute(.quit)
      var names: [String] = []
      for await event in events { names.append(event.name) }
      #expect(names == ["STOP", "RESUME", "SHUTDOWN"])
      #expect(await client.events().first { _ in true } == nil)
    }
  }

  @Test func `an answer that does not come is told, and a late one disturbs nobody`() async throws {
    try await withQMP { client, process in
      kill(process.pid, SIGSTOP)
      let error = try await failure {
        _ = try await client.execute(.status, limit: .milliseconds(50))
      }
      #expect(error.kind == .noAnswer)
      kill(process.pid, SIGCONT)
      #expect(try await client.execute(.status).running)
    }
  }

  @Test func `waiting for an answer can be cancelled`() async throws {
    try await withQMP { client, process in
      kill(process.pid, SIGSTOP)
      defer { kill(process.pid, SIGCONT) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: CancellationError.self) { try await client.execute(.status) }
        }
        group.cancelAll()
        try await group.waitForAll()
      }
    }
  }

  @Test func `a command to a QEMU that dies ends`() async throws {
    try await withQMP { client, process in
      kill(process.pid, SIGSTOP)
      async let answer = failure { _ = try await client.execute(.status) }
      kill(process.pid, SIGKILL)
      #expect(try await answer.kind == .ended)
      #expect(try await process.ended() == .signaled(SIGKILL))
      let later = try await failure { _ = try await client.execute(.status) }
      #expect(later.kind == .ended)
    }
  }

  /// Lends a QEMU without a machine, and kills it afterwards.
  private func withQMP(
    _ body: (QMPClient, SupervisedProcess) async throws -> Void
  ) async throws {
    try await ScratchDirectory.with { directory in
      let sockets = try SocketPair()
      let client = QMPClient(owning: sockets.takeOurs())
      let process = try await SupervisedProcess.start(
        SupervisedProcess.Command(
          executable: qemu,
          arguments: [
            "-machine", "none", "-nodefaults", "-display", "none",
            "-chardev", "socket,id=qmp,fd=3", "-mon", "chardev=qmp,mode=control",
          ], directory: directory, messages: "qemu.log", channel: sockets.theirs))
      sockets.closeTheirs()
      defer { process.kill() }
      try await client.negotiate()
      try await body(client, process)
      process.kill()
      _ = try await process.ended()
    }
  }
}

import Guests
import Pipeline
import TestSupport
import Testing

/// What happens to steps when the guest's disk is full.
@Suite(.requiresNamespaces) struct DiskTests {
  @Test func `a script that does not fit is not started, and none of it is taken for a request`()
    async throws
  {
    try await GuestRig.withMachine { rig, _ in
      try await rig.command("sudo mount -t tmpfs -o size=64k tmpfs /var/tmp")
      let end = try await rig.visit { guest in
        let evil = String(repeating: "leave\nforget a\ncancel b\n", count: 20_000)
        let big = try job("a", "echo x >> \(rig.scratch)/ran\n\(evil)")
        let kind = try await failure {
          try await guest.run(big, ahead: .none, report: rig.news.report)
        }
        #expect(kind == .notStarted)
        return try await guest.run(job("b", "exit 3\n"), ahead: .none, report: rig.news.report)
      }
      #expect(end == .exited(3))
      #expect(rig.count("ran") == 0)
      #expect(rig.news.value.lost == 0)
    }
  }

  @Test func `a step that finds the disk full at its start is not started`() async throws {
    try await GuestRig.withMachine { rig, _ in
      try await rig.command("sudo mount -t tmpfs -o size=1m tmpfs /var/tmp")
      let guest = try await rig.reach()
      let second = try job("b", "echo x >> \(rig.scratch)/ran\n")
      let fill = """
        until [ -s /var/tmp/.kiln-*/b.new.*/script ]; do sleep 0.05; done
        sleep 0.5
        (while :; do cat /dev/zero >> /var/tmp/full || :; sleep 0.01; done) &
        exit 4
        """
      // After a step that failed, the guest does not start the one that it has ready.
      let end = try await guest.run(
        job("a", fill), ahead: .started([second]), report: rig.news.report)
      #expect(end == .exited(4))
      try await rig.command(
        "while [ -s /var/tmp/.kiln-*/a/script ] || [ $(stat -f -c %a /var/tmp) != 0 ]; "
          + "do sleep 0.05; done")
      let kind = try await failure {
        try await guest.run(second, ahead: .none, report: rig.news.report)
      }
      #expect(kind == .notStarted)
      #expect(rig.count("ran") == 0)
      try await guest.leave()
    }
  }

  @Test func `output that does not fit is left out, and said to be, and the step goes on`()
    async throws
  {
    try await GuestRig.withMachine { rig, _ in
      try await rig.command("sudo mount -t tmpfs -o size=256k tmpfs /var/tmp")
      let script = "head -c 1000000 /dev/zero | tr '\\0' x\necho x >> \(rig.scratch)/ran\nexit 3\n"
      let end = try await rig.run(job("a", script))
      #expect(end == .exited(3))
      #expect(rig.count("ran") == 1)
      #expect(rig.news.value.warnings.count == 1)
      #expect(!rig.news.value.stdout.isEmpty)
      #expect(rig.news.value.stdout.allSatisfy { $0 == UInt8(ascii: "x") })
    }
  }

  @Test func `a file that does not fit is refused, and its part is gone`() async throws {
    try await GuestRig.withMachine { rig, _ in
      try await rig.command("sudo mkdir -p /mnt && sudo mount -t tmpfs -o size=64k tmpfs /mnt")
      let end = try await rig.visit { guest in
        let bytes = [UInt8](repeating: 7, count: 3_000_000)
        let kind = try await failure {
          try await guest.place(file(bytes, "/mnt/a"), report: rig.news.report)
        }
        #expect(kind == .notPlaced)
        let small = [UInt8](repeating: 10, count: 65_000)
        // By the same agent, which first takes away what came of the file that was refused.
        let fill = try job("f", "head -c 30000 /dev/zero > /mnt/fill\n")
        #expect(try await guest.run(fill, ahead: .none, report: rig.news.report) == .exited(0))
        let second = try await failure {
          try await guest.place(file(small, "/mnt/b"), report: rig.news.report)
        }
        #expect(second == .notPlaced)
        let list = try job("c", "ls -A /mnt\n")
        return try await guest.run(list, ahead: .none, report: rig.news.report)
      }
      #expect(end == .exited(0))
      #expect(rig.news.stdout == "fill\n")
      #expect(rig.news.value.lost == 0)
    }
  }
}

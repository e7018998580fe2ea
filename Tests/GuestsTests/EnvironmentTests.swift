import FoundationEssentials
import Guests
import Pipeline
import SSH
import TestSupport
import Testing

/// Steps on guests of every kind.
@Suite(.requiresRoot) struct EnvironmentTests {
  @Test(arguments: ["/bin/bash", "/bin/dash", "/usr/bin/fish", "/bin/tcsh"])
  func `any login shell will do`(shell: String) async throws {
    guard FileManager.default.isExecutableFile(atPath: shell) else { return }
    try await GuestRig.with(TestUser.Options(shell: shell)) { rig, user in
      let end = try await rig.run(job("a", "id -un\nexit 7\n"))
      #expect(end == .exited(7))
      #expect(rig.news.stdout == "\(user.name)\n")
    }
  }

  @Test func `busybox will do as the login shell`() async throws {
    try await ScratchDirectory.with { directory in
      let shell = "\(directory)/sh"
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory)
      try FileManager.default.createSymbolicLink(
        atPath: shell, withDestinationPath: "/bin/busybox")
      try await GuestRig.with(TestUser.Options(shell: shell)) { rig, _ in
        let end = try await rig.run(job("a", "echo out\nexit 7\n"))
        #expect(end == .exited(7))
        #expect(rig.news.stdout == "out\n")
      }
    }
  }

  @Test func `what a login shell prints is no output of a step`() async throws {
    try await GuestRig.with(TestUser.Options(shell: "/bin/bash")) { rig, user in
      let noise = "echo h noise; echo o 5; seq 100; echo err >&2; printf 'no end'; umask 027\n"
      try Data(noise.utf8).write(to: URL(filePath: "\(user.home)/.bashrc"))
      let end = try await rig.run(job("a", "umask\n"))
      #expect(end == .exited(0))
      #expect(rig.news.stdout == "0027\n", "and the login's umask is the script's")
      #expect(rig.news.stderr == "")
    }
  }

  @Test func `a login shell that never comes to an end is given up`() async throws {
    try await GuestRig.with(TestUser.Options(shell: "/bin/bash")) { rig, user in
      try Data("sleep 100\n".utf8).write(to: URL(filePath: "\(user.home)/.bashrc"))
      var route = rig.route
      route.timeout = .seconds(2)
      let kind = try await failure { try await SSHGuest.reach(route) { _ in } }
      #expect(kind == .unfit)
    }
  }

  @Test func `a root step runs as root with the user's environment`() async throws {
    let options = TestUser.Options(sudo: .withoutPassword)
    try await GuestRig.with(options, sshd: ["PermitUserEnvironment yes"]) { rig, user in
      try await user.setEnvironment("KILN_TEST=kept\nLC_ALL=de_DE.UTF-8\nLANG=xx")
      let script = "id -u\necho $KILN_TEST $LC_ALL $PACKER_BUILD_NAME\n"
      let end = try await rig.run(job("a", script, user: .root))
      #expect(end == .exited(0))
      #expect(rig.news.stdout == "0\nkept de_DE.UTF-8 azure-arm\n")
    }
  }

  @Test func `a user without sudo is told to be one, with the reason`() async throws {
    try await GuestRig.with(TestUser.Options()) { rig, user in
      try await rig.visit { guest in
        guard case .refused(let reason) = guest.facts.root else {
          Issue.record("\(guest.facts.root)")
          return
        }
        #expect(reason.contains("password"))
        #expect(guest.facts.user == user.name)
      }
    }
  }

  @Test func `a user without a home directory can run steps`() async throws {
    try await GuestRig.with(TestUser.Options()) { rig, user in
      try FileManager.default.removeItem(atPath: user.home)
      let end = try await rig.run(job("a", "pwd\nexit 7\n"))
      #expect(end == .exited(7))
      #expect(rig.news.stdout == "/\n")
      try FileManager.default.createDirectory(
        atPath: user.home, withIntermediateDirectories: false)
    }
  }

  @Test(.requiresNamespaces)
  func `the place of the jobs may be mounted without the right to execute`() async throws {
    try await GuestRig.withMachine { rig, _ in
      try await rig.command("sudo mount -t tmpfs -o noexec tmpfs /var/tmp")
      let end = try await rig.run(job("a", "echo out\nexit 7\n", by: "/bin/bash", "-e"))
      #expect(end == .exited(7))
      #expect(rig.news.stdout == "out\n")
    }
  }

  @Test(.requiresNamespaces)
  func `a guest without /var/tmp keeps its jobs in the home directory`() async throws {
    try await GuestRig.withMachine { rig, _ in
      try await rig.command("sudo mount -t tmpfs -o ro tmpfs /var/tmp")
      let place = try await rig.visit { guest in
        let end = try await guest.run(job("a", "exit 7\n"), ahead: .none, report: rig.news.report)
        #expect(end == .exited(7))
        return guest.facts.directory
      }
      #expect(place.hasPrefix("/home/"))
    }
  }

  @Test func `a guest that lacks a tool is refused, and the tool named`() async throws {
    let sshd = ["PermitUserEnvironment yes"]
    try await GuestRig.with(TestUser.Options(), sshd: sshd) { rig, user in
      try await user.lackTool()
      let error = await #expect(throws: GuestError.self) { try await rig.reach() }
      #expect(error?.kind == .unfit)
      #expect(error?.description.contains("util-linux") == true)
    }
  }

  @Test func `a guest without openssl finds the same checksum`() async throws {
    let sshd = ["PermitUserEnvironment yes"]
    try await GuestRig.with(TestUser.Options(), sshd: sshd) { rig, user in
      let tools = "\(user.home)/tools"
      try FileManager.default.createDirectory(
        atPath: tools, withIntermediateDirectories: false)
      for tool in try FileManager.default.contentsOfDirectory(atPath: "/usr/bin")
      where tool != "openssl" {
        try FileManager.default.createSymbolicLink(
          atPath: "\(tools)/\(tool)", withDestinationPath: "/usr/bin/\(tool)")
      }
      try await user.setEnvironment("PATH=\(tools)")
      let bytes = random(3_000_000)
      let path = "\(rig.scratch)/placed"
      try await rig.visit { guest in
        let look = try job("a", "! command -v openssl\n")
        let end = try await guest.run(look, ahead: .none, report: rig.news.report)
        #expect(end == .exited(0))
        try await guest.place(file(bytes, path), report: rig.news.report)
      }
      #expect(FileManager.default.contents(atPath: path).map { Array($0) } == bytes)
    }
  }
}

extension TestUser {
  /// Gives the user's sessions these variables; `sshd` has to permit that.
  func setEnvironment(_ text: String) async throws {
    try FileManager.default.createDirectory(
      atPath: "\(home)/.ssh", withIntermediateDirectories: true)
    try Data("\(text)\n".utf8).write(to: URL(filePath: "\(home)/.ssh/environment"))
    _ = try await run("chown", ["-R", name, "\(home)/.ssh"]).succeeded()
  }

  /// Puts a directory before all others in which the user's sessions look for programs.
  func setTools(_ fill: (_ directory: String) throws -> Void) async throws {
    let tools = "\(home)/tools"
    try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: false)
    try fill(tools)
    try await setEnvironment("PATH=\(tools):/usr/bin:/bin")
  }

  /// Makes a guest of no use: its `setsid` is that of busybox.
  func lackTool() async throws {
    try await setTools { tools in
      try FileManager.default.createSymbolicLink(
        atPath: "\(tools)/setsid", withDestinationPath: "/bin/busybox")
    }
  }
}

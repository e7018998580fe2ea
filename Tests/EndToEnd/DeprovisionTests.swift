import Foundation
import TestSupport
import Testing

/// The deprovision script, on a machine with a `/tmp` and an Azure agent of its own.
///
/// What the default script calls would delete this machine's users: it finds a `waagent` here that
/// only leaves a mark, which every test proves before it begins.
@Suite(.timeLimit(.minutes(3)), .requiresRoot, .requiresNamespaces)
struct DeprovisionTests {
  /// Runs `body` with such a machine.
  private func withMachine(_ body: (Rig) async throws -> Void) async throws {
    try await RestartingHost.with(Rig.cloudUser) { host in
      try await Rig.with(host.server) { rig in
        try await isolate(rig)
        try await body(rig)
      }
    }
  }

  /// Gives the machine its own `/tmp`, and a harmless agent in the place of any real one.
  private func isolate(_ rig: Rig) async throws {
    // The machine has this directory as its /usr/local/sbin, where `sudo` looks first.
    let agent = "\(rig.server.directory)/sbin/waagent"
    try await writeProgram(
      "#!/bin/sh\necho \"agent: $*\"\necho \"$*\" >>\(rig.path("agent"))\n", to: agent)
    try rig.write(
      """
      set -e
      mount --bind /tmp /mnt
      mount -t tmpfs -o mode=1777 own-tmp /tmp
      for directory in \(rig.home) \(rig.server.directory); do
        mkdir -m 755 $directory
        mount --bind /mnt/${directory#/tmp/} $directory
      done
      umount /mnt

      """, to: "isolate.sh")
    let ssh = [
      "-F", "none", "-i", rig.key.privateKeyFile, "-p", "\(rig.port)", "-l", rig.server.user,
      "-o", "UserKnownHostsFile=\(rig.server.knownHostsFile)", "127.0.0.1",
    ]
    _ = try await run("ssh", ssh + ["sudo sh \(rig.path("isolate.sh"))"]).succeeded()
    let proof = try await run("ssh", ssh + ["sudo waagent proof; ls -A /tmp | wc -l"])
    try #require(proof.stdout == "agent: proof\n2\n", "the agent here is a real one")
    try FileManager.default.removeItem(atPath: rig.path("agent"))
  }

  @Test func `the script is there for the first customizer, and what it then says is run as root`()
    async throws
  {
    try await withMachine { rig in
      try rig.writeTemplate(
        .shell(
          "sudo sed -i '$ a echo edited, as $(id -un)' /tmp/DeprovisioningScript.sh",
          name: "edits it"))
      let ran = try await rig.build("--deprovision")
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("| echo edited, as $(id -un)\n"))
      #expect(ran.stderr.contains("| agent: -force -deprovision+user\n"))
      #expect(ran.stderr.contains("| edited, as root\n"))
      #expect(try rig.text("agent") == "-force -deprovision+user\n")
    }
  }

  @Test func `a script that a customizer deleted is missed with AIB's warning`() async throws {
    try await withMachine { rig in
      try rig.writeTemplate(.shell("sudo rm /tmp/DeprovisioningScript.sh"))
      let ran = try await rig.build("--deprovision")
      #expect(
        ran.stderr.contains(
          "Deprovisioning script [/tmp/DeprovisioningScript.sh] could not be found. Image build "
            + "may fail or the VM created from the Image may not boot."), "\(ran.stderr)")
      #expect(try rig.text("agent") == nil)
    }
  }

  @Test func `without --deprovision it is there to be edited, is not run and is gone at the end`()
    async throws
  {
    try await withMachine { rig in
      try rig.writeTemplate(
        .shell("sudo sed -i 's/a/b/' /tmp/DeprovisioningScript.sh", "ls /tmp"))
      let ran = try await rig.build()
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("| DeprovisioningScript.sh\n"))
      #expect(try rig.text("agent") == nil)
      let after = Customizer.shell("ls /tmp")
      try rig.writeTemplate(after)
      let second = try await rig.build()
      #expect(!second.stderr.contains("DeprovisioningScript.sh"), "\(second.stderr)")
    }
  }

  @Test func `a template that does not name the script leaves the machine's own alone`()
    async throws
  {
    try await withMachine { rig in
      try rig.write("sudo sh -c 'echo mine >/tmp/Depro*visioningScript.sh'\n", to: "make.sh")
      try rig.write("cat /tmp/Depro*visioningScript.sh\n", to: "show.sh")
      try rig.writeTemplate(.script("make.sh"))
      #expect(try await rig.build().exit == 0)
      try rig.writeTemplate(.script("show.sh"))
      #expect(try await rig.build().stderr.contains("| mine\n"))
    }
  }
}

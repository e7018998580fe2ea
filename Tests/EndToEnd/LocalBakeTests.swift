import Foundation
import Glibc
import TestSupport
import Testing

/// A bake in a virtual machine of this computer, from the source to an image that boots.
@Suite(.requiresBaseImage, .timeLimit(.minutes(20)))
struct LocalBakeTests {
  /// All in one: each start of a machine costs half a minute where there is no KVM.
  @Test func `three steps with a restart become images that start as machines of their own`()
    async throws
  {
    try await VMRig.with { rig in
      try rig.writeTemplate(
        .shell(
          "echo once >> $HOME/count", "sudo mkdir /opt/made", "cat $HOME/count",
          "echo one | sudo tee -a /opt/made/order", name: "one"),
        .shell("echo two | sudo tee -a /opt/made/order", "sudo reboot", name: "two"),
        .shell(
          "echo three | sudo tee -a /opt/made/order",
          "printf '[Service]\\nExecStart=/bin/sleep infinity\\nExecStop=/bin/touch /opt/made/saved\\n' |"
            + " sudo tee /etc/systemd/system/saving.service", "sudo systemctl start saving",
          name: "three"),
        validators: [
          .shell("test \"$(tr '\\n' ' ' </opt/made/order)\" = 'one two three '", name: "order")
        ], distribute: VMRig.everywhere)
      let ran = try await rig.build()
      try #require(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("machine restarted, out of reach for"))
      #expect(ran.stderr.contains("waagent"), "the default script was printed")
      let log = try String(contentsOfFile: "\(rig.run)/customization.log", encoding: .utf8)
      #expect(log.contains("Machine restarted in step 2 of 5"))
      #expect(try await rig.kiln(["outputs", "latest", "--json"]).stdout.contains("artifactUri"))
      #expect(try await rig.kiln(["show", "latest"]).stdout.contains("output sig: /subscriptions"))
      try await Self.checkFiles(rig)
      try await Self.checkEnd(rig)
      try await Self.checkBoot(rig)
    }
  }

  private static func checkFiles(_ rig: VMRig) async throws {
    let vhd = try Data(contentsOf: URL(filePath: "\(rig.home)/out.vhd"), options: .alwaysMapped)
    #expect(vhd.count % (1 << 20) == 512)
    #expect(vhd.suffix(512).starts(with: Data("conectix".utf8)))
    let images = "\(rig.home)/.local/share/kiln/images"
    let disks = try await run("find", [images, "-name", "*.qcow2"]).stdout.split(separator: "\n")
    #expect(disks.count == 2)
    for disk in disks {
      #expect(try await run("qemu-img", ["check", "-q", String(disk)]).exit == 0)
    }
  }

  /// How the machine went down: with all that its services saved, and without what its own would have.
  private static func checkEnd(_ rig: VMRig) async throws {
    let root = try await RootFileSystem(onDisk: "\(rig.home)/out.vhd")
    #expect(try await root.faults() == "")
    #expect(try await root.has("/opt/made/saved"))
    #expect(try await !root.has("/var/lib/systemd/random-seed"))
  }

  /// A look for traces of the build, in a machine with an identity of its own.
  private static func checkBoot(_ rig: VMRig) async throws {
    let run = try #require(try rig.run.split(separator: "/").last)
    let look = """
      set -e
      cat /opt/made/order
      test ! -e /home/packer
      ! getent passwd packer
      # By its standard input: the log keeps what sudo was called with.
      echo '\(run)' | sudo grep -rlF -f - /etc /home /opt /root /tmp /usr/local /var 2>/dev/null || true
      test -z "$(ls -d /var/tmp/.kiln-* 2>/dev/null)"
      test "$(sudo cat /root/.ssh/authorized_keys 2>/dev/null | grep -c kiln)" -eq 0
      test "$(cat /etc/machine-id | wc -c)" -eq 33
      ls /var/log/journal | wc -l
      exit 7
      """
    let visit = try await rig.kiln(["images", "boot", "baked", "--", look])
    #expect(visit.stdout == "one\ntwo\nthree\n1\n", "\(visit)")
    #expect(visit.exit == 7, "\(visit)")
    #expect(visit.stderr.contains("reach it by: ssh -i "))
    #expect((try await rig.leftoverMachines()) == [])
    _ = try await rig.kiln(["images", "boot", "g/i"]) { kiln in
      try await waitUntil("the machine") {
        try await rig.leftoverMachines().contains { $0.contains("qemu-system") }
      }
      kiln.send(SIGKILL)
    }
    let gc = try await rig.kiln(["gc"])
    #expect(gc.stderr.contains("removed a virtual machine that was booted"), "\(gc.stderr)")
    #expect((try await rig.leftoverMachines()) == [])
    try await checkSource(rig)
  }

  /// The managed image is the source of another build, whose deprovision script a customizer writes.
  private static func checkSource(_ rig: VMRig) async throws {
    try rig.writeTemplate(
      .shell(
        "cat /opt/made/order", "echo 'echo my own words' >/tmp/DeprovisioningScript.sh",
        name: "again"),
      source: """
        "type": "ManagedImage", "imageId": "/subscriptions/00000000-0000-0000-0000-000000000000\
        /resourceGroups/r/providers/Microsoft.Compute/images/baked"
        """)
    let ran = try await rig.kiln(["build", "t.json"])
    #expect(ran.exit == 0, "\(ran.stderr)")
    #expect(ran.stderr.contains("| three\n"), "\(ran.stderr)")
    #expect(ran.stderr.contains("| my own words\n"), "\(ran.stderr)")
    #expect(!ran.stderr.contains("waagent"), "\(ran.stderr)")
  }
}

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
        .shell("echo three | sudo tee -a /opt/made/order", name: "three"),
        validators: [
          .shell("test \"$(tr '\\n' ' ' </opt/made/order)\" = 'one two three '", name: "order")
        ], distribute: Self.everywhere)
      let ran = try await rig.build()
      try #require(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("machine restarted, out of reach for"))
      #expect(ran.stderr.contains("waagent"), "the default script was printed")
      let log = try String(contentsOfFile: "\(rig.run)/customization.log", encoding: .utf8)
      #expect(log.contains("Machine restarted in step 2 of 5"))
      #expect(try await rig.kiln(["outputs", "latest", "--json"]).stdout.contains("artifactUri"))
      #expect(try await rig.kiln(["show", "latest"]).stdout.contains("output sig: /subscriptions"))
      try await Self.checkFiles(rig)
      try await Self.checkBoot(rig)
    }
  }

  private static let everywhere = """
    [
      {"type": "VHD", "runOutputName": "vhd", "uri": "out.vhd"},
      {"type": "ManagedImage", "runOutputName": "managed", "location": "westeurope",
       "imageId": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/r/providers/Microsoft.Compute/images/baked"},
      {"type": "SharedImage", "runOutputName": "sig", "versioning": {"scheme": "Latest", "major": 2},
       "targetRegions": [{"name": "westeurope"}],
       "galleryImageId": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/r/providers/Microsoft.Compute/galleries/g/images/i"}
    ]
    """

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

  /// The managed image is the source of a second build, which looks for traces of the first in a
  /// machine with an identity of its own.
  private static func checkBoot(_ rig: VMRig) async throws {
    let run = try #require(try rig.run.split(separator: "/").last)
    let look = Customizer.shell(
      "cat /opt/made/order", "test ! -e /home/packer/count",
      "! sudo grep -rl '\(run)' /etc /home /opt /root /tmp /usr/local /var 2>/dev/null",
      "test \"$(ls -d /var/tmp/.kiln-*)\" = \"$(dirname \"$(dirname \"$0\")\")\"",
      "test $(sudo ls /root/.ssh 2>/dev/null | wc -l) -le 1",
      "test \"$(cat /etc/machine-id | wc -c)\" -eq 33",
      "sudo journalctl --list-boots --no-pager | wc -l",
      "sudo systemctl is-system-running || sudo systemctl list-units --failed --no-pager",
      name: "look")
    try rig.writeTemplate(look)
    let text = try String(contentsOfFile: "\(rig.home)/t.json", encoding: .utf8)
    let own = """
      "type": "ManagedImage", "imageId": "/subscriptions/00000000-0000-0000-0000-000000000000\
      /resourceGroups/r/providers/Microsoft.Compute/images/baked"
      """
    let source = #"("type": "PlatformImage"[^}]*"latest")"#
    let changed = text.replacing(try Regex(source), with: own)
    try Data(changed.utf8).write(to: URL(filePath: "\(rig.home)/t.json"))
    let again = try await rig.kiln(["build", "t.json"])
    #expect(again.exit == 0, "\(again.stderr)")
    #expect(again.stderr.contains("| one") && again.stderr.contains("| three"))
    #expect(try await rig.leftoverMachines() == [])
  }
}

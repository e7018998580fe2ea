import Foundation
import TestSupport
import Testing

/// A bake from a disk of the user's own with WinRM on it.
///
/// No Windows can be had here: a Linux stands for it, in which the tests' WinRM server runs. It proves
/// the VM, the forward, the way there, restarts, the end and the image; not Windows.
@Suite(.requiresBaseImage, .requiresWinRMServer, .timeLimit(.minutes(20)))
struct WindowsVMTests {
  /// What the server says to what is sent to it.
  private static let options = """
    {"http": ["0.0.0.0", 5985], "is_machine": true, "rules": [
      {"match": "hello", "says": [{"text": "hello from the guest\\n"}], "exit": 0}]}
    """

  private static let unit = """
    [Unit]
    After=network.target
    [Service]
    ExecStart=/bin/sh -c 'exec sleep infinity | /usr/bin/python3 /opt/winrm/server.py /opt/state "$OPTIONS"'
    EnvironmentFile=/opt/winrm/options
    [Install]
    WantedBy=multi-user.target
    """

  /// A disk that stands for the user's: the base image with the server in it.
  private static func makeDisk(_ rig: VMRig) async throws {
    let packages = try await run(
      "find", ["\(packageRoot)/.build/python/lib/", "-name", "site-packages"]
    ).stdout.split(separator: "\n")
    let folder = try #require(packages.first.map(String.init))
    _ = try await run(
      "tar",
      [
        "--exclude=__pycache__", "-czf", "\(rig.home)/server.tgz", "-C",
        "\(packageRoot)/Tests/WinRMServer", ".", "-C", folder,
        "spnego", "cryptography", "cffi", "pycparser",
      ]
    ).succeeded()
    try Data(unit.utf8).write(to: URL(filePath: "\(rig.home)/unit"))
    try Data("OPTIONS='\(options.replacing("\n", with: " "))'\n".utf8)
      .write(to: URL(filePath: "\(rig.home)/options"))
    try Data("[Match]\nName=e*\n[Network]\nDHCP=yes\n".utf8)
      .write(to: URL(filePath: "\(rig.home)/network"))
    try rig.writeTemplate(
      .file("server.tgz", to: "/tmp/server.tgz"), .file("unit", to: "/tmp/unit"),
      .file("options", to: "/tmp/options"), .file("network", to: "/tmp/network"),
      .shell(
        "sudo mkdir -p /opt/winrm /opt/state", "sudo tar -C /opt/winrm -xzf /tmp/server.tgz",
        "sudo cp /tmp/options /opt/winrm/options",
        "sudo cp /tmp/unit /etc/systemd/system/winrm.service",
        "sudo cp /tmp/network /etc/systemd/network/99-all.network",
        "sudo systemctl enable winrm systemd-networkd",
        "cd /opt/winrm && python3 -c 'import guest, login, service, shells'"),
      distribute: #"[{"type": "VHD", "runOutputName": "stand-in", "uri": "windows.vhd"}]"#)
    let made = try await rig.build("--cache", "off")
    try #require(made.exit == 0, "\(made.stderr)")
  }

  private static func write(_ customizers: String, in home: String) throws {
    let text = try Template.text([]).replacing(
      /"customize": \[\s*\]/, with: "\"customize\": [\(customizers)]")
    try Data(text.utf8).write(to: URL(filePath: "\(home)/t.json"))
  }

  @Test func `a disk with WinRM on it is baked, restarted, switched off and kept as an image`()
    async throws
  {
    try await VMRig.with { rig in
      try await Self.makeDisk(rig)
      try Self.write(
        """
        {"type": "PowerShell", "name": "greet", "inline": ["hello"], "runElevated": true},
        {"type": "WindowsRestart", "name": "again"},
        {"type": "File", "name": "tool", "sourceUri": "t.json", "destination": "C:\\\\Tools\\\\t.json"}
        """, in: rig.home)
      let words = [
        "build", "t.json", "--source-disk", "\(rig.home)/windows.vhd", "--windows-user",
        WinRMServer.user, "--windows-devices", "virtio", "--password-fd", "0", "--format", "qcow2",
      ]
      let ran = try await KilnProcess.run(
        words, in: rig.home, input: WinRMServer.password + "\n")
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("hello from the guest"))
      #expect(ran.stderr.contains("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"))
      let log = try String(contentsOfFile: "\(rig.run)/customization.log", encoding: .utf8)
      #expect(log.contains("Machine successfully restarted, moving on"))
      let images = "\(rig.home)/.local/share/kiln/images"
      let disks = try await run("find", [images, "-name", "*.vhd"]).stdout.split(separator: "\n")
      let disk = try #require(disks.last)
      let root = try await RootFileSystem(onDisk: String(disk))
      #expect(try await root.has("/opt/state/guest/c/tools/t.json"))
      #expect(try await rig.leftoverMachines() == [])
    }
  }

  @Test func `what can't be done with a Windows disk is refused before a machine starts`()
    async throws
  {
    try await VMRig.with { rig in
      try rig.writeTemplate(
        Customizer(type: "PowerShell", inline: ["a"]),
        validators: [
          Customizer(type: "PowerShell", inline: ["b"])
        ])
      let ran = try await rig.build("--windows-user", "kiln")
      #expect(ran.exit == 2)
      #expect(
        ran.stderr.contains("could not validate an image of Windows in a VM"), "\(ran.stderr)")
      try rig.writeTemplate(.shell("a"))
      let other = try await rig.build("--windows-user", "kiln")
      #expect(other.exit == 2)
      #expect(other.stderr.contains("a Shell customizer can't run on Windows"), "\(other.stderr)")
    }
  }
}

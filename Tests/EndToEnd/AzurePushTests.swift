import Foundation
import Glibc
import TestSupport
import Testing

/// `kiln push`.
@Suite(.timeLimit(.minutes(10)))
struct AzurePushTests {
  private static let size = 2 << 30

  @Test
  func `a large disk that is nearly empty sends its data alone, and goes on where it was cut`()
    async throws
  {
    try await AzureRig.with { rig in
      let data = try rig.writeDisk(bytes: Self.size)
      let to = "https://pictures.blob.localhost:\(rig.server.port)/vhds/disk.vhd"
      let words = ["push", "disk.vhd", "--to", to] + rig.cloud
      // Eight pieces are on their way at once: before these, some were confirmed.
      for cut in [20, 12] {
        try await rig.fault(#"{"at": \#(cut), "match": "PUT .*comp=page", "kind": "hold"}"#)
        let ran = try await rig.kiln(words) { kiln in
          try await waitUntil("a page to be held", limit: .seconds(60)) {
            let isHeld = try await rig.state().held > 0
            return try isHeld || kiln.hasEnded
          }
          kiln.send(SIGKILL)
        }
        #expect(ran.exit == 128 + SIGKILL, "\(ran.stderr)")
        try await rig.fault(#"{"kind": "clear"}"#)
      }
      let ran = try await rig.kiln(words)
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stdout == "\(to)\n")
      #expect(ran.stderr.contains("pieces were there already"), "\(ran.stderr)")
      // Pieces that were on their way when it was cut went twice: eight each time at most.
      let received = try await rig.state().received
      #expect(received >= data && received <= data + 16 * (4 << 20), "\(received) of \(data)")
      let local = try await TestSupport.run("sha256sum", ["\(rig.home)/disk.vhd"]).succeeded()
      let remote = try await rig.server.ask("/_sha/pictures/vhds/disk.vhd")
      #expect(local.stdout.hasPrefix(remote))
      #expect(remote.count == 64)
    }
  }

  @Test func `a disk becomes a version and an image, without a machine`() async throws {
    try await AzureRig.with { rig in
      _ = try rig.writeDisk(bytes: 16 << 20)
      let definition = "\(AzureRig.compute)/galleries/g/images/d"
      let version = try await rig.kiln(["push", "disk.vhd", "--to", definition] + rig.cloud)
      #expect(version.exit == 0, "\(version.stderr)")
      #expect(version.stdout == "\(definition)/versions/0.0.1\n")
      let image = try await rig.kiln(
        ["push", "disk.vhd", "--to", "\(AzureRig.compute)/images/pushed", "--generation", "V2"]
          + rig.cloud)
      #expect(image.exit == 0, "\(image.stderr)")
      #expect(
        try await rig.resources() == [
          "\(definition)/versions/0.0.1", "\(AzureRig.compute)/images/pushed",
        ])
      let state = try await rig.state()
      #expect(state.shared == [])
      #expect(state.findings == [])
    }
  }

  @Test func `what is no fixed VHD is refused`() async throws {
    try await AzureRig.with { rig in
      try rig.write(String(repeating: "x", count: 4096), to: "disk.vhd")
      let ran = try await rig.kiln(
        ["push", "disk.vhd", "--to", "https://pictures.blob.localhost/vhds/x.vhd"] + rig.cloud)
      #expect(ran.exit == 4)
      #expect(ran.stderr.contains("it is no fixed VHD"), "\(ran.stderr)")
    }
  }
}

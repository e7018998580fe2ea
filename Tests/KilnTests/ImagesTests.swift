import Foundation
import TestSupport
import Testing

/// The `images` commands as a user meets them.
@Suite struct ImagesCommandTests {
  @Test(arguments: [["images"], ["images", "boot"], ["images", "show"]])
  func `the help says what it does`(_ words: [String]) async throws {
    let ran = try await run(kilnBinary(), ["help"] + words)
    #expect(ran.exit == 0)
    try Snapshot().expect(ran.stdout, matches: "help-\(words.joined(separator: "-"))")
  }

  @Test(
    arguments: [
      (
        ["nothing"], 1,
        "error: could not find the image `nothing`: there is none here\n"
          + "hint: bake it first; `kiln images` lists what is here\n"
      ),
      (["x", "--user", "root"], 2, "error: --user must be a name for a new user, not `root`\n"),
      (["x", "--user", "a b"], 2, "error: --user must be a name for a new user, not `a b`\n"),
      (["x", "--memory", "12"], 2, "error: --memory must be at least 256 (MiB)\n"),
      (["x", "--cpus", "0"], 2, "error: --cpus must be from 1 to 255\n"),
      (
        ["x", "--authorized-key", "/etc/hostname"], 2,
        "error: could not use the key `/etc/hostname`: it is no public key\n"
          + "hint: it ends in `.pub`\n"
      ),
    ] as [([String], Int32, String)])
  func `what can't be booted is told before anything is started`(
    _ words: [String], _ exit: Int32, _ said: String
  ) async throws {
    try await ScratchDirectory.with { home in
      let ran = try await run(
        kilnBinary(), ["images", "boot"] + words,
        environment: ["HOME": home, "XDG_DATA_HOME": nil, "XDG_STATE_HOME": nil])
      #expect(ran.exit == exit)
      #expect(ran.stderr.hasPrefix(said), "\(ran.stderr)")
      #expect(try FileManager.default.subpathsOfDirectory(atPath: home) == [])
    }
  }
}

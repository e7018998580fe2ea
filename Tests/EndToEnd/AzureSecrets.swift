import Foundation
import TestSupport
import Testing

extension AzureRig {
  /// Looks for every secret in all that `kiln` said, in all that it keeps but the keys of a machine,
  /// and in the words that its processes were started with.
  func expectNoSecret() async throws {
    let forms = SecretForms(try await secrets() + [Self.secret])
    #expect(forms.count > 5)
    for path in try FileManager.default.subpathsOfDirectory(atPath: home) {
      // The key of a machine that was not taken away, and what a test made or downloaded.
      guard !path.contains("/azure/"), !["blob", "disk.vhd"].contains(path),
        let bytes = FileManager.default.contents(atPath: "\(home)/\(path)")
      else { continue }
      let told = forms.told(in: bytes)
      #expect(told == nil, "\(path)")
    }
  }
}

extension KilnProcess {
  /// Notes, until it has ended, the words that it and all that it starts are started with, as
  /// anybody on the machine can see them.
  func noteProcesses(in file: String) async throws {
    var seen: Set<Data> = []
    try await waitUntil("kiln to end", limit: .seconds(1200)) {
      for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
        // What has ended meanwhile is not looked at.
        guard let stat = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
          stat.split(separator: ")").last?.split(separator: " ").dropFirst(3).first == "\(id)",
          let words = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
        else { continue }
        seen.insert(words)
      }
      return try hasEnded
    }
    try seen.reduce(into: Data()) { $0 += $1 + Data("\n".utf8) }.write(to: URL(filePath: file))
  }
}

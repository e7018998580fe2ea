import Foundation
import HTTP
import Pipeline
import SystemPackage
import TestSupport
import Testing

@testable import Azure

/// The parts of a push.
@Suite struct PushTests {
  @Test func `what is not zero is sent in whole pages, with short gaps between`() {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    #expect(SparseFile.runs(in: bytes) == [])
    bytes[700] = 1
    bytes[5000] = 1
    bytes[600_000] = 1
    #expect(SparseFile.runs(in: bytes) == [512..<5120, 599_552..<600_064])
    #expect(SparseFile.runs(in: [1]) == [0..<1])
  }

  @Test func `what was confirmed is known again, but not for another push`() async throws {
    try await ScratchDirectory.with { directory in
      let path = "\(directory)/ledger"
      var mark = ""
      do {
        let ledger = try PushLedger(at: path, for: "a")
        mark = ledger.mark
        try ledger.note(0)
        try ledger.note(4 << 20)
      }
      // A crash tore the last line.
      let file = try #require(FileHandle(forWritingAtPath: path))
      try file.seekToEnd()
      try file.write(contentsOf: Data("838".utf8))
      let again = try PushLedger(at: path, for: "a")
      #expect(again.mark == mark)
      #expect(again.has(0) && again.has(4 << 20) && !again.has(838))
      try again.note(8 << 20)
      #expect(try PushLedger(at: path, for: "a").has(8 << 20))
      let other = try PushLedger(at: path, for: "b")
      #expect(!other.isBegun && other.mark != mark)
    }
  }

  @Test func `what an account's key signs is as Microsoft documents it`() {
    let request = HTTPRequest(
      .put, "https://a.blob.core.windows.net/c/my%20disk.vhd?comp=page",
      headers: [
        "x-ms-version": "2021-12-02", "x-ms-date": "Thu, 01 Jan 1970 00:00:00 GMT",
        "x-ms-range": "bytes=0-511", "Content-Type": "application/octet-stream",
        "Accept": "application/json",
      ], body: [UInt8](repeating: 1, count: 512))
    #expect(
      SharedKey.text(of: request, "a") == """
        PUT


        512

        application/octet-stream






        x-ms-date:Thu, 01 Jan 1970 00:00:00 GMT
        x-ms-range:bytes=0-511
        x-ms-version:2021-12-02
        /a/c/my%20disk.vhd
        comp:page
        """)
    let signed = SharedKey(account: "a", key: Secret("a2V5")).signed(
      HTTPRequest(.get, "https://a.blob.core.windows.net/c/b"), at: 1_795_631_400)
    #expect(signed.headers["x-ms-date"] == "Wed, 25 Nov 2026 18:30:00 GMT")
    #expect(signed.headers["Authorization"]?.hasPrefix("SharedKey a:") == true)
  }
}

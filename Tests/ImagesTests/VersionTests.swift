import Foundation
import Images
import SystemPackage
@testable import Template
import TestSupport
import Testing

@Suite(.requires("/usr/bin/qemu-img")) struct VersionTests {
  /// The versions that the reference of the service has as its example.
  static let example = [
    "0.1.1", "0.1.2", "1.0.0", "1.0.1", "1.1.0", "1.1.1", "1.2.0", "2.0.0", "2.0.1", "2.1.0",
  ]

  struct Case: Sendable, CustomTestStringConvertible {
    var present: [String] = []
    var versioning: SharedImage.Versioning
    var source: String?
    var time = 0
    var expected: String
    var testDescription: String { "\(versioning) after \(present.last ?? "none"): \(expected)" }
  }

  static let cases = [
    Case(present: example, versioning: .latest(major: nil), expected: "2.1.1"),
    Case(present: example, versioning: .latest(major: 2), expected: "2.1.1"),
    Case(present: example, versioning: .latest(major: 1), expected: "1.2.1"),
    Case(present: example, versioning: .latest(major: 0), expected: "0.1.3"),
    Case(present: example, versioning: .latest(major: 7), expected: "7.0.1"),
    Case(versioning: .latest(major: nil), expected: "0.0.1"),
    Case(versioning: .latest(major: 3), expected: "3.0.1"),
    Case(present: ["1.9.0", "1.10.0"], versioning: .latest(major: nil), expected: "1.10.1"),
    Case(versioning: .source, source: "22.4.202401010", expected: "22.4.202401010"),
    Case(
      versioning: .source, source: "14393.3630.2004101604", expected: "14393.3630.2004101604"),
    Case(versioning: .explicit("1.02.3"), expected: "1.2.3"),
    Case(versioning: .monotonic, time: 1_579_798_035, expected: "0.24105.52755"),
    Case(versioning: .monotonic, time: 1_589_553_079, expected: "0.24254.42935"),
    Case(versioning: .monotonic, time: 1_644_170_523, expected: "0.25088.3355"),
    Case(versioning: .monotonic, time: 1_557_663_649, expected: "0.23768.4001"),
    Case(
      present: ["0.24105.52755", "0.24105.52756"], versioning: .monotonic, time: 1_579_798_035,
      expected: "0.24105.52757"),
    Case(present: ["0.1.65535"], versioning: .monotonic, time: 131_071, expected: "0.2.0"),
  ]

  @Test(arguments: cases)
  func `the number of a new version follows from the scheme`(_ example: Case) async throws {
    try await ImageRig.with { rig in
      for version in example.present { try place(version, in: rig) }
      let build = ExpectedBuild(
        started: Date(timeIntervalSince1970: Double(example.time)), sourceVersion: example.source,
        diskBytes: 0)
      let prepared = try await rig.store.prepare(shared(example.versioning), for: build)
      #expect(prepared.version?.description == example.expected)
    }
  }

  @Test(arguments: [
    (SharedImage.Versioning.source, nil, "the source has no version"),
    (
      .source, "22.04.2147483648",
      "the source's version `22.04.2147483648` is not three numbers up to 2147483647"
    ),
    (.source, "22.04", "the source's version `22.04` is not three numbers up to 2147483647"),
    (
      .latest(major: 5), nil,
      "there is no number after `5.0.2147483647`, as each ends at 2147483647"
    ),
    (.explicit("1.0.-1"), nil, "`1.0.-1` is not three numbers up to 2147483647"),
  ])
  func `where there is no number for a new version, the error says why`(
    _ versioning: SharedImage.Versioning, _ source: String?, _ why: String
  ) async throws {
    try await ImageRig.with { rig in
      try place("5.0.2147483647", in: rig)
      let build = ExpectedBuild(started: ImageRig.start, sourceVersion: source, diskBytes: 0)
      let error = try await failure { try await rig.store.prepare(shared(versioning), for: build) }
      #expect(error.reason == .noVersion(why))
      #expect(
        error.description == "could not find a version for `\(try definitionID())`: \(why)")
    }
  }

  @Test func `a version that is there already is refused before the build`() async throws {
    try await ImageRig.with { rig in
      try await rig.publish(shared(.explicit("1.0.0")))
      let error = try await failure {
        try await rig.store.prepare(shared(.explicit("1.0.0")), for: .small)
      }
      #expect(error.reason == .versionExists)
      #expect(
        error.description
          == "could not make version `1.0.0` of `\(try definitionID())`: it exists already")
      var build = ExpectedBuild.small
      build.sourceVersion = "1.0.0"
      let source = try await failure {
        try await rig.store.prepare(shared(.source), for: build)
      }
      #expect(source.reason == .versionExists)
    }
  }

  @Test func `a number is reserved while its build lives, and free again when that has failed`()
    async throws
  {
    try await ImageRig.with { rig in
      for _ in 0..<2 {
        let first = try await rig.store.prepare(shared(.latest(major: 1)), for: .small)
        let second = try await rig.store.prepare(shared(.latest(major: 1)), for: .small)
        let refused = try await failure {
          try await rig.store.prepare(shared(.explicit("1.0.2")), for: .small)
        }
        #expect(refused.reason == .versionTaken)
        #expect([first, second].map { $0.version?.description } == ["1.0.1", "1.0.2"])
      }
      #expect(try rig.leftovers() == [])
    }
  }

  /// Puts a version where a gallery has its versions, without a disk.
  private func place(_ version: String, in rig: ImageRig) throws {
    let definition = "galleries/gal/\(ImageRig.definitionName)"
    try FileManager.default.createDirectory(
      atPath: rig.store.root.appending("\(definition)/\(version)/1").string,
      withIntermediateDirectories: true)
  }
}

extension ImageRig {
  /// What the store calls the definition `ubuntu`: its name, and the start of its id's checksum.
  static let definitionName = "ubuntu.694e962b4220"
}

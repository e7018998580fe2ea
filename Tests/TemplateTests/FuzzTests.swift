import Foundation
import Fuzzing
import Testing

/// A part of what `swift run -c release fuzz --count 1000000` does.
@Suite(.timeLimit(.minutes(5)))
struct FuzzTests {
  private static let inputs = 1500

  @Test(arguments: FuzzTarget.all.map(\.name))
  func `nothing that is read makes a target crash, contradict itself or dawdle`(
    name: String
  ) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let corpus =
      PublicData.isThere
      ? FuzzCorpus.files(below: [PublicData.folder.appending(path: "corpus").path]) : []
    let outcome = Fuzzer(target, seed: 1, corpus: corpus).run(0..<Self.inputs)
    #expect(outcome.faults.isEmpty, "\(outcome.faults.joined(separator: "\n"))")
  }

  @Test func `an input can be made again from its number`() throws {
    let target = try #require(FuzzTarget.all.first)
    let inputs = (0..<20).map { Fuzzer(target, seed: 7, corpus: []).input($0) }
    #expect(inputs == (0..<20).map { Fuzzer(target, seed: 7, corpus: []).input($0) })
    #expect(Set(inputs).count > 10)
  }
}

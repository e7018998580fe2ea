import Foundation
import Fuzzing
import Template
import Testing

/// A part of what `swift run -c release fuzz --count 1000000` does.
@Suite(.timeLimit(.minutes(5)))
struct FuzzTests {
  private static let inputs = 1500

  /// Of inputs that grow, fewer: each may take all the steps that one may.
  private static let growingInputs = 100

  @Test(arguments: FuzzTarget.all.map(\.name))
  func `nothing that is read makes a target crash, contradict itself or dawdle`(
    name: String
  ) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let corpus =
      PublicData.isThere
      ? FuzzCorpus.files(below: [PublicData.folder.appending(path: "corpus").path]) : []
    let inputs = name == "evaluator" ? Self.growingInputs : Self.inputs
    let outcome = Fuzzer(target, seed: 1, corpus: corpus).run(0..<inputs)
    #expect(outcome.faults.isEmpty, "\(outcome.faults.joined(separator: "\n"))")
  }

  @Test func `a deployment that grows is read the same twice`() throws {
    let target = try #require(FuzzTarget.all.first { $0.name == "evaluator" })
    let fuzzer = Fuzzer(target, seed: 7, corpus: [])
    let inputs = DeploymentInputs(site: DeploymentSite(secondsSince1970: 0), purpose: .check)
    for number in 0..<12 {
      let bytes = fuzzer.input(number)
      let first = TemplateDocument.readAll(bytes, named: "f", with: inputs)
      let second = TemplateDocument.readAll(bytes, named: "f", with: inputs)
      #expect(first.diagnostics == second.diagnostics)
      #expect(first.templates.map(\.template) == second.templates.map(\.template))
    }
  }

  @Test func `an input can be made again from its number`() throws {
    let target = try #require(FuzzTarget.all.first)
    let inputs = (0..<20).map { Fuzzer(target, seed: 7, corpus: []).input($0) }
    #expect(inputs == (0..<20).map { Fuzzer(target, seed: 7, corpus: []).input($0) })
    #expect(Set(inputs).count > 10)
  }
}

import Pipeline
import Testing

@Suite struct SelectionTests {
  /// Six steps: two share a name, one is called like a number, one has a glob's letter.
  private let steps = ["install", "File", "nginx", "File", "2", "a*b"].enumerated().map {
    StepName(number: $0.offset + 1, name: $0.element)
  }

  private func run(_ selection: StepSelection) throws -> [Int] {
    let skipped = try selection.skipped(of: steps)
    return steps.map(\.number).filter { !skipped.contains($0) }
  }

  @Test(arguments: [
    (StepSelection.all, [1, 2, 3, 4, 5, 6]),
    (StepSelection(only: ["nginx"]), [3]),
    (StepSelection(only: ["nginx", "1"]), [1, 3]),
    (StepSelection(only: ["File"]), [2, 4]),
    (StepSelection(only: ["4"]), [4]),
    (StepSelection(only: ["i*l"]), [1]),
    (StepSelection(only: ["?ile", "[n]*"]), [2, 3, 4]),
    (StepSelection(only: ["a\\*b"]), [6]),
    (StepSelection(skip: ["File"]), [1, 3, 5, 6]),
    (StepSelection(skip: ["1", "nginx"]), [2, 4, 5, 6]),
    (StepSelection(from: "nginx"), [3, 4, 5, 6]),
    (StepSelection(until: "nginx"), [1, 2, 3]),
    (StepSelection(from: "File", until: "File"), [2, 3, 4]),
    (StepSelection(from: "3", until: "3"), [3]),
    (StepSelection(only: ["File"], from: "3"), [4]),
    (StepSelection(only: ["*"], skip: ["File"], until: "nginx"), [1, 3]),
  ])
  func `a choice means these steps`(_ selection: StepSelection, _ expected: [Int]) throws {
    #expect(try run(selection) == expected)
  }

  @Test func `a name comes before a number`() throws {
    #expect(try run(StepSelection(only: ["2"])) == [5])
  }

  @Test(arguments: [
    (StepSelection(only: ["ngnix"]), "did you mean `nginx`?"),
    (StepSelection(skip: ["7"]), "the steps are 1 `install`, 2 `File`, 3 `nginx`"),
    (StepSelection(from: "x*"), "the steps are 1 `install`"),
    (StepSelection(until: "INSTALL"), "did you mean `install`?"),
    (StepSelection(only: ["nginx"], skip: ["3"]), "the steps are 1 `install`"),
    (StepSelection(from: "nginx", until: "1"), "change the two"),
  ])
  func `a choice of what there is not is refused with what there is`(
    _ selection: StepSelection, _ hint: String
  ) throws {
    let error = #expect(throws: SelectionError.self) { try run(selection) }
    #expect(error?.hint?.hasPrefix(hint) == true, "\(String(describing: error?.hint))")
  }

  @Test func `a template without customizers has nothing to leave out`() throws {
    #expect(try StepSelection.all.skipped(of: []).isEmpty)
    #expect(throws: SelectionError.self) { try StepSelection(only: ["x"]).skipped(of: []) }
  }
}

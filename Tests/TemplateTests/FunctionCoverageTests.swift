import Testing

@testable import Template

/// No function is without an expectation that was checked by hand.
@Suite struct FunctionCoverageTests {
  private static let expectations =
    ValueFunctionTests.arrays + ValueFunctionTests.objects + ValueFunctionTests.numbers
    + ValueFunctionTests.logic + ValueFunctionTests.dates + ValueFunctionTests.networks
    + StringFunctionTests.documented + StringFunctionTests.addresses + StringFunctionTests.names
    + DeclaredFunctionTests.lambdas + DeclaredFunctionTests.ids

  /// The functions that need more around them than an expression, and the test of each.
  private static let elsewhere = [
    "copyIndex": "a loop makes a template each turn",
    "fail": "a wrong argument is an error with the value",
    "guid": "a guid is a UUID of version 5 in the namespace of the service",
    "newGuid": "newGuid is the same in a run and another for each parameter",
    "parameters": "names of functions, parameters and variables have any case",
    "reference": "the outputs of a deployment can be referred to",
    "utcNow": "the time is that of the site, in the default of a parameter",
  ]

  @Test func `each function has an expectation`() {
    let expressions = Self.expectations.map { $0.expression.lowercased() }
    for name in ExpressionLanguage.functionNames where Self.elsewhere[name] == nil {
      let call = "\(name.lowercased())("
      let isCovered = expressions.contains { expression in
        expression.ranges(of: call).contains { range in
          range.lowerBound == expression.startIndex
            || !expression[expression.index(before: range.lowerBound)].isLetter
        }
      }
      #expect(isCovered, "`\(name)` has no expectation")
    }
    #expect(Set(Self.elsewhere.keys).isSubset(of: ExpressionLanguage.functionNames))
    #expect(ExpressionLanguage.functionNames.count >= 105)
  }
}

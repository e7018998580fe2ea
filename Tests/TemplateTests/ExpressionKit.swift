import Testing

@testable import Template

/// The parts of a deployment template around an expression.
struct ExpressionKit {
  var parameters = "{}"
  var variables = "{}"
  var functions = "[]"
  var resources = "[]"
  var inputs = DeploymentInputs(site: Self.site, purpose: .check)

  /// The site of the documentation's examples: 2020-04-07 14:53:14 UTC.
  static let site = {
    var site = DeploymentSite(secondsSince1970: 1_586_271_194)
    site.subscriptionID = "11111111-1111-1111-1111-111111111111"
    site.tenantID = "22222222-2222-2222-2222-222222222222"
    site.resourceGroup = "examplegroup"
    site.location = "southcentralus"
    site.deploymentName = "deployment"
    site.seed = "seed"
    return site
  }()

  /// The value of an expression, without its brackets, as JSON.
  func evaluate(_ expression: String) throws -> String {
    let (value, scope) = try value(expression)
    _ = scope
    return value.json()
  }

  /// Why an expression has no value.
  func failure(_ expression: String) -> String? {
    do {
      _ = try value(expression)
      return nil
    } catch {
      return (error as? ExpressionFailure)?.told ?? "\(error)"
    }
  }

  func value(_ expression: String) throws -> (ExpressionValue, DeploymentScope) {
    let text =
      #"{"parameters": \#(parameters), "variables": \#(variables), "functions": \#(functions), "resources": \#(resources)}"#
    let (root, findings) = JSONReader.read(Array(text.utf8))
    guard let root else { throw ExpressionFailure("\(findings.sorted)") }
    let session = EvaluationSession()
    let scope = DeploymentScope(
      root, session, inputs.site, name: inputs.site.deploymentName ?? "", path: "",
      sources: inputs.parameters.mapValues { .given($0.value) }, missing: .asked)
    let literal = JSONValue(content: .string("[\(expression)]"), position: .start)
    return (try scope.evaluator.value(of: literal, in: EvaluationFrame()), scope)
  }
}

/// The value of an expression that needs nothing but itself, as JSON.
func evaluate(_ expression: String) throws -> String {
  try ExpressionKit().evaluate(expression)
}

/// An expression and the JSON of its value.
struct Expected: CustomTestStringConvertible, Sendable {
  let expression: String
  let value: String

  init(_ expression: String, _ value: String) {
    self.expression = expression
    self.value = value
  }

  var testDescription: String { "\(expression) → \(value)" }
}

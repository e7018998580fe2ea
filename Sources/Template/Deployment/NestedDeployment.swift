/// A deployment within a deployment (`Microsoft.Resources/deployments`).
struct NestedDeployment {
  let name: String

  /// Its own template.
  let template: JSONValue

  /// What its expressions see: its own scope, or that of the template around.
  let scope: DeploymentScope

  /// What its expressions see beside: the loops around, where they share the scope.
  let frame: EvaluationFrame

  /// Its outputs as `reference(…).outputs` has them; what fails is what only Azure can tell.
  func outputs() throws(ExpressionFailure) -> ExpressionValue {
    var object = ObjectBuilder()
    for member in template.field("outputs")?.fields ?? [] {
      let value = try output(member.value)
      let type = try ExpressionValue(
        .string(member.value.text("type") ?? "string"), at: member.keyPosition)
      let parts = [
        ExpressionValue.Member("type", type), ExpressionValue.Member("value", value),
      ]
      object.set(member.key, try ExpressionValue(.object(parts), at: member.keyPosition))
    }
    return try ExpressionValue(.object(object.members), at: template.position)
  }

  private func output(_ declared: JSONValue) throws(ExpressionFailure) -> ExpressionValue {
    do throws(ExpressionFailure) {
      if let copy = declared.field("copy"), let input = copy.field("input"),
        let count = copy.field("count")
      {
        let loop = CopyLoop(name: "", count: count, input: input, position: copy.position)
        return try scope.evaluator.values(of: loop, in: frame)
      }
      guard let value = declared.field("value") else {
        return try ExpressionValue(.null, at: declared.position)
      }
      return try scope.evaluator.value(of: value, in: frame)
    } catch {
      return ExpressionValue(unknown: .azure(function: "reference"), at: declared.position)
    }
  }
}

extension JSONValue {
  /// Whether a template, or one nested in it, has an image template among its resources.
  ///
  /// Only the text is looked at: what has none need not be evaluated.
  func holdsImageTemplate(depth: Int = 0) -> Bool {
    guard depth <= ExpressionLimits.deploymentNesting, let resources = field("resources") else {
      return false
    }
    return resources.resourceList.contains { _, resource in
      resource.isImageTemplate
        || resource.field("properties")?.field("template")?.holdsImageTemplate(depth: depth + 1)
          ?? false
    }
  }

  /// The resources of a template: an array, or an object of symbolic names.
  var resourceList: [(symbol: String?, resource: JSONValue)] {
    switch content {
    case .array(let elements): elements.map { (nil, $0) }
    case .object(let members): members.map { ($0.key, $0.value) }
    default: []
    }
  }

  /// Whether a resource is an image template: some public ones have half of the type only
  /// (`aib.md` a.1).
  var isImageTemplate: Bool {
    switch text("type")?.lowercased() {
    case "microsoft.virtualmachineimages/imagetemplates": true
    case "microsoft.virtualmachineimages": field("properties") != nil
    default: false
    }
  }

  /// Whether a resource is a deployment.
  var isDeployment: Bool { text("type")?.lowercased() == "microsoft.resources/deployments" }
}

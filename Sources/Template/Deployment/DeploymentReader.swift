/// Finds the image templates of a deployment and evaluates each.
struct DeploymentReader {
  /// An image template of a deployment.
  struct Found {
    /// The name, where it is known.
    let name: String?
    /// The resource, evaluated.
    let body: ExpressionValue
    /// Which of the templates must be built before, by their places among all that are found.
    var dependsOn: Set<Int> = []
  }

  /// What the deployment's templates depend on in common.
  struct Level {
    let template: JSONValue
    let scope: DeploymentScope
    let frame: EvaluationFrame
    var nesting = 0
  }

  private let session: EvaluationSession
  private(set) var templates: [Found] = []

  /// How many image templates are not deployed, for their condition is false.
  private(set) var skipped = 0

  private var resources = 0

  init(_ session: EvaluationSession) {
    self.session = session
  }

  /// Reads the resources of a template, and of the deployments nested in it.
  mutating func read(_ level: Level) {
    guard let list = level.template.field("resources")?.resourceList else { return }
    var instances: [Instance] = []
    for (index, (symbol, resource)) in list.enumerated() where !isFull {
      let path = symbol.map { "resources.\($0)" } ?? "resources[\(index)]"
      instances += turns(of: resource, symbol, path, level)
    }
    for index in instances.indices { prepare(&instances[index], level) }
    let evaluator = level.scope.evaluator
    var graph = ResourceGraph()
    for instance in instances {
      let first = templates.count
      let firstReference = session.references.count
      if instance.isExisting {
        // It may stand between two that are made.
      } else if instance.resource.isImageTemplate {
        read(instance, level)
      } else if let nested = instance.nested, instance.content.holdsImageTemplate {
        read(nested, level, instance)
      } else {
        // What is not evaluated itself may ask for others all the same.
        for text in instance.content.asking { _ = evaluator.quietText(text, instance.frame) }
      }
      graph.add(
        names: instance.names(in: evaluator),
        dependsOn: instance.dependencies(in: evaluator)
          + references(from: firstReference, of: level.scope),
        templates: first..<templates.count)
    }
    do throws(ExpressionFailure) {
      try order(instances, &graph, level)
    } catch {
      session.report(error, at: level.template.position, path: "resources")
    }
  }

  /// Notes which templates wait for which, also through resources that stand in others.
  private mutating func order(
    _ instances: [Instance], _ graph: inout ResourceGraph, _ level: Level
  ) throws(ExpressionFailure) {
    let evaluator = level.scope.evaluator
    for instance in instances {
      for child in try instance.children(in: evaluator) {
        graph.add(
          names: child.names(in: evaluator), dependsOn: child.dependencies(in: evaluator),
          templates: 0..<0)
      }
    }
    for (earlier, later) in try graph.orders(session) {
      templates[later].dependsOn.insert(earlier)
    }
  }

  /// What a template's expressions have asked for since the first so many, in lower case.
  private func references(from first: Int, of scope: DeploymentScope) -> [String] {
    session.references[first...].filter { $0.scope == ObjectIdentifier(scope) }.map(\.name)
  }

  /// A resource, once for each turn of its loop.
  private mutating func turns(
    of resource: JSONValue, _ symbol: String?, _ path: String, _ level: Level
  ) -> [Instance] {
    guard case .object = resource.content else { return [] }
    var frame = level.frame
    frame.path = path
    let content = Instance.Content(of: resource)
    let copy = resource.field("copy")
    do throws(ExpressionFailure) {
      guard let copy, let loop = CopyLoop.resource(copy, resource) else {
        try count(1)
        return [Instance(resource: resource, content: content, symbol: symbol, frame: frame)]
      }
      guard case .known(let count) = try level.scope.evaluator.count(of: loop, in: frame) else {
        if resource.isImageTemplate {
          session.findings.fail(
            .openLoop, "cannot tell how many times the loop \(quoted(loop.name)) goes round",
            at: copy.position, path: path)
        }
        return []
      }
      try self.count(count)
      return (0..<count).map { index in
        let turn = EvaluationFrame.Loop(name: loop.name, index: index, kind: .resource)
        return Instance(
          resource: resource, content: content, symbol: symbol, loop: loop.name, turn: index,
          frame: frame.inside(turn))
      }
    } catch {
      if isFull || resource.isImageTemplate || content.holdsImageTemplate {
        session.report(error, at: copy?.position ?? resource.position, path: path)
      }
      return []
    }
  }

  /// Whether there are so many resources that the others are not looked at.
  private var isFull: Bool { resources > ExpressionLimits.resources }

  /// Counts resources that the deployment has.
  private mutating func count(_ more: Int) throws(ExpressionFailure) {
    resources += more
    guard !isFull else {
      throw ExpressionFailure(
        "the deployment has more than \(ExpressionLimits.resources) resources")
    }
  }

  /// Makes a nested deployment known to those that refer to its outputs.
  private mutating func prepare(_ instance: inout Instance, _ level: Level) {
    guard instance.resource.isDeployment, !instance.isExisting,
      level.nesting < ExpressionLimits.deploymentNesting,
      let properties = instance.resource.field("properties")
    else { return }
    guard let template = properties.field("template") else {
      if let link = properties.fieldMember("templateLink") {
        session.findings.warn(
          .linkedTemplate, "the template of this deployment is another file, which is not read",
          at: link.keyPosition, path: instance.frame.path,
          hint: "`az bicep build` and `kiln` take templates with all their modules in them")
      }
      return
    }
    do throws(ExpressionFailure) {
      // A scope of its own looks through all that the template declares.
      let declared = ["parameters", "variables", "functions", "outputs"].reduce(0) {
        $0 + (template.field($1)?.fields.count ?? 0)
      }
      try session.charge(declared * ExpressionLimits.declarationWeight)
    } catch {
      return session.report(error, at: template.position, path: instance.frame.path)
    }
    let evaluator = level.scope.evaluator
    let name = evaluator.quietText(instance.resource.field("name"), instance.frame) ?? "nested"
    let options = properties.field("expressionEvaluationOptions")
    var scope = level.scope
    var frame = instance.frame
    frame.failures = .thrown
    if options?.text("scope")?.lowercased() == "inner" {
      var site = level.scope.site
      if let group = evaluator.quietText(instance.resource.field("resourceGroup"), frame) {
        site.resourceGroup = group
      }
      if let id = evaluator.quietText(instance.resource.field("subscriptionId"), frame) {
        site.subscriptionID = id
      }
      scope = DeploymentScope(
        template, session, site, name: name, path: "\(level.scope.path)/\(name)",
        sources: sources(properties.field("parameters"), evaluator, frame), missing: .refused)
      frame = EvaluationFrame()
    }
    let nested = NestedDeployment(name: name, template: template, scope: scope, frame: frame)
    instance.nested = nested
    level.scope.register(nested, as: [name] + instance.symbols)
  }

  private func sources(
    _ parameters: JSONValue?, _ outer: Evaluator, _ frame: EvaluationFrame
  ) -> [String: DeploymentScope.Source] {
    var sources: [String: DeploymentScope.Source] = [:]
    for member in parameters?.fields ?? [] {
      if let value = member.value.fieldMember("value") {
        sources[member.key.lowercased()] = .outer(value.value, outer, frame)
      } else if member.value.field("reference") != nil {
        sources[member.key.lowercased()] = .keyVault
      }
    }
    return sources
  }

  private mutating func read(_ nested: NestedDeployment, _ level: Level, _ instance: Instance) {
    guard isDeployed(instance, level) else { return }
    read(
      Level(
        template: nested.template, scope: nested.scope, frame: nested.frame,
        nesting: level.nesting + 1))
  }

  private mutating func read(_ instance: Instance, _ level: Level) {
    guard isDeployed(instance, level) else { return }
    let dropped: Set<String> = [
      "condition", "copy", "dependson", "comments", "scope", "metadata", "existing", "resources",
    ]
    var frame = instance.frame
    frame.failures = .collected
    let members = instance.resource.fields.filter { !dropped.contains($0.key.lowercased()) }
    let resource = JSONValue(content: .object(members), position: instance.resource.position)
    do throws(ExpressionFailure) {
      let body = try level.scope.evaluator.value(of: resource, in: frame)
      // All of it is looked at, however often its parts are shared.
      try session.charge(body.weight)
      var name: String?
      if case .string(let text) = body.member("name")?.content { name = text }
      templates.append(Found(name: name, body: body))
    } catch {
      session.report(error, at: resource.position, path: frame.path)
    }
  }

  /// Whether the condition of a resource holds; one that only Azure can tell counts as true.
  private mutating func isDeployed(_ instance: Instance, _ level: Level) -> Bool {
    guard let condition = instance.resource.fieldMember("condition") else { return true }
    do throws(ExpressionFailure) {
      let value = try level.scope.evaluator.value(of: condition.value, in: instance.frame)
      switch value.content {
      case .bool(true): return true
      case .bool(false):
        skipped += 1
        return false
      case .unknown:
        session.findings.warn(
          .openCondition, "the condition is not known here: the resource is taken as deployed",
          at: condition.value.position, path: "\(instance.frame.path).condition")
        return true
      default:
        throw ExpressionFailure("a condition must be true or false, not \(value.spoken)")
      }
    } catch {
      session.report(
        error, at: condition.value.position, path: "\(instance.frame.path).condition")
      return false
    }
  }
}

extension TemplateDecoder {
  /// Reports a document that is something else than the body of an image template.
  /// - Returns: whether it is, so that there is no use in reading on.
  mutating func reportOtherDocument(_ root: JSONValue) -> Bool {
    guard case .object = root.content else {
      findings.fail(
        .notAnObject, "cannot read the template: it is \(root.spoken), not an object",
        at: root.position,
        path: "")
      return true
    }
    let schema = root.member("$schema")
    var schemaName = ""
    if let schema, case .string(let text) = schema.value.content { schemaName = text.lowercased() }
    if schemaName.contains("deploymentparameters") {
      findings.fail(
        .parametersFile,
        "cannot read the template: this is a file of parameters for an ARM deployment",
        at: schema?.keyPosition ?? root.position, path: "$schema",
        hint: "name the template that the parameters are for")
      return true
    }
    let resources = root.member("resources")
    guard let mark = resources ?? (schemaName.contains("deploymenttemplate") ? schema : nil) else {
      return reportNoTemplate(root)
    }
    findings.fail(
      .deployment,
      "cannot read the template: this is an ARM deployment template, and a bare image template is "
        + "needed here",
      at: mark.keyPosition, path: mark.key,
      hint: "give the image template alone: its resource in `resources`, with its values filled in")
    return true
  }

  private mutating func reportNoTemplate(_ root: JSONValue) -> Bool {
    guard case .object(let members) = root.content,
      !members.contains(where: { $0.key.lowercased() == "properties" })
    else { return false }
    findings.fail(
      .noTemplate,
      "cannot read the template: it has no field `properties`, so it is no image template",
      at: root.position, path: "",
      hint: "an image template has at least `location` and `properties`")
    return true
  }

  /// The version that the document names; `nil` with a warning unless this is one that exists.
  mutating func declaredVersion(_ root: JSONValue) -> APIVersion? {
    guard case .object(let members) = root.content,
      let member = members.last(where: { $0.key.lowercased() == "apiversion" })
    else {
      findings.warn(
        .noVersion,
        "the template names no `apiVersion`: it is read as the newest, "
          + "\(APIVersion.newest.rawValue), and unknown fields are ignored",
        at: root.position, path: "")
      return nil
    }
    let node = Node(value: member.value, path: "apiVersion", weight: .incidental)
    let text = node.string ?? ""
    if let version = APIVersion(rawValue: text) { return version }
    let versions = APIVersion.allCases.map(\.rawValue)
    let guess = nearest(to: text, among: versions).map { "did you mean `\($0)`?" }
    warn(
      node,
      .unknownVersion,
      "\(node.value.spoken) is no api-version that exists: the template is read as the newest, "
        + "\(APIVersion.newest.rawValue), and unknown fields are ignored",
      hint: guess ?? "the versions are \(versions.joined(separator: ", "))")
    return nil
  }
}

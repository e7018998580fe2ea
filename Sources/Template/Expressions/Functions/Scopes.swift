extension ContextFunction {
  /// What tells of the place of the deployment, and of its time.
  static let scopes: [ContextFunction] = [
    ContextFunction("subscription", 0...0) { evaluator, _, frame throws(ExpressionFailure) in
      let site = evaluator.scope.site
      return try object(frame) { make throws(ExpressionFailure) in
        try make.set("id", site.subscriptionPath)
        try make.set("subscriptionId", site.subscriptionID)
        try make.set("tenantId", site.tenantID)
        try make.set("displayName", "local")
      }
    },
    ContextFunction("resourceGroup", 0...0) { evaluator, _, frame throws(ExpressionFailure) in
      let site = evaluator.scope.site
      return try object(frame) { make throws(ExpressionFailure) in
        try make.set("id", site.resourceGroupPath)
        try make.set("name", site.resourceGroup)
        try make.set("type", "Microsoft.Resources/resourceGroups")
        try make.set("location", site.location)
        try make.set("tags") { _ throws(ExpressionFailure) in }
        try make.set("properties") { inner throws(ExpressionFailure) in
          try inner.set("provisioningState", "Succeeded")
        }
      }
    },
    ContextFunction("tenant", 0...0) { evaluator, _, frame throws(ExpressionFailure) in
      let id = evaluator.scope.site.tenantID
      return try object(frame) { make throws(ExpressionFailure) in
        try make.set("countryCode", "US")
        try make.set("displayName", "local")
        try make.set("id", "/tenants/\(id)")
        try make.set("tenantId", id)
      }
    },
    ContextFunction("managementGroup", 0...0) { _, _, frame throws(ExpressionFailure) in
      try object(frame) { make throws(ExpressionFailure) in
        try make.set("id", "/providers/Microsoft.Management/managementGroups/local")
        try make.set("name", "local")
        try make.set("type", "/providers/Microsoft.Management/managementGroups")
      }
    },
    ContextFunction("deployment", 0...0) { evaluator, _, frame throws(ExpressionFailure) in
      let scope = evaluator.scope
      return try object(frame) { make throws(ExpressionFailure) in
        try make.set("name", scope.deploymentName)
        try make.set("location", scope.site.location)
        try make.set("properties") { inner throws(ExpressionFailure) in
          let link = scope.site.templateAddress
          try inner.set("templateLink") { inner throws(ExpressionFailure) in
            try inner.set("uri", link, orUnknown: .azure(function: "deployment"))
          }
          try inner.set("mode", "Incremental")
          try inner.set("provisioningState", "Accepted")
          try inner.set("template") { template throws(ExpressionFailure) in
            try template.set("contentVersion", scope.template.text("contentVersion") ?? "1.0.0.0")
          }
        }
      }
    },
    ContextFunction("deployer", 0...0) { evaluator, _, frame throws(ExpressionFailure) in
      let site = evaluator.scope.site
      return try object(frame) { make throws(ExpressionFailure) in
        try make.set("objectId", DeploymentSite.noID)
        try make.set("tenantId", site.tenantID)
        try make.set("userPrincipalName", "")
      }
    },
    ContextFunction("environment", 0...0) { _, _, frame throws(ExpressionFailure) in
      try ExpressionValue(try cloud().content, at: frame.position)
    },
    ContextFunction("utcNow", 0...1) { evaluator, call, frame throws(ExpressionFailure) in
      try demandDefault(call, frame)
      let arguments = try evaluator.arguments(of: call, in: frame)
      let format = arguments.count == 1 ? try arguments.string(0) : "yyyyMMdd'T'HHmmss'Z'"
      let text = try evaluator.scope.site.now.text(format) { arguments.failure($0) }
      return try ExpressionValue(.string(text), at: frame.position)
    },
    ContextFunction("newGuid", 0...0) { evaluator, call, frame throws(ExpressionFailure) in
      try demandDefault(call, frame)
      // Places differ, so each parameter gets a value of its own, the same one in the whole run.
      let place = "\(evaluator.scope.path)/\(frame.position.line):\(frame.position.column)"
      let text = nameBasedGUID("\(evaluator.scope.site.seed)/\(place)")
      return try ExpressionValue(.string(text), at: frame.position)
    },
    ContextFunction("resourceId", 2...TemplateFunction.many) {
      evaluator, call, frame throws(ExpressionFailure) in
      try id(evaluator, call, frame, among: 0...2) { arguments, place throws(ExpressionFailure) in
        var site = evaluator.scope.site
        if place == 2 { site.subscriptionID = try arguments.string(0) }
        if place > 0 { site.resourceGroup = try arguments.string(place - 1) }
        return site.resourceGroupPath
      }
    },
    ContextFunction("subscriptionResourceId", 2...TemplateFunction.many) {
      evaluator, call, frame throws(ExpressionFailure) in
      try id(evaluator, call, frame, among: 0...1) { arguments, place throws(ExpressionFailure) in
        var site = evaluator.scope.site
        if place == 1 { site.subscriptionID = try arguments.string(0) }
        return site.subscriptionPath
      }
    },
  ]

  /// These two give another value each time, so Azure has them in defaults of parameters only.
  private static func demandDefault(
    _ call: Expression.Call, _ frame: EvaluationFrame
  ) throws(ExpressionFailure) {
    guard frame.place != .parameterDefault else { return }
    throw ExpressionFailure(
      "`\(call.name)` stands only in the default of a parameter",
      hint: "make it the default of a parameter, and use the parameter here")
  }

  private static func id(
    _ evaluator: Evaluator, _ call: Expression.Call, _ frame: EvaluationFrame,
    among places: ClosedRange<Int>,
    _ base: (Arguments, Int) throws(ExpressionFailure) -> String
  ) throws(ExpressionFailure) -> ExpressionValue {
    let arguments = try evaluator.arguments(of: call, in: frame)
    if let reason = arguments.values.lazy.compactMap(\.openReason).first {
      return ExpressionValue(unknown: reason, at: frame.position)
    }
    let place = try TemplateFunction.typeIndex(arguments, among: places)
    let path = try TemplateFunction.resourcePath(arguments, typeAt: place)
    return try ExpressionValue(.string(try base(arguments, place) + path), at: frame.position)
  }

  private static func object(
    _ frame: EvaluationFrame,
    _ fill: (inout TextObject) throws(ExpressionFailure) -> Void
  ) throws(ExpressionFailure) -> ExpressionValue {
    var object = TextObject(position: frame.position)
    try fill(&object)
    return try object.value()
  }

  /// What `environment()` gives in Azure's public cloud.
  private static func cloud() throws(ExpressionFailure) -> ExpressionValue {
    var object = TextObject(position: .start)
    try object.set("name", "AzureCloud")
    try object.set("gallery", "https://gallery.azure.com/")
    try object.set("graph", "https://graph.windows.net/")
    try object.set("portal", "https://portal.azure.com")
    try object.set("graphAudience", "https://graph.windows.net/")
    try object.set("activeDirectoryDataLake", "https://datalake.azure.net/")
    try object.set("batch", "https://batch.core.windows.net/")
    try object.set("media", "https://rest.media.azure.net")
    try object.set("sqlManagement", "https://management.core.windows.net:8443/")
    try object.set("resourceManager", "https://management.azure.com/")
    try object.set("authentication") { inner throws(ExpressionFailure) in
      try inner.set("loginEndpoint", "https://login.microsoftonline.com/")
      try inner.set(
        "audiences",
        ["https://management.core.windows.net/", "https://management.azure.com/"])
      try inner.set("tenant", "common")
      try inner.set("identityProvider", "AAD")
    }
    try object.set("suffixes") { inner throws(ExpressionFailure) in
      try inner.set("acrLoginServer", ".azurecr.io")
      try inner.set("azureDatalakeAnalyticsCatalogAndJob", "azuredatalakeanalytics.net")
      try inner.set("azureDatalakeStoreFileSystem", "azuredatalakestore.net")
      try inner.set("azureFrontDoorEndpointSuffix", "azurefd.net")
      try inner.set("keyvaultDns", ".vault.azure.net")
      try inner.set("sqlServerHostname", ".database.windows.net")
      try inner.set("storage", "core.windows.net")
    }
    return try object.value()
  }
}

/// An object of texts, as it grows; each key is set once.
private struct TextObject {
  let position: SourcePosition
  private var members: [ExpressionValue.Member] = []

  init(position: SourcePosition) {
    self.position = position
  }

  mutating func set(_ key: String, _ text: String) throws(ExpressionFailure) {
    add(key, try ExpressionValue(.string(text), at: position))
  }

  mutating func set(
    _ key: String, _ text: String?, orUnknown reason: ExpressionValue.Unknown
  ) throws(ExpressionFailure) {
    if let text { return try set(key, text) }
    add(key, ExpressionValue(unknown: reason, at: position))
  }

  mutating func set(_ key: String, _ texts: [String]) throws(ExpressionFailure) {
    let values = try texts.map { text throws(ExpressionFailure) in
      try ExpressionValue(.string(text), at: position)
    }
    add(key, try ExpressionValue(.array(values), at: position))
  }

  mutating func set(
    _ key: String, _ fill: (inout TextObject) throws(ExpressionFailure) -> Void
  ) throws(ExpressionFailure) {
    var inner = TextObject(position: position)
    try fill(&inner)
    add(key, try inner.value())
  }

  private mutating func add(_ key: String, _ value: ExpressionValue) {
    members.append(ExpressionValue.Member(key, value, at: nil))
  }

  func value() throws(ExpressionFailure) -> ExpressionValue {
    try ExpressionValue(.object(members), at: position)
  }
}

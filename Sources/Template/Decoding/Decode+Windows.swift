extension TemplateDecoder {
  mutating func windowsRestart(_ fields: Fields) -> (Customizer.Action, SourcePosition)? {
    let command = text("restartCommand", in: fields, as: .command) ?? ""
    let check = text("restartCheckCommand", in: fields, as: .command) ?? ""
    let options = WindowsRestartOptions(
      command: command.isEmpty ? WindowsRestartOptions.defaultCommand : command,
      checkCommand: check, timeout: restartTimeout(fields))
    return (.windowsRestart(options), fields.node.position)
  }

  private mutating func restartTimeout(_ fields: Fields) -> GoDuration {
    let standard = WindowsRestartOptions.defaultTimeout
    guard let node = fields["restartTimeout"], let text = text(node, as: .command), !text.isEmpty
    else { return standard }
    guard let timeout = GoDuration(text) else {
      fail(
        node, .badDuration, "\(quoted(text)) is no length of time",
        hint: "write it with units, as in `5m`, `1h30m` or `90s`", service: .badValue)
      return standard
    }
    return timeout.duration == .zero ? standard : timeout
  }

  mutating func windowsUpdate(_ fields: Fields) -> (Customizer.Action, SourcePosition)? {
    let criteria = text("searchCriteria", in: fields, as: .command) ?? ""
    let filters = texts("filters", in: fields, as: .command)
    for node in fields["filters"].flatMap({ listed($0) }) ?? [] { checkFilter(node) }
    let limit = integer("updateLimit", in: fields) ?? 0
    let options = WindowsUpdateOptions(
      searchCriteria: criteria.isEmpty ? WindowsUpdateOptions.defaultSearchCriteria : criteria,
      filters: filters, updateLimit: limit == 0 ? WindowsUpdateOptions.defaultUpdateLimit : limit)
    return (.windowsUpdate(options), fields.node.position)
  }

  private mutating func listed(_ node: Node) -> [Node]? {
    guard case .array = node.value.content else { return nil }
    return elements(node)
  }

  private mutating func checkFilter(_ node: Node) {
    guard let text = node.string else { return }
    let action = text.prefix { $0 != ":" }.lowercased()
    guard !["include", "exclude"].contains(action) || !text.contains(":") else { return }
    // An official example of the API has such a filter, so it is no error.
    warn(
      node, .idleFilter, "the filter \(quoted(text)) neither includes nor excludes anything",
      hint: "start it with `include:` or `exclude:`")
  }
}

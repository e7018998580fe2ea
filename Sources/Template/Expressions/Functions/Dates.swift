extension TemplateFunction {
  /// Dates and times, all of them in UTC.
  static let dates: [TemplateFunction] = [
    TemplateFunction("dateTimeAdd", 2...3) { call throws(ExpressionFailure) in
      let base = try moment(call, 0)
      let text = try call.string(1)
      guard let duration = ISODuration(text) else {
        throw call.failure(
          "\(call[1].spoken) is no duration of ISO 8601: it has the form `P3D` or `-PT1H30M`")
      }
      guard let sum = base.adding(duration) else {
        throw call.failure("the result lies outside the years 1 to 9999")
      }
      // Without a format the documentation's examples have this one.
      let format = call.count == 3 ? try call.string(2) : "M/d/yyyy h:mm:ss tt"
      return .string(try sum.text(format) { call.failure($0) })
    },
    TemplateFunction("dateTimeToEpoch", 1...1) { call throws(ExpressionFailure) in
      .integer(try moment(call, 0).seconds)
    },
    TemplateFunction("dateTimeFromEpoch", 1...1) { call throws(ExpressionFailure) in
      guard let moment = Moment(seconds: try call.integer(0)) else {
        throw call.failure("\(call[0].spoken) lies outside the years 1 to 9999")
      }
      return .string(try moment.text("yyyy-MM-dd'T'HH:mm:ss'Z'") { call.failure($0) })
    },
  ]

  private static func moment(
    _ call: Arguments, _ index: Int
  ) throws(ExpressionFailure) -> Moment {
    guard let moment = Moment(iso: try call.string(index)) else {
      throw call.failure(
        "\(call[index].spoken) is no time of ISO 8601: it has the form `2026-01-31T12:00:00Z`")
    }
    return moment
  }
}

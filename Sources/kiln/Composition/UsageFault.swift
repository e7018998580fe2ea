import Pipeline

/// Something on the command line can't be used.
struct UsageFault: Error, Hinting, CustomStringConvertible {
  let description: String
  let hint: String?

  init(_ description: String, hint: String? = nil) {
    self.description = description
    self.hint = hint
  }
}

import Pipeline

/// A command could not do what was asked, with the exit code that says so.
struct CommandFault: Error, Hinting, CustomStringConvertible {
  let description: String
  let hint: String?
  let exit: KilnExit

  init(_ description: String, hint: String? = nil, exit: KilnExit = .failed) {
    self.description = description
    self.hint = hint
    self.exit = exit
  }
}

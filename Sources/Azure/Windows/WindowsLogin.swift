internal import Pipeline

/// How somebody logs in to a Windows machine in Azure, but for the password.
public struct WindowsLogin: Codable, Sendable, Hashable {
  /// The address.
  public let host: String
  /// The user.
  public let user: String
  /// The SHA-256 of its certificate in hexadecimal; `nil` as long as it has none.
  public var thumbprint: String?
}

extension MachineFiles {
  /// The password of a machine that was kept.
  var password: String { "\(directory)/password" }
  /// How the machine is logged in to.
  var windowsLogin: String { "\(directory)/windows.json" }

  /// Notes where the machine is reached.
  func note(_ login: WindowsLogin) throws {
    try makeDirectory()
    try write(login, to: windowsLogin)
  }

  /// Writes the password of a machine that stays, for its user's eyes only.
  func keep(_ password: Secret) throws {
    let failure = MachineError(.unavailable, "could not write \(self.password)")
    try write(Array("\(password.revealed)\n".utf8), to: self.password, failure)
  }

  /// How the machine is logged in to; `nil` where it is none with Windows, or that is not known.
  public func readWindows() -> WindowsLogin? { read(WindowsLogin.self, from: windowsLogin) }
}

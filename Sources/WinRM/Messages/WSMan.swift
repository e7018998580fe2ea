/// The names that WS-Management and Microsoft's shell protocol have for things (DSP0226; MS-WSMV).
enum WSMan {
  static let soap = "http://www.w3.org/2003/05/soap-envelope"
  static let addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
  static let transfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
  static let management = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
  static let microsoft = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
  static let shell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
  static let fault = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
  static let configuration = "http://schemas.microsoft.com/wbem/wsman/1/config"
  static let identity = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"

  static let anonymous = addressing + "/role/anonymous"
  /// The shell that runs command lines, as opposed to PowerShell remoting's.
  static let commandShell = shell + "/cmd"
  static let serviceConfiguration = configuration

  /// The end of the name of a command's state: `…/CommandState/Done`.
  static let done = shell + "/CommandState/Done"
}

/// A shell on a Windows machine, as the machine names it: upper-case hexadecimal digits.
public struct ShellID: Sendable, Hashable {
  /// The identifier, as it was given.
  public let text: String

  /// Names a shell.
  public init(_ text: String) { self.text = text }
}

/// A command in a shell, as the machine names it.
public struct CommandID: Sendable, Hashable {
  /// The identifier, as it was given.
  public let text: String

  /// Names a command.
  public init(_ text: String) { self.text = text }
}

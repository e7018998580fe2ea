/// A request to a Windows machine's shells.
public enum ShellRequest: Sendable, Equatable {
  /// Makes a shell.
  case create(ShellOptions)
  /// Starts a command in a shell.
  case command(CommandLine, in: ShellID)
  /// Gives bytes to a command's standard input.
  case send([UInt8], InputEnd, to: CommandID, in: ShellID)
  /// Asks for what a command has written, and waits for that.
  case receive(CommandID, in: ShellID)
  /// Tells a command something.
  case signal(CommandSignal, CommandID, in: ShellID)
  /// Removes a shell with all that runs in it.
  case delete(ShellID)
  /// Asks for the service's own settings; for administrators.
  case configuration

  /// Whether standard input ends with the bytes that are sent.
  public enum InputEnd: Sendable, Equatable {
    /// More may come.
    case open
    /// These were the last ones.
    case closed
  }

  /// What is done, as errors name it.
  var name: String {
    switch self {
    case .create: "make a shell"
    case .command: "start a command"
    case .send: "send input to a command"
    case .receive: "read the output of a command"
    case .signal: "signal a command"
    case .delete: "remove a shell"
    case .configuration: "read the settings of WinRM"
    }
  }

  /// The last part of the answer's action: the answer to another request is none.
  var answer: String {
    switch self {
    case .create: WSMan.transfer + "/CreateResponse"
    case .command: WSMan.shell + "/CommandResponse"
    case .send: WSMan.shell + "/SendResponse"
    case .receive: WSMan.shell + "/ReceiveResponse"
    case .signal: WSMan.shell + "/SignalResponse"
    case .delete: WSMan.transfer + "/DeleteResponse"
    case .configuration: WSMan.transfer + "/GetResponse"
    }
  }

  var action: String { String(answer.dropLast("Response".count)) }

  var resource: String {
    if case .configuration = self { WSMan.serviceConfiguration } else { WSMan.commandShell }
  }

  var shell: ShellID? {
    switch self {
    case .create, .configuration: nil
    case .command(_, let shell), .send(_, _, _, let shell), .receive(_, let shell),
      .signal(_, _, let shell), .delete(let shell):
      shell
    }
  }

  /// The options of the header; `nil` where the request has no set of them.
  var options: [(name: String, value: String)]? {
    switch self {
    case .create(let options):
      var set: [(String, String)] = []
      if let profile = options.profile {
        set.append(("WINRS_NOPROFILE", profile == .omitted ? "TRUE" : "FALSE"))
      }
      if let page = options.codePage { set.append(("WINRS_CODEPAGE", "\(page)")) }
      return set
    case .command(let line, _):
      var set: [(String, String)] = []
      if let input = line.input {
        set.append(("WINRS_CONSOLEMODE_STDIN", input == .console ? "TRUE" : "FALSE"))
      }
      set.append(("WINRS_SKIP_CMD_SHELL", line.interpreter == .cmd ? "FALSE" : "TRUE"))
      return set
    case .send, .receive, .signal, .delete, .configuration: return nil
    }
  }
}

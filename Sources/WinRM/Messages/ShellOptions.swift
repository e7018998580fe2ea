/// What a new shell is to be like; what is `nil` is as the machine has it.
public struct ShellOptions: Sendable, Equatable {
  /// Variables for every command of the shell, in this order.
  public var environment: [Variable] = []
  /// The directory that commands start in.
  public var workingDirectory: String?
  /// How long the shell may be without a request before the machine removes it.
  public var idleTimeout: Duration?
  /// How long the shell may be there at all.
  public var lifetime: Duration?
  /// A name that administrators see.
  public var name: String?
  /// Whether the user's profile is loaded.
  public var profile: Profile? = .loaded
  /// The code page of the console: 65001 is UTF-8, 437 what a machine does without being asked.
  public var codePage: Int? = 65001

  /// A variable.
  public struct Variable: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its value.
    public var value: String

    /// A variable.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Whether the user's profile (registry and directories) is loaded.
  public enum Profile: Sendable, Equatable {
    /// It is.
    case loaded
    /// It is not: the default user's is there instead.
    case omitted
  }

  /// A shell in UTF-8 with the user's profile.
  public init() {}
}

/// A command to run in a shell.
public struct CommandLine: Sendable, Equatable {
  /// The program, or for ``Interpreter/cmd`` all that `cmd` understands.
  public var command: String
  /// Arguments that the machine joins to the command with a space before each, and nothing more:
  /// quotes are for the caller.
  public var arguments: [String]
  /// Who starts the program.
  public var interpreter: Interpreter
  /// What standard input is to the program; `nil` leaves that to the machine.
  public var input: Input?

  /// Who starts the program.
  public enum Interpreter: Sendable, Equatable {
    /// `cmd /c`: variables are expanded, and at most 8191 characters are taken.
    case cmd
    /// The machine itself: a full path with its ending is needed, and 32767 characters are taken.
    case none
  }

  /// What standard input is to a program (MS-WSMV 2.2.4.38).
  public enum Input: Sendable, Equatable {
    /// A console, which is what every client asks for; data can be piped into it all the same.
    case console
    /// A pipe.
    case pipe
  }

  /// The most characters that a command line for `cmd` may have.
  public static let cmdLimit = 8191

  /// Describes a command.
  public init(
    _ command: String, _ arguments: [String] = [], by interpreter: Interpreter = .cmd,
    input: Input? = .console
  ) {
    self.command = command
    self.arguments = arguments
    self.interpreter = interpreter
    self.input = input
  }
}

/// What a running command can be told.
public enum CommandSignal: String, Sendable {
  /// End with all your processes.
  case terminate
  /// Control-C was pressed.
  case interrupt = "ctrl_c"
  /// Control-Break was pressed.
  case breakKey = "ctrl_break"
}

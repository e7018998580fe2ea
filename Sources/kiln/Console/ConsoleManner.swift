import Glibc

/// In which manner a console speaks.
struct ConsoleManner: Equatable {
  /// What the device can do.
  enum Display { case live, plain }
  /// Whether colours are wanted.
  enum Color { case on, off }
  /// How much is told.
  enum Volume { case normal, quiet }

  var display: Display
  var color: Color
  var volume: Volume

  /// The manner that fits a device and the environment.
  ///
  /// `NO_COLOR` (no-color.org) turns colours off, `TERM=dumb` all that moves the cursor.
  static func fitting(
    _ device: Device, _ environment: [String: String], _ volume: Volume
  ) -> ConsoleManner {
    let isSmart = !["", "dumb"].contains(environment["TERM"] ?? "")
    let display: Display = device == .terminal && isSmart ? .live : .plain
    let wantsColor = (environment["NO_COLOR"] ?? "").isEmpty
    return ConsoleManner(
      display: display, color: display == .live && wantsColor ? .on : .off, volume: volume)
  }

  /// What a descriptor leads to.
  enum Device {
    case terminal, other

    /// What `descriptor` leads to.
    init(_ descriptor: CInt) { self = isatty(descriptor) == 1 ? .terminal : .other }
  }
}

/// The looks of a piece of text; each is nothing where colours are off.
enum Look: String {
  case plain = ""
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"

  /// What begins the look.
  func start(_ color: ConsoleManner.Color) -> String {
    self == .plain || color == .off ? "" : "\u{1B}[\(rawValue)m"
  }

  /// What ends it.
  func end(_ color: ConsoleManner.Color) -> String {
    self == .plain || color == .off ? "" : "\u{1B}[0m"
  }
}

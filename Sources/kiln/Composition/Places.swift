import Foundation

/// Where Kiln keeps things on this machine, by the XDG base directory specification.
enum Places {
  /// The user's home directory.
  static var home: String {
    variable("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path()
  }

  /// Downloads, kept by their checksum: `$XDG_CACHE_HOME/kiln/downloads`.
  static var downloads: String {
    (variable("XDG_CACHE_HOME") ?? "\(home)/.cache") + "/kiln/downloads"
  }

  private static func variable(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}

import Foundation

/// Where Kiln keeps things on this machine, by the XDG base directory specification.
enum Places {
  /// The user's home directory.
  static var home: String {
    variable("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path()
  }

  /// Downloads, kept by their checksum: `$XDG_CACHE_HOME/kiln/downloads`.
  static var downloads: String {
    cache + "/downloads"
  }

  /// What can be made again at any time: `$XDG_CACHE_HOME/kiln`.
  static var cache: String { (variable("XDG_CACHE_HOME") ?? "\(home)/.cache") + "/kiln" }

  /// Runs and their VMs: `$XDG_STATE_HOME/kiln`.
  static var state: String { (variable("XDG_STATE_HOME") ?? "\(home)/.local/state") + "/kiln" }

  /// VMs of images that somebody looks into: `$XDG_STATE_HOME/kiln/trials`.
  static var trials: String { "\(state)/trials" }

  /// The directory at `path`, or the nearest one above it that is there.
  static func existing(_ path: String) -> String {
    var path = path
    while !FileManager.default.fileExists(atPath: path), path != "/" {
      path = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
      if path.count > 1, path.hasSuffix("/") { path.removeLast() }
    }
    return path
  }

  /// Disks that stand for the sources of templates: `$XDG_CACHE_HOME/kiln/sources`.
  static var sourceDisks: String {
    (variable("XDG_CACHE_HOME") ?? "\(home)/.cache") + "/kiln/sources"
  }

  /// The user's own sources: `$XDG_CONFIG_HOME/kiln/sources.json`.
  static var sourcesFile: String {
    (variable("XDG_CONFIG_HOME") ?? "\(home)/.config") + "/kiln/sources.json"
  }

  private static func variable(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}

internal import FoundationEssentials

/// The package's own directory: where `Package.swift` is, without a slash at its end.
public let packageRoot: String = {
  let components = #filePath.split(separator: "/", omittingEmptySubsequences: false)
  return components.dropLast(3).joined(separator: "/")
}()

/// Where the `kiln` executable of this build is: `$KILN` if it is set, otherwise beside the
/// running test bundle.
/// - Throws: ``KitError`` if there is none.
public func kilnBinary() throws -> String {
  if let named = ProcessInfo.processInfo.environment["KILN"] { return named }
  let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  let directory = bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast()
  let binary = directory.joined(separator: "/") + "/kiln"
  guard FileManager.default.isExecutableFile(atPath: binary) else {
    throw KitError("could not find the kiln executable: \(binary) is none; set KILN to its path")
  }
  return binary
}

/// Data that tests read where it is present and do without where it is not.
public enum Shared {
  /// `$KILN_DATA`, or `../shared/data` from the package's directory; `nil` where neither exists.
  public static let data: String? = {
    let named = ProcessInfo.processInfo.environment["KILN_DATA"]
    let path = named ?? packageRoot + "/../shared/data"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()
}

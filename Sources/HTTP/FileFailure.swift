internal import Glibc
public import SystemPackage

/// A file or directory that could not be used.
public struct FileFailure: Error, Sendable, Equatable {
  /// What could not be done with it.
  public enum Action: String, Sendable {
    /// Make it, or give it its name.
    case create
    /// Read it.
    case read
    /// Write to it.
    case write
  }

  /// What could not be done.
  public let action: Action
  /// Where.
  public let path: FilePath
  /// Why: the system's error.
  public let errno: Errno

  /// A failure, by default with the reason that the last system call left.
  init(_ action: Action, _ path: FilePath, _ errno: Errno = Errno(rawValue: Glibc.errno)) {
    self.action = action
    self.path = path
    self.errno = errno
  }

  /// What the user can do about it, where there is something.
  public var hint: String? {
    switch errno {
    case .noSpace: "free some space on the file system of \(path.removingLastComponent())"
    case Errno(rawValue: EDQUOT): "raise the disk quota, or free some space"
    case .permissionDenied, .readOnlyFileSystem:
      "choose a directory that this user may write to"
    default: nil
    }
  }
}

extension FileFailure: CustomStringConvertible {
  /// What the user reads.
  public var description: String { "could not \(action.rawValue) \(path): \(errno)" }
}

import Foundation
import Pipeline

/// The template's file.
enum TemplateFile {
  /// Templates are text written by people; a larger file is something else.
  private static let largest = 32 * 1024 * 1024

  /// The bytes of the file.
  static func read(_ path: String) throws -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw CommandFault(
        "could not read the template `\(path)`: \(String(cString: strerror(errno)))",
        exit: .usage)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw CommandFault("could not read the template `\(path)`: it is a directory", exit: .usage)
    }
    do {
      let bytes = try contents(of: URL(filePath: path))
      guard bytes.count <= largest else {
        throw CommandFault(
          "could not read `\(path)`: it has more than \(largest >> 20) MiB, so it is no template",
          exit: .usage)
      }
      return bytes
    } catch let fault as CommandFault {
      throw fault
    } catch {
      throw CommandFault(
        "could not read the template `\(path)`: \(error.localizedDescription)", exit: .usage)
    }
  }

  /// The bytes of a file or a pipe, as far as they can be a template, and one more.
  private static func contents(of file: URL) throws -> [UInt8] {
    let handle = try FileHandle(forReadingFrom: file)
    var bytes: [UInt8] = []
    while bytes.count <= largest,
      let more = try handle.read(upToCount: largest + 1 - bytes.count), !more.isEmpty
    {
      bytes += more
    }
    try handle.close()
    return bytes
  }

  /// Puts other bytes in the place of the file's: whole or not at all, and with its permissions.
  static func replace(_ path: String, with bytes: [UInt8]) throws {
    // What a link leads to is changed, not the link.
    let file = URL(filePath: path).resolvingSymlinksInPath()
    do {
      let keeper = FileManager.default
      let beside = file.deletingLastPathComponent()
        .appending(
          path: ".\(file.lastPathComponent).kiln-\(ProcessInfo.processInfo.processIdentifier)")
      defer { unlink(beside.path(percentEncoded: false)) }
      try Data(bytes).write(to: beside, options: .withoutOverwriting)
      let mode = try keeper.attributesOfItem(atPath: file.path(percentEncoded: false))[
        .posixPermissions]
      if let mode {
        try keeper.setAttributes(
          [.posixPermissions: mode], ofItemAtPath: beside.path(percentEncoded: false))
      }
      let handle = try FileHandle(forUpdating: beside)
      try handle.synchronize()
      try handle.close()
      guard rename(beside.path(percentEncoded: false), file.path(percentEncoded: false)) == 0
      else {
        throw CommandFault(
          "could not write the template `\(path)`: \(String(cString: strerror(errno)))",
          exit: .usage)
      }
    } catch let fault as CommandFault {
      throw fault
    } catch {
      throw CommandFault(
        "could not write the template `\(path)`: \(error.localizedDescription)", exit: .usage)
    }
  }

  /// The directory that relative URIs start from.
  static func directory(of path: String) -> String {
    URL(filePath: path).standardizedFileURL.deletingLastPathComponent().path(percentEncoded: false)
  }
}

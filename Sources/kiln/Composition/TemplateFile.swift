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
    guard status.st_size <= largest else {
      throw CommandFault(
        "could not read the template `\(path)`: it has \(status.st_size) bytes", exit: .usage)
    }
    do {
      return [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw CommandFault(
        "could not read the template `\(path)`: \(error.localizedDescription)", exit: .usage)
    }
  }

  /// The directory that relative URIs start from.
  static func directory(of path: String) -> String {
    URL(filePath: path).standardizedFileURL.deletingLastPathComponent().path(percentEncoded: false)
  }
}

/// A log that grows line by line while a run goes on.
///
/// Each event is written as a whole when it comes, so whoever follows the file sees it at once. A
/// full disk must not end a build: the first failure is kept for the end.
struct LogFile: ~Copyable {
  private let file: OpenFile
  /// Why the log is not whole, where it is not.
  private(set) var failure: RecordError?

  init(_ path: String) throws(RecordError) { file = try OpenFile(path, for: .append) }

  /// Adds `bytes`, which are whole lines.
  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    do throws(RecordError) {
      try file.write(bytes)
    } catch {
      failure = failure ?? error
    }
  }

  /// Waits until all of it is on the disk.
  mutating func sync() {
    do throws(RecordError) {
      try file.sync()
    } catch {
      failure = failure ?? error
    }
  }
}

internal import HTTP
internal import Pipeline
internal import Synchronization
public import SystemPackage

/// A file with every request to Azure and its answer, a line of JSON each, without secrets.
public final class Trace: Sendable {
  /// How a request ended.
  enum End {
    case answered(HTTPResponse)
    case failed(HTTPError)
  }

  private let path: FilePath
  private let file: Mutex<FileDescriptor>

  /// Makes the file, readable for its owner alone, or empties the one that is there.
  /// - Throws: ``AzureError`` with the file system's reason.
  public init(_ path: FilePath) throws(AzureError) {
    self.path = path
    do {
      let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
      self.file = Mutex(file)
    } catch {
      throw AzureError("write the trace `\(path)`", "\(error)")
    }
  }

  deinit {
    // What was to be written is written: a failing close has nobody to tell.
    file.withLock { try? $0.close() }
  }

  /// Adds a line.
  func note(
    _ request: HTTPRequest, _ end: End, after duration: Duration, at time: Int64
  ) throws(AzureError) {
    var line: JSON = [
      "time": .string("\(Timestamp(seconds: Int(time), nanoseconds: 0))"),
      "method": .string(request.method.rawValue), "url": .string(Scrubber.url(request.url)),
      "milliseconds": .integer(Int64(duration / .milliseconds(1))),
      "requestHeaders": Scrubber.headers(request.headers),
      "requestBody": Scrubber.body(request.body, type: request.headers["Content-Type"]),
    ]
    switch end {
    case .answered(let response):
      line["status"] = .integer(Int64(response.status))
      line["responseHeaders"] = Scrubber.headers(response.headers)
      line["responseBody"] = Scrubber.body(response.body, type: response.headers["Content-Type"])
    case .failed(let error): line["failure"] = .string("\(error.reason)")
    }
    let bytes = line.bytes + [UInt8(ascii: "\n")]
    do {
      _ = try file.withLock { try $0.writeAll(bytes) }
    } catch {
      throw AzureError("write the trace `\(path)`", "\(error)")
    }
  }
}

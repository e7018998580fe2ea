import HTTP
import SystemPackage
import Testing

@Suite(.server) struct ClientTests {
  @Test func `method, headers and body arrive`() async throws {
    let server = try Server.current
    let request = HTTPRequest(
      .post, server.url("echo"), headers: ["X-One": "1", "X-Empty": "", "Content-Type": "a/b"],
      body: Array("hello".utf8))
    let text = try await server.client.send(request).text
    #expect(text.hasPrefix("POST\n"))
    #expect(text.contains("X-One: 1\n"))
    #expect(text.contains("X-Empty: \n"))
    #expect(text.contains("Content-Type: a/b\n"))
    #expect(text.hasSuffix("\n\nhello"))
  }

  @Test(arguments: [HTTPRequest.Method.put, .patch, .post])
  func `an empty body has a length and no type`(method: HTTPRequest.Method) async throws {
    let server = try Server.current
    let text = try await server.client.send(HTTPRequest(method, server.url("echo"))).text
    #expect(text.contains("Content-Length: 0\n"))
    #expect(!text.contains("Content-Type"))
  }

  @Test func `a large body is sent without asking first`() async throws {
    let server = try Server.current
    let body = [UInt8](repeating: 0x61, count: 2 << 20)
    let text = try await server.client.send(
      HTTPRequest(.put, server.url("echo"), body: body)
    ).text
    #expect(text.contains("Content-Length: 2097152\n"))
    #expect(!text.contains("Expect"))
    #expect(text.hasSuffix("\n\n" + String(decoding: body, as: UTF8.self)))
  }

  @Test func `header fields are found in any case and kept in order`() async throws {
    let server = try Server.current
    let headers = try await server.client.send(HTTPRequest(.get, server.url("echo"))).headers
    #expect(headers["x-CASE"] == "kept")
    #expect(headers.values(of: "X-TWICE") == ["one", "two"])
  }

  @Test func `HEAD brings the header alone`() async throws {
    let server = try Server.current
    let response = try await server.client.send(HTTPRequest(.head, server.url("plain")))
    #expect(response.headers["content-length"] == "\(payload.count)")
    #expect(response.body.isEmpty)
  }

  @Test func `a status is an answer, not an error`() async throws {
    let server = try Server.current
    let response = try await server.client.send(HTTPRequest(.get, server.url("status/404")))
    #expect(response.status == 404)
    #expect(response.text == "no")
  }

  @Test func `a second request uses the connection again`() async throws {
    let server = try Server.current
    let client = server.client
    let first = try await client.send(HTTPRequest(.get, server.url("echo")))
    let second = try await client.send(HTTPRequest(.get, server.url("echo")))
    #expect([first.newConnections, second.newConnections] == [1, 0])
  }

  @Test func `a redirect is followed`() async throws {
    let server = try Server.current
    let response = try await server.client.send(HTTPRequest(.get, server.url("redirect/plain")))
    #expect(response.body == payload)
    #expect(response.url == server.url("plain"))
  }

  @Test func `a redirect to another host loses the credentials`() async throws {
    let server = try Server.current
    let response = try await server.client.send(
      HTTPRequest(
        .get, server.url("redirect/elsewhere"), headers: ["Authorization": "x", "X-Other": "y"]))
    #expect(response.text.contains("X-Other: y"))
    #expect(!response.text.contains("Authorization"))
  }

  @Test func `a POST is not redirected`() async throws {
    let server = try Server.current
    let response = try await server.client.send(HTTPRequest(.post, server.url("redirect/plain")))
    #expect(response.status == 302)
    #expect(response.text == "moved")
  }

  @Test func `redirects in a circle end`() async throws {
    let server = try Server.current
    let error = try await failure {
      try await server.client.send(HTTPRequest(.get, server.url("redirect/loop")))
    }
    #expect(error.reason == .tooManyRedirects(limit: 10))
    #expect(try await server.requests("redirect/loop").count == 11)
  }

  @Test func `a redirect from https to http is refused and keeps the secret`() async throws {
    let server = try Server.current
    let error = try await failure {
      try await server.client.send(HTTPRequest(.get, server.url("redirect/http")))
    }
    #expect(
      error.reason == .insecureRedirect(to: "http://localhost:\(server.port)/x/plain?sig=***"))
    #expect(!"\(error)".contains("SECRET"))
  }

  @Test func `a certificate of an unknown authority is refused`() async throws {
    let server = try Server.current
    let client = HTTPClient(trust: .authorities(server.directory.appending("stranger.pem")))
    let error = try await failure {
      try await client.send(HTTPRequest(.get, server.url("plain")))
    }
    guard case .transport(code: 60, let text) = error.reason else {
      Issue.record("\(error)")
      return
    }
    #expect(text.contains("certificate"))
    #expect(error.hint?.contains("not trusted") == true)
    #expect(!error.isTransient)
  }

  @Test func `the system's authorities don't know the test's`() async throws {
    let server = try Server.current
    let error = try await failure {
      try await HTTPClient().send(HTTPRequest(.get, server.url("plain")))
    }
    #expect("\(error)".contains("libcurl error 60"))
  }

  @Test func `a body beyond the limit is refused`() async throws {
    let server = try Server.current
    var limits = HTTPLimits.request
    limits.bodyBytes = 100_000
    limits.total = .seconds(5)
    for behaviour in ["plain", "endless"] {
      let error = try await failure {
        try await server.client.send(HTTPRequest(.get, server.url(behaviour)), limits: limits)
      }
      #expect(error.reason == .tooLarge(limit: 100_000))
    }
  }

  @Test func `a silent server ends at the deadline`() async throws {
    let server = try Server.current
    var limits = HTTPLimits.request
    limits.total = .milliseconds(200)
    let error = try await failure {
      try await server.client.send(HTTPRequest(.get, server.url("silent")), limits: limits)
    }
    #expect(error.reason == .timedOut(.end, after: .milliseconds(200)))
    #expect("\(error)".hasSuffix(": not finished within 0.2 seconds"))
  }

  @Test func `a server that falls silent ends at the stall limit`() async throws {
    let server = try Server.current
    var limits = HTTPLimits.request
    limits.stall = .seconds(1)
    limits.stallBytesPerSecond = 10_000
    let error = try await failure {
      try await server.client.send(HTTPRequest(.get, server.url("drip")), limits: limits)
    }
    #expect(error.reason == .timedOut(.data, after: .seconds(1)))
    #expect(error.isTransient)
  }

  @Test func `a handshake without an answer ends at the limit for connections`() async throws {
    let port = try SilentPort()
    var limits = HTTPLimits.request
    limits.connect = .milliseconds(200)
    let error = try await failure {
      try await HTTPClient().send(
        HTTPRequest(.get, "https://127.0.0.1:\(port.number)/"), limits: limits)
    }
    #expect(error.reason == .timedOut(.connection, after: .milliseconds(200)))
    #expect("\(error)".hasSuffix(": no connection within 0.2 seconds"))
  }

  @Test(.timeLimit(.minutes(1)))
  func `cancellation returns at once from a silent server`() async throws {
    let server = try Server.current
    let (url, client) = (server.url("silent"), server.client)
    let clock = ContinuousClock()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { _ = try await client.send(HTTPRequest(.get, url)) }
      while try await server.requests("silent").isEmpty {
        try await Task.sleep(for: .milliseconds(2))
      }
      let start = clock.now
      group.cancelAll()
      await #expect(throws: CancellationError.self) { try await group.next() }
      #expect(start.duration(to: clock.now) < .milliseconds(500))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `many silent servers don't hold up another request`() async throws {
    let server = try Server.current
    let (url, client) = (server.url("silent"), server.client)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<12 {
        group.addTask { _ = try await client.send(HTTPRequest(.get, url)) }
      }
      while try await server.requests("silent").count < 12 {
        try await Task.sleep(for: .milliseconds(2))
      }
      #expect(try await client.send(HTTPRequest(.get, server.url("plain"))).status == 200)
      group.cancelAll()
    }
  }

  @Test func `a line break in a header is refused and not shown`() async throws {
    let server = try Server.current
    let request = HTTPRequest(.get, server.url("echo"), headers: ["X-Bad": "SECRET\r\nX: y"])
    let error = try await failure { try await server.client.send(request) }
    #expect(error.reason == .badHeader(name: "X-Bad"))
    #expect(!"\(error)\(request)".contains("SECRET"))
  }

  @Test(arguments: [
    "file:///etc/passwd", "ftp://localhost/x", "localhost.invalid:x", "https://a b",
  ])
  func `an address that is not of the web is refused`(url: String) async throws {
    let error = try await failure { try await HTTPClient().send(HTTPRequest(.get, url)) }
    #expect("\(error)".hasPrefix("could not complete GET \(url): "))
    #expect(!error.isTransient)
    #expect(error.hint != nil)
  }

  @Test func `a closed port is a fault that may pass`() async throws {
    let error = try await failure {
      try await HTTPClient().send(HTTPRequest(.get, "https://127.0.0.1:1/"))
    }
    #expect("\(error)".contains("(libcurl error 7)"))
    #expect(error.isTransient)
  }

  /// libcurl of itself sends it again, on a fresh connection.
  @Test func `a POST is not sent again when a connection that was used before breaks`() async throws
  {
    let server = try Server.current
    let client = server.client
    _ = try await client.send(HTTPRequest(.get, server.url("echo")))
    let request = HTTPRequest(.post, server.url("swallow"), body: [1, 2])
    let error = try await failure { try await client.send(request) }
    #expect(error.isTransient && !error.wasNeverSent)
    #expect(try await server.requests("swallow") == ["POST -"])
  }
}

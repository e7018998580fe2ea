import HTTP
import Subprocess
import SystemPackage
import Testing

@Suite(.server) struct ConnectionTests {
  /// The thumbprint of the server's certificate, as OpenSSL says it.
  private func thumbprint(_ hash: String) async throws -> String {
    let file = try Server.current.directory.appending("server.pem").string
    let ran = try await Subprocess.run(
      .name("openssl"), arguments: ["x509", "-in", file, "-noout", "-fingerprint", "-\(hash)"],
      output: .string(limit: 4096))
    return String(ran.standardOutput.split(separator: "=").last?.dropLast() ?? "")
  }

  private func connection(_ trust: HTTPClient.Trust? = nil) throws -> HTTPConnection {
    let authority = try Server.current.directory.appending("ca.pem")
    return try HTTPConnection(to: "https://localhost", trust: trust ?? .authorities(authority))
  }

  @Test func `one connection serves, and shows its certificate when it opens`() async throws {
    let connection = try connection()
    let request = HTTPRequest(.get, try Server.current.url("echo"))
    let first = try await connection.send(request, limits: .request)
    let second = try await connection.send(request, limits: .request)
    #expect([first.newConnections, second.newConnections] == [1, 0])
    #expect(first.certificate?.isEmpty == false)
    #expect(second.certificate == nil)
  }

  /// libcurl of itself sends it again, on a fresh connection.
  @Test func `a POST is not sent again when its connection breaks`() async throws {
    let server = try Server.current
    let connection = try connection()
    _ = try await connection.send(HTTPRequest(.get, server.url("echo")), limits: .request)
    let request = HTTPRequest(.post, server.url("swallow"), body: [1, 2])
    let error = try await failure { try await connection.send(request, limits: .request) }
    #expect("\(error.reason)" == "the connection broke before the answer (libcurl error 65)")
    #expect(error.isTransient && !error.wasNeverSent)
    let requests = try await server.requests("swallow")
    #expect(requests == ["POST -"])
  }

  @Test func `a redirect is an answer`() async throws {
    let request = HTTPRequest(.get, try Server.current.url("redirect/plain"))
    let response = try await connection().send(request, limits: .request)
    #expect(response.status == 302)
  }

  @Test(arguments: ["sha1", "sha256"])
  func `a certificate is believed by its thumbprint, though nobody known signed it`(
    hash: String
  ) async throws {
    let request = HTTPRequest(.get, try Server.current.url("echo"))
    let error = try await failure {
      try await connection(.system).send(request, limits: .request)
    }
    #expect(error.isOfCertificate)
    let pin = try #require(CertificatePin(try await thumbprint(hash)))
    let response = try await connection(.pinned(pin)).send(request, limits: .request)
    #expect(response.status == 200)
  }

  @Test func `another certificate than the pinned one gets to see no request`() async throws {
    let server = try Server.current
    let pin = try #require(CertificatePin(String(repeating: "0", count: 64)))
    let error = try await failure {
      try await connection(.pinned(pin)).send(
        HTTPRequest(.post, server.url("echo"), body: [1]), limits: .request)
    }
    #expect(error.isOfCertificate)
    #expect(error.wasNeverSent)
    #expect(try await server.requests("echo").isEmpty)
  }

  @Test(arguments: ["", "ab", String(repeating: "0", count: 41), String(repeating: "g", count: 40)])
  func `what is no thumbprint is none`(text: String) {
    #expect(CertificatePin(text) == nil)
  }
}

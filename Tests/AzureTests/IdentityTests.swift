import FoundationEssentials
import HTTP
import Pipeline
import SystemPackage
import TestSupport
import Testing

@testable import Azure

/// Identities that Azure or another provider gives, and what services say of their tokens.
@Suite struct IdentityTests {
  /// The services that give tokens; each notes the part of its request that counts in `asked`.
  private static let services = #"""
    import json, urllib.parse
    tries = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def note(self, text):
            with open(directory + "/asked", "a") as file:
                file.write(text + "\n")

        def do_GET(self):
            parts = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(parts.query))
            tries[parts.path] = tries.get(parts.path, 0) + 1
            if parts.path == "/metadata/identity/oauth2/token":
                self.note(f"{self.headers['Metadata']} {query['resource']} {query.get('client_id')}")
                if query.get("client_id") == "missing":
                    return self.answer(400, {"error": "invalid_request",
                                             "error_description": "Identity not found"})
                if tries[parts.path] == 1:
                    return self.answer(410, {})
                return self.answer(200, {"access_token": "vm", "expires_in": "86399",
                                         "expires_on": "1"})
            if parts.path == "/app":
                self.note(f"{self.headers['X-IDENTITY-HEADER']} {query['resource']}")
                return self.answer(200, {"access_token": "app", "expires_on": "5000"})
            if "Bearer first" in self.headers["Authorization"]:
                claims = "eyJhIjoiYj8_In0"
                return self.answer(401, {}, f'Bearer error="insufficient_claims", claims="{claims}"')
            self.answer(200, {})

        def do_POST(self):
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            values = dict(urllib.parse.parse_qsl(form))
            self.note(f"{values.get('client_assertion')} {values.get('claims')}")
            name = "second" if "claims" in values else "first"
            self.answer(200, {"access_token": name, "expires_in": 3599})

        def answer(self, status, body, challenge=None):
            data = json.dumps(body).encode()
            self.send_response(status)
            if challenge:
                self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
    """#

  private struct Services {
    let server: HTTPSServer
    let clock = SkippingClock()

    var url: String { "https://localhost:\(server.port)" }
    var cloud: Cloud {
      Cloud(
        name: "test", authority: url, resourceManager: url, audience: url, storageSuffix: "none")
    }
    var wire: Wire {
      let trust = HTTPClient.Trust.authorities(FilePath(server.directory + "/ca.pem"))
      return Wire(
        client: HTTPClient(trust: trust, route: .direct), trace: nil,
        pace: Pace(clock: clock, now: { 1000 }))
    }

    func chain(_ environment: [String: String]) throws -> CredentialChain {
      try DefaultCredential(
        environment: environment, cloud: cloud, scope: nil, wire: wire, directWire: wire
      ).chain()
    }

    func asked() throws -> [String] {
      try String(contentsOfFile: server.directory + "/asked", encoding: .utf8)
        .split(separator: "\n").map(String.init)
    }
  }

  @Test func `a machine's identity gives a token for half of its life, and is waited for`()
    async throws
  {
    try await HTTPSServer.with(Self.services) { server in
      let services = Services(server: server)
      let chain = try services.chain([
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": services.url, "AZURE_CLIENT_ID": "mine",
      ])
      let identity = try #require(chain.sources.first as? ManagedIdentity)
      // The service answers 410 while it is renewed.
      let token = try await identity.token(for: "https://m", claims: nil)
      #expect(token.value == Secret("vm"))
      #expect(token.expires == 1000 + 86_399)
      #expect(token.renewal == 1000 + 43_199)
      #expect(services.clock.waits.count == 1)
      #expect(try services.asked() == Array(repeating: "true https://m mine", count: 2))
    }
  }

  @Test func `a machine without that identity leaves it to the next way to sign in`() async throws {
    try await HTTPSServer.with(Self.services) { server in
      let services = Services(server: server)
      let identity = ManagedIdentity(
        host: .virtualMachine(endpoint: services.url), client: "missing", wire: services.wire)
      let error = await #expect(throws: CredentialError.self) {
        try await identity.token(for: "https://m", claims: nil)
      }
      #expect(error?.kind == .unavailable)
      #expect(error?.description == "could not sign in by managed identity: Identity not found")
    }
  }

  @Test func `where nothing listens there is no managed identity`() async throws {
    let wire = Wire(client: HTTPClient(route: .direct), trace: nil, pace: .machine)
    let identity = ManagedIdentity(
      host: .virtualMachine(endpoint: "http://127.0.0.1:\(try freePort())"), client: nil,
      wire: wire)
    let error = await #expect(throws: CredentialError.self) {
      try await identity.token(for: "https://m", claims: nil)
    }
    #expect(error?.kind == .unavailable)
  }

  @Test func `an app's identity is asked for with the app's header`() async throws {
    try await HTTPSServer.with(Self.services) { server in
      let services = Services(server: server)
      let chain = try services.chain([
        "AZURE_TOKEN_CREDENTIALS": "prod", "IDENTITY_ENDPOINT": services.url + "/app",
        "IDENTITY_HEADER": "proof",
      ])
      let token = try await chain.token(for: "https://m", claims: nil)
      #expect(token == AccessToken(Secret("app"), expires: 5000))
      #expect(try services.asked() == ["proof https://m"])
    }
  }

  @Test func `a federated token is read anew each time, without its line end`() async throws {
    try await HTTPSServer.with(Self.services) { server in
      let services = Services(server: server)
      let file = server.directory + "/federated"
      let chain = try services.chain([
        "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_FEDERATED_TOKEN_FILE": file,
        "AZURE_TOKEN_CREDENTIALS": "prod",
      ])
      for text in ["one", "two"] {
        try Data("\(text)\n".utf8).write(to: URL(filePath: file))
        _ = try await chain.token(for: "https://m", claims: nil)
      }
      #expect(try services.asked() == ["one None", "two None"])
    }
  }

  @Test func `a service that wants other claims gets a token that has them`() async throws {
    try await HTTPSServer.with(Self.services) { server in
      let services = Services(server: server)
      let chain = try services.chain([
        "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s",
        "AZURE_TOKEN_CREDENTIALS": "prod",
      ])
      let arm = ARMClient(
        cloud: services.cloud, tokens: TokenCache(chain, pace: services.wire.pace),
        wire: services.wire)
      try await arm.perform(ARMRequest(.get, "/subscriptions/s"))
      #expect(try services.asked() == ["None None", #"None {"a":"b??"}"#])
    }
  }
}

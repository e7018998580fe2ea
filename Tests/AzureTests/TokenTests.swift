import FoundationEssentials
import HTTP
import Pipeline
import Synchronization
import SystemPackage
import Template
import TestSupport
import Testing

@testable import Azure

/// Ways to sign in, and the cache before them.
@Suite struct TokenTests {
  @Test func `any number of requests at once ask for one token`() async throws {
    let source = NumberedTokens()
    let cache = TokenCache(source, pace: Pace(now: { 0 }))
    let tokens = try await withThrowingTaskGroup(of: AccessToken.self) { group in
      for _ in 0..<50 { group.addTask { try await cache.token(for: "a") } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(tokens.map(\.value.revealed) == ["token-1"])
    #expect(source.requests.count == 1)
  }

  @Test func `a token is renewed five minutes before its end`() async throws {
    let time = Mutex<Int64>(0)
    let now: @Sendable () -> Int64 = { time.withLock { $0 } }
    let source = NumberedTokens(now: now)
    let cache = TokenCache(source, pace: Pace(now: now))
    _ = try await cache.token(for: "a")
    time.withLock { $0 = 3299 }
    #expect(try await cache.token(for: "a").value == Secret("token-1"))
    time.withLock { $0 = 3300 }
    #expect(try await cache.token(for: "a").value == Secret("token-2"))
  }

  @Test func `a token that can't be renewed serves as long as it is good`() async throws {
    let time = Mutex<Int64>(0)
    let now: @Sendable () -> Int64 = { time.withLock { $0 } }
    let source = FailingLater(now)
    let cache = TokenCache(source, pace: Pace(now: now))
    _ = try await cache.token(for: "a")
    time.withLock { $0 = 3400 }
    #expect(try await cache.token(for: "a").value == Secret("first"))
    time.withLock { $0 = 3600 }
    await #expect(throws: CredentialError.self) { try await cache.token(for: "a") }
  }

  @Test func `an application signs in by its secret`() async throws {
    try await BuildRig.with { rig in
      let id = try #require(ResourceID("/subscriptions/\(BuildRig.subscription)"))
      #expect(try await rig.access.arm.exists(id))
      #expect(try await rig.state().tokens == 1)
    }
  }

  @Test func `an assertion by certificate verifies with the certificate's key`() async throws {
    try await ScratchDirectory.with { directory in
      let commands = """
        set -e
        openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=app
        cat k.pem c.pem > both.pem
        openssl pkcs12 -export -inkey k.pem -in c.pem -out both.p12 -passout pass:word
        openssl x509 -in c.pem -pubkey -noout > pub.pem
        openssl x509 -in c.pem -outform der | openssl dgst -sha1 -binary | base64 > thumb
        """
      _ = try await run("sh", ["-c", commands], directory: directory).succeeded()
      for (file, password) in [("both.pem", nil), ("both.p12", Secret("word"))] {
        let certificate = try SigningCertificate(
          file: "\(directory)/\(file)", password: password, sending: .chain)
        let assertion = try certificate.assertion(client: "app", audience: "https://a", now: 1000)
        let parts = assertion.revealed.split(separator: ".").map(String.init)
        try #require(parts.count == 3)
        let header = try #require(JSON(parsing: decoded(parts[0])))
        let claims = try #require(JSON(parsing: decoded(parts[1])))
        let thumbprint = try String(contentsOfFile: "\(directory)/thumb", encoding: .utf8)
        #expect(header["alg"] == "RS256")
        #expect(Data(decoded(header["x5t"]?.text ?? "")).base64EncodedString() + "\n" == thumbprint)
        #expect(header["x5c"]?.elements.count == 1)
        #expect(claims["aud"] == "https://a")
        #expect(claims["exp"] == 1600)
        try Data("\(parts[0]).\(parts[1])".utf8).write(to: URL(filePath: "\(directory)/signed"))
        try Data(decoded(parts[2])).write(to: URL(filePath: "\(directory)/signature"))
        let verified = try await run(
          "openssl",
          ["dgst", "-sha256", "-verify", "pub.pem", "-signature", "signature", "signed"],
          directory: directory)
        #expect(verified.exit == 0, "\(verified.stdout)")
      }
      let error = #expect(throws: CredentialError.self) {
        try SigningCertificate(
          file: "\(directory)/both.p12", password: Secret("wrong"), sending: .thumbprint)
      }
      #expect(error?.hint?.contains("AZURE_CLIENT_CERTIFICATE_PASSWORD") == true)
    }
  }

  @Test func `az gives a token, or says what to do`() async throws {
    try await ScratchDirectory.with { directory in
      let program = "\(directory)/az"
      func az(_ script: String) throws -> AzureCLI {
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
        return AzureCLI(program: program, scope: .subscription("sub"), now: { 0 })
      }
      let good = try az(
        #"echo "$@" > "$0.args"; echo '{"accessToken":"t","expires_on":1234}'"#)
      let token = try await good.token(for: "https://m", claims: nil)
      #expect(token == AccessToken(Secret("t"), expires: 1234))
      #expect(
        try String(contentsOfFile: program + ".args", encoding: .utf8)
          == "account get-access-token --output json --resource https://m --subscription sub\n")
      let signedOut = try az("echo \"Please run 'az login' to setup account.\" >&2; exit 1")
      let error = await #expect(throws: CredentialError.self) {
        try await signedOut.token(for: "https://m", claims: nil)
      }
      #expect(error?.kind == .unavailable)
      #expect(error?.hint == "run `az login`")
      let missing = AzureCLI(program: "\(directory)/none", scope: nil, now: { 0 })
      await #expect(throws: CredentialError.self) {
        try await missing.token(for: "https://m", claims: nil)
      }
    }
  }

  @Test func `the ways to sign in are tried in the order that users know`() throws {
    func names(_ environment: [String: String]) throws -> [String] {
      let wire = Wire(client: HTTPClient(), trace: nil, pace: .machine)
      return try DefaultCredential(
        environment: environment, cloud: .publicCloud, scope: nil, wire: wire, directWire: wire
      ).chain().sources.map(\.name)
    }
    #expect(try names([:]) == ["ManagedIdentityCredential", "AzureCliCredential"])
    let all = [
      "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s",
      "AZURE_FEDERATED_TOKEN_FILE": "/f",
    ]
    #expect(
      try names(all) == [
        "EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential",
        "AzureCliCredential",
      ])
    #expect(
      try names(all.merging(["AZURE_TOKEN_CREDENTIALS": "dev"]) { $1 }) == [
        "AzureCliCredential"
      ])
    #expect(throws: CredentialError.self) { try names(["AZURE_TOKEN_CREDENTIALS": "devv"]) }
  }

  @Test func `where nothing is set up, the error says what was tried and what to do`() async throws
  {
    let chain = CredentialChain([Unavailable(), Unavailable()])
    let error = await #expect(throws: CredentialError.self) {
      try await chain.token(for: "a", claims: nil)
    }
    #expect(
      error?.description
        == "could not sign in to Azure: Unavailable: not here; Unavailable: not here")
    #expect(error?.hint?.hasPrefix("run `az login`") == true)
  }

  private func decoded(_ text: String) -> [UInt8] {
    let standard = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    let padding = String(repeating: "=", count: (4 - standard.count % 4) % 4)
    return Data(base64Encoded: String(standard) + padding).map { Array($0) } ?? []
  }
}

private struct Unavailable: TokenSource {
  let name = "Unavailable"
  func token(for audience: String, claims: String?) async throws -> AccessToken {
    throw CredentialError(.unavailable, "could not sign in: not here")
  }
}

/// Gives one token, good for an hour, and no other.
private final class FailingLater: TokenSource {
  let name = "FailingLater"
  private let now: @Sendable () -> Int64
  private let given = Mutex(false)

  init(_ now: @escaping @Sendable () -> Int64) { self.now = now }

  func token(for audience: String, claims: String?) async throws -> AccessToken {
    let wasGiven = given.withLock { given in
      defer { given = true }
      return given
    }
    if wasGiven { throw CredentialError(.refused, "could not sign in: no more") }
    return AccessToken(Secret("first"), expires: now() + 3600)
  }
}

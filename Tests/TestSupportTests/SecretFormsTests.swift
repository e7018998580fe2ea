import Foundation
import TestSupport
import Testing

/// Whether a secret is found, in whatever form it was written.
@Suite struct SecretFormsTests {
  private static let secret = #"app~SECRET.with/every+sign="and\more&"#

  /// Ways to write a secret, by other people's encoders.
  private static let writers = #"""
    import base64, binascii, json, re, sys, urllib.parse
    secret = sys.argv[1]
    plain = secret.encode()
    forms = {
        "plain": plain, "UTF-16": secret.encode("utf-16-le"),
        "hexadecimal": binascii.hexlify(plain), "HEXADECIMAL": binascii.hexlify(plain).upper(),
        "URL": urllib.parse.quote(secret, safe="").encode(),
        "path": urllib.parse.quote(secret).encode(),
        "form": urllib.parse.urlencode({"client_secret": secret}).encode(),
        "url": re.sub("%..", lambda found: found[0].lower(), urllib.parse.quote(secret)).encode(),
        "JSON": json.dumps(secret).encode(),
        "JSON with slashes": json.dumps(secret).replace("/", "\\/").encode(),
        "JSON for pages": json.dumps(secret).replace("+", "\\u002B").replace("&", "\\u0026")
                          .replace("=", "\\u003D").encode(),
    }
    for before in range(3):
        whole = b"x" * before + plain + b"xy"
        forms[f"base64 after {before}"] = base64.b64encode(whole)
        forms[f"base64url after {before}"] = base64.urlsafe_b64encode(whole)
        forms[f"PowerShell after {before}"] = base64.b64encode(
            b"x" * before + secret.encode("utf-16-le"))
    print(json.dumps({k: base64.b64encode(v).decode() for k, v in forms.items()}))
    """#

  @Test func `a secret is found in each form that it may be written in`() async throws {
    let ran = try await run("python3", ["-c", Self.writers, Self.secret]).succeeded()
    let written = try JSONDecoder().decode([String: Data].self, from: Data(ran.stdout.utf8))
    #expect(written.count == 20)
    let forms = SecretForms([Self.secret])
    for (name, bytes) in written {
      let text = Data("before ".utf8) + bytes + Data(" after".utf8)
      #expect(forms.told(in: text) != nil, "\(name): \(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test func `what holds none is let pass`() {
    let forms = SecretForms([Self.secret, "c0ffee"])
    #expect(forms.told(in: Data("app SECRET with every sign, and coffee".utf8)) == nil)
    #expect(forms.told(in: Data()) == nil)
    #expect(forms.told(in: Data("?sig=c0ffee".utf8)) != nil)
  }

  @Test func `of custom data, the lines of its keys are looked for`() {
    let line = String(repeating: "b3BlbnNzaC1rZXktdjE", count: 4).prefix(70)
    let forms = SecretForms(["#cloud-config\n{\"ed25519_private\": \"-----BEGIN\\n\(line)\\n\"}"])
    #expect(forms.told(in: Data("key: \(line)".utf8)) != nil)
    #expect(forms.told(in: Data("#cloud-config".utf8)) == nil)
  }
}

/// Whether a variable, a field or an environment variable holds a secret, by its name.
func isSecretName(_ name: String) -> Bool {
  let plain = name.lowercased()
  let words = plain.split { $0 == "_" || $0 == "-" || $0 == "." }
  return ["password", "passwd", "secret", "token", "credential"].contains { plain.contains($0) }
    || words.contains { ["pass", "pwd", "jwt", "pat", "sas"].contains($0) }
    || plain.hasSuffix("apikey") || plain.hasSuffix("api_key") || plain.hasSuffix("access_key")
    || plain.hasSuffix("private_key")
}

extension HTTPError {
  /// What the user can do about it, where there is something.
  public var hint: String? {
    switch reason {
    case .transport(let code, _): TransportCode.hint(for: code)
    case .status(let status, _): statusHint(status)
    case .timedOut(.connection, _):
      "check that the machine may reach this host, and https_proxy and no_proxy"
    case .wrongChecksum:
      "the file was changed after the checksum was written, or something in between changed it; "
        + "compare with the publisher's checksum, then correct sha256Checksum"
    case .insecureRedirect: "use the address that the redirect leads to, or one with https"
    case .tooManyRedirects: "open the address in a browser: the redirects may run in a circle"
    case .badHeader: "look for a line break in the value"
    case .file(let failure): failure.hint
    default: nil
    }
  }

  private func statusHint(_ status: Int) -> String? {
    let blob = isBlob
    switch status {
    case 401 where blob, 403 where blob, 409 where blob:
      return "the blob is not public: give its address a SAS token that is valid now and may read"
    case 404 where blob:
      return "check container and blob name (case matters) in scriptUri or sourceUri; "
        + "a private container answers 404 too: then the address needs a SAS token"
    case 401, 403: return "the address needs a permission that an anonymous reader doesn't have"
    case 404, 410:
      return "check the address in scriptUri or sourceUri: case matters in the path, "
        + "and private repositories answer 404 too"
    case 407: return "the proxy wants a user name and a password: put them into https_proxy"
    case 429: return retryAfter.map { "the server asks to wait \($0) before the next try" }
    default: return nil
    }
  }

  /// Whether Azure Blob Storage answered, in whatever cloud.
  private var isBlob: Bool {
    let host = url.drop { $0 != "/" }.drop { $0 == "/" }.prefix { !"/:?".contains($0) }
    return host.lowercased().contains(".blob.core.")
  }
}

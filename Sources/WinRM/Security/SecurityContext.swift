internal import CGSSAPI
internal import Glibc

/// A login by NTLM, bare or inside of SPNEGO, which MIT Kerberos' GSSAPI and `gss-ntlmssp` work out.
///
/// It speaks with nobody but its caller, who carries the tokens: no call of it waits for a network.
struct SecurityContext: ~Copyable {
  /// Whether messages are sealed once the login is done.
  enum Protection: Sendable {
    /// They are not: TLS does it.
    case none
    /// Each is encrypted and signed.
    case sealed
  }

  private var context: gss_ctx_id_t?
  private var credential: gss_cred_id_t?
  private var target: gss_name_t?
  private let mechanism: kiln_gss_mechanism
  private let protection: Protection

  /// Prepares a login as `user` (`name`, `domain\name` or `name@domain`) at `host`.
  init(
    user: String, password: WinRMPassword, host: String, scheme: NegotiateScheme,
    protection: Protection
  ) throws(SecurityFailure) {
    mechanism = scheme == .ntlm ? kiln_gss_ntlm : kiln_gss_spnego
    self.protection = protection
    (context, credential, target) = (nil, nil, nil)
    // From here on `deinit` releases whatever was made.
    target = try Self.name("http@\(host)", kiln_gss_service)
    var name: gss_name_t? = try Self.name(user, kiln_gss_user)
    var minor: OM_uint32 = 0
    var ignored: OM_uint32 = 0
    defer { gss_release_name(&ignored, &name) }
    let status = password.withCString {
      kiln_gss_acquire(&minor, name, $0, strlen($0), mechanism, &credential)
    }
    try SecurityFailure.check(status, minor, "take the password")
  }

  deinit {
    var minor: OM_uint32 = 0
    var (context, credential, target) = (self.context, self.credential, self.target)
    if context != nil { gss_delete_sec_context(&minor, &context, nil) }
    if credential != nil { gss_release_cred(&minor, &credential) }
    if target != nil { gss_release_name(&minor, &target) }
  }

  /// Answers the machine's token, or begins.
  ///
  /// `binding` ties the login to the TLS connection that it goes over; it counts from the second
  /// token on.
  /// - Returns: the token for the machine, empty where it needs none, and whether the login is done
  ///   on this side.
  mutating func step(
    _ token: [UInt8], binding: [UInt8]
  ) throws(SecurityFailure) -> (token: [UInt8], isDone: Bool) {
    var minor: OM_uint32 = 0
    var answer = gss_buffer_desc()
    let status = kiln_gss_step(
      &minor, credential, &context, target, mechanism, protection == .sealed ? 1 : 0, binding,
      binding.count, token, token.count, &answer)
    let bytes = Self.taken(&answer)
    try SecurityFailure.check(status, minor, "answer the machine's token")
    return (bytes, kiln_gss_unfinished(status) == 0)
  }

  /// Encrypts and signs a message: a signature of 16 bytes, then the message.
  func seal(_ message: [UInt8]) throws(SecurityFailure) -> [UInt8] {
    var minor: OM_uint32 = 0
    var sealed = gss_buffer_desc()
    let status = kiln_gss_wrap(&minor, context, message, message.count, &sealed)
    let bytes = Self.taken(&sealed)
    try SecurityFailure.check(status, minor, "seal a message")
    return bytes
  }

  /// Checks and decrypts a message of the machine's.
  func open(_ sealed: [UInt8]) throws(SecurityFailure) -> [UInt8] {
    var minor: OM_uint32 = 0
    var opened = gss_buffer_desc()
    let status = kiln_gss_unwrap(&minor, context, sealed, sealed.count, &opened)
    let bytes = Self.taken(&opened)
    try SecurityFailure.check(status, minor, "open a sealed message")
    return bytes
  }

  private static func name(
    _ text: String, _ kind: kiln_gss_name_kind
  ) throws(SecurityFailure) -> gss_name_t? {
    var minor: OM_uint32 = 0
    var name: gss_name_t?
    let status = kiln_gss_import(&minor, text, text.utf8.count, kind, &name)
    try SecurityFailure.check(status, minor, "read the name \(text)")
    return name
  }

  /// The bytes of a buffer of GSSAPI's, which is released.
  fileprivate static func taken(_ buffer: inout gss_buffer_desc) -> [UInt8] {
    let bytes = [UInt8](UnsafeRawBufferPointer(start: buffer.value, count: buffer.length))
    var minor: OM_uint32 = 0
    gss_release_buffer(&minor, &buffer)
    return bytes
  }
}

/// Why GSSAPI could not do something, in its own words.
struct SecurityFailure: Error, Sendable {
  let operation: String
  let text: String
  /// Whether no library on this machine knows NTLM.
  let isWithoutNTLM: Bool

  fileprivate static func check(
    _ status: OM_uint32, _ minor: OM_uint32, _ operation: String
  ) throws(SecurityFailure) {
    guard kiln_gss_failed(status) != 0 else { return }
    let texts = [words(status, ofMechanism: 0), words(minor, ofMechanism: 1)]
    throw SecurityFailure(
      operation: operation, text: texts.filter { !$0.isEmpty }.joined(separator: ": "),
      isWithoutNTLM: status >> 16 == 1)
  }

  private static func words(_ status: OM_uint32, ofMechanism: Int32) -> String {
    var text = gss_buffer_desc()
    guard status != 0, kiln_gss_failed(kiln_gss_text(status, ofMechanism, &text)) == 0 else {
      return ""
    }
    return String(decoding: SecurityContext.taken(&text), as: UTF8.self)
  }
}

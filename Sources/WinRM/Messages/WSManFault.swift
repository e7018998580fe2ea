/// A refusal, as WS-Management words it (DSP0226 14) and Microsoft numbers it.
public struct WSManFault: Sendable, Hashable {
  /// Microsoft's number: of WinRM itself (0x8033…), an HRESULT, or a plain Win32 error; `nil` where
  /// the other side gives none.
  public let code: UInt32?
  /// The standard's word, as `TimedOut`, without its prefix.
  public let subcode: String?
  /// What the machine says, in one line: the innermost message, which is the most exact one.
  public let message: String

  /// Nothing was written within the operation timeout: ask again.
  public static let timedOutCode: UInt32 = 2_150_858_793
  /// There is no such shell or command, or the command has ended and was told so.
  public static let unknownCode: UInt32 = 2_150_858_843
  /// The command has ended and reads no more input (ERROR_BROKEN_PIPE, ERROR_NO_DATA).
  static let pipeCodes: Set<UInt32> = [109, 232, 0x8007_006D, 0x8007_00E8]

  /// What the user can do about it, where there is something.
  var hint: String? {
    switch code {
    case 5, 0x8007_0005: "the user must be an administrator of the machine"
    case 0x8007_0002: "the program was not found on the machine"
    default: nil
    }
  }

  /// Whether a command had merely nothing to say.
  var isTimeout: Bool { code == Self.timedOutCode || code == nil && subcode == "TimedOut" }

  /// Reads the fault in the body of an envelope; `nil` where there is none.
  init?(body: XMLElement) {
    guard let fault = body.child(WSMan.soap, "Fault") else { return nil }
    let detail = fault.child(WSMan.soap, "Detail")?.child(WSMan.fault, "WSManFault")
    code = detail?.attribute("Code").flatMap { UInt32($0) }
    let word = fault.child(WSMan.soap, "Code")?.child(WSMan.soap, "Subcode")?
      .child(WSMan.soap, "Value")?.trimmedText
    subcode = word.map { String($0.split(separator: ":").last ?? "") }
    let inner = detail.map(Self.innermost)?.oneLine ?? ""
    let reason = fault.child(WSMan.soap, "Reason")?.child(WSMan.soap, "Text")?.text.oneLine ?? ""
    message = inner.isEmpty ? reason : inner
  }

  /// A provider's own fault stands inside the service's.
  private static func innermost(_ fault: XMLElement) -> String {
    guard let message = fault.child(WSMan.fault, "Message") else { return "" }
    guard let provider = message.child(WSMan.fault, "ProviderFault") else {
      return message.wholeText
    }
    let deeper = provider.child(WSMan.fault, "WSManFault").map(innermost) ?? ""
    return deeper.isEmpty ? provider.text : deeper
  }
}

extension WSManFault: CustomStringConvertible {
  /// The message, with the number in both of the forms that people search for.
  public var description: String {
    let words = message.isEmpty ? (subcode ?? "no reason given") : message
    return code.map { "\(words) (\($0), 0x\(String($0, radix: 16, uppercase: true)))" } ?? words
  }
}

extension String {
  /// The text with every run of white space as one space, and none around it.
  fileprivate var oneLine: String {
    split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}

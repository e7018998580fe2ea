internal import Synchronization

/// Knows the secrets of a run, and takes them out of all that is written (DESIGN 3).
///
/// A secret is known from the moment when it is added; add it before anything can print it.
public final class Redactor: Sendable {
  /// Whether a secret can be kept out of the logs.
  public enum Coverage: Sendable, Equatable {
    /// It and its forms are replaced from now on.
    case covered
    /// It is shorter than four bytes: to look for it would hide ordinary text.
    case tooShort
  }

  private let forms = Mutex(RedactionTable(forms: []))

  /// Starts with no secrets.
  public init() {}

  /// Adds a secret.
  /// - Returns: whether it can be kept out of the logs; warn the user where not.
  @discardableResult
  public func add(_ secret: Secret) -> Coverage {
    let new = SecretForms.all(of: secret.revealed)
    guard !new.isEmpty else { return .tooShort }
    forms.withLock { $0 = RedactionTable(forms: $0.forms.union(new)) }
    return .covered
  }

  /// `text` with `***` in the place of each secret, and of the signature in a URL of Azure storage.
  public func redact(_ text: String) -> String {
    let table = table
    var result = text
    if !table.forms.isEmpty {
      var stream = RedactionStream()
      let bytes = stream.add(Array(text.utf8), table) + stream.finish(table)
      result = String(decoding: bytes, as: UTF8.self)
    }
    return Self.withoutSignature(result)
  }

  /// What is looked for now.
  var table: RedactionTable { forms.withLock { $0 } }

  private static func withoutSignature(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "=")) else { return text }
    var result = ""
    var rest = text[...]
    while let equals = rest.firstIndex(of: "=") {
      let next = rest.index(after: equals)
      result += rest[..<next]
      let name = rest[..<equals].suffix(4)
      rest = rest[next...]
      if name == "?sig" || name == "&sig" {
        result += "***"
        rest = rest.drop { $0 != "&" && $0 != " " && $0 != "`" && $0 != "\"" && $0 != "'" }
      }
    }
    return result + rest
  }
}

/// The forms to look for, ordered for a quick search.
struct RedactionTable: Sendable {
  let forms: Set<[UInt8]>
  /// The longest form.
  let longest: Int
  // Whether any form begins with these two bytes; nearly all places in a text are done with this.
  private let beginnings: [Bool]
  private let byBeginning: [UInt16: [[UInt8]]]

  init(forms: Set<[UInt8]>) {
    self.forms = forms
    longest = forms.map(\.count).max() ?? 0
    var beginnings = [Bool](repeating: false, count: forms.isEmpty ? 0 : 1 << 16)
    for form in forms { beginnings[Int(Self.beginning(form[0], form[1]))] = true }
    self.beginnings = beginnings
    byBeginning = Dictionary(grouping: forms) { Self.beginning($0[0], $0[1]) }
      .mapValues { $0.sorted { $0.count > $1.count } }
  }

  private static func beginning(_ first: UInt8, _ second: UInt8) -> UInt16 {
    UInt16(first) << 8 | UInt16(second)
  }

  /// What is found at a place of a text.
  enum Finding {
    case nothing
    /// A form of this length.
    case form(Int)
    /// The text ends in the middle of a form.
    case beginning
  }

  /// The next place from `start` on where a form may begin.
  func candidate(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    beginnings.withUnsafeBufferPointer { beginnings in
      var place = start
      while place + 1 < text.count {
        if beginnings[Int(text[place]) << 8 | Int(text[place + 1])] { return place }
        place += 1
      }
      return place
    }
  }

  /// What is at `place` of `text`.
  func finding(at place: Int, in text: UnsafeBufferPointer<UInt8>) -> Finding {
    let rest = text.count - place
    guard rest > 1 else {
      return forms.contains { $0[0] == text[place] } ? .beginning : .nothing
    }
    var finding = Finding.nothing
    for form in byBeginning[Self.beginning(text[place], text[place + 1])] ?? [] {
      let common = min(rest, form.count)
      guard (2..<max(2, common)).allSatisfy({ text[place + $0] == form[$0] }) else { continue }
      if common < form.count { return .beginning }
      if case .nothing = finding { finding = .form(form.count) }
    }
    return finding
  }
}

/// Redacts a stream of bytes that comes in pieces.
///
/// It holds back the end of a piece only where a secret may have begun there.
struct RedactionStream {
  private static let mask = Array("***".utf8)
  private enum End { case open, final }

  private var held: [UInt8] = []
  // How many of the held bytes belong to a secret that was found already.
  private var masked = 0

  /// Takes `bytes`, and gives what may be shown by now.
  mutating func add(_ bytes: [UInt8], _ table: RedactionTable) -> [UInt8] {
    if held.isEmpty, table.forms.isEmpty { return bytes }
    return scan(held + bytes, table, .open)
  }

  /// Gives what was held back.
  mutating func finish(_ table: RedactionTable) -> [UInt8] {
    defer { masked = 0 }
    return held.isEmpty ? [] : scan(held, table, .final)
  }

  private mutating func scan(_ text: [UInt8], _ table: RedactionTable, _ end: End) -> [UInt8] {
    var shown: [UInt8] = []
    shown.reserveCapacity(text.count)
    var place = 0
    var maskEnd = masked
    text.withUnsafeBufferPointer { text in
      while place < text.count {
        let next = table.forms.isEmpty ? text.count : table.candidate(in: text, from: place)
        shown += text[max(place, min(maskEnd, next))..<next]
        place = next
        guard place < text.count else { break }
        switch table.finding(at: place, in: text) {
        case .beginning where end == .open:
          return
        case .beginning, .nothing:
          let form = end == .final ? table.form(at: place, in: text) : 0
          if form == 0, place >= maskEnd { shown.append(text[place]) }
          if form > 0 { open(&shown, &maskEnd, at: place, form) }
        case .form(let count):
          open(&shown, &maskEnd, at: place, count)
        }
        place += 1
      }
    }
    held = Array(text[place...])
    masked = max(0, maskEnd - place)
    return shown
  }

  /// Extends the mask over the form at `place`, and shows it once where it begins.
  private func open(_ shown: inout [UInt8], _ maskEnd: inout Int, at place: Int, _ count: Int) {
    if place >= maskEnd { shown += Self.mask }
    maskEnd = max(maskEnd, place + count)
  }
}

extension RedactionTable {
  /// The length of the longest whole form at `place`; 0 where there is none.
  fileprivate func form(at place: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    forms.filter { form in
      form.count <= text.count - place && form.indices.allSatisfy { text[place + $0] == form[$0] }
    }.map(\.count).max() ?? 0
  }
}

extension TemplateFunction {
  /// What tells of texts and takes them apart.
  static let strings: [TemplateFunction] = [
    TemplateFunction("toLower", 1...1, effort: 2) { call throws(ExpressionFailure) in
      .string(try call.string(0).lowercased())
    },
    TemplateFunction("toUpper", 1...1, effort: 2) { call throws(ExpressionFailure) in
      .string(try call.string(0).uppercased())
    },
    TemplateFunction("trim", 1...1, effort: 4) { call throws(ExpressionFailure) in
      let scalars = Array(try call.string(0).unicodeScalars)
      let first = scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.count
      let last = scalars.lastIndex { !$0.properties.isWhitespace } ?? first - 1
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars[first..<(last + 1)])
      return .string(String(text))
    },
    TemplateFunction("startsWith", 2...2, effort: 4) { call throws(ExpressionFailure) in
      .bool(folded(try call.string(0)).starts(with: folded(try call.string(1))))
    },
    TemplateFunction("endsWith", 2...2, effort: 4) { call throws(ExpressionFailure) in
      .bool(
        folded(try call.string(0)).reversed().starts(with: folded(try call.string(1)).reversed()))
    },
    TemplateFunction("split", 2...2, effort: 2) { call throws(ExpressionFailure) in
      var delimiters: [[UInt16]] = []
      if case .array(let elements) = call[1].content {
        for element in elements {
          guard case .string(let text) = element.content else {
            throw call.wrong(1, "an array of strings")
          }
          delimiters.append(Array(text.utf16))
        }
      } else {
        delimiters = [Array(try call.string(1).utf16)]
      }
      let text = Array(try call.string(0).utf16)
      if delimiters.count == 1 {
        return try call.array(of: split(text, at: UnitSearch(delimiters[0])))
      }
      let (comparisons, overflows) = text.count.multipliedReportingOverflow(
        by: delimiters.reduce(0) { $0 + $1.count })
      guard !overflows, comparisons <= ExpressionLimits.comparisons else {
        throw call.failure(
          "a text of \(text.count) characters and \(delimiters.count) delimiters take more than "
            + "\(ExpressionLimits.comparisons) comparisons")
      }
      return try call.array(of: split(text, at: delimiters))
    },
    TemplateFunction("substring", 2...3) { call throws(ExpressionFailure) in
      let text = Array(try call.string(0).utf16)
      let start = try call.integer(1)
      let length = call.count == 3 ? try call.integer(2) : max(0, text.count - max(0, start))
      let (end, overflows) = start.addingReportingOverflow(length)
      guard start >= 0, length >= 0, !overflows, start <= text.count, end <= text.count else {
        throw call.failure(
          "start \(start) and length \(length) lie outside \(call[0].spoken), which has "
            + "\(text.count) characters")
      }
      return .string(String(decoding: text[start..<end], as: UTF16.self))
    },
    TemplateFunction("indexOf", 2...2, effort: 4) { call throws(ExpressionFailure) in
      try index(call) { text, part in firstPlace(of: part, in: text, from: 0) }
    },
    TemplateFunction("lastIndexOf", 2...2, effort: 4) { call throws(ExpressionFailure) in
      try index(call) { text, part in
        let place = firstPlace(of: part.reversed(), in: text.reversed(), from: 0)
        return place.map { text.count - part.count - $0 }
      }
    },
  ]

  /// A place within a text or an array; -1 for none.
  private static func index(
    _ call: Arguments, of place: ([UInt16], [UInt16]) -> Int?
  ) throws(ExpressionFailure) -> ExpressionValue.Content {
    if case .array(let elements) = call[0].content {
      let found =
        call.function.lowercased() == "indexof"
        ? elements.firstIndex { $0.equals(call[1]) } : elements.lastIndex { $0.equals(call[1]) }
      return .integer(found ?? -1)
    }
    return .integer(place(folded(try call.string(0)), folded(try call.string(1))) ?? -1)
  }

  /// The text in units that compare without regard to case, as many as the text has.
  private static func folded(_ text: String) -> [UInt16] {
    text.utf16.map { unit in
      guard let scalar = Unicode.Scalar(unit) else { return unit }
      let lower = scalar.properties.lowercaseMapping.utf16
      return lower.count == 1 ? lower.first ?? unit : unit
    }
  }

  /// Where `part` begins in `text`, not before `start`.
  static func firstPlace(of part: [UInt16], in text: [UInt16], from start: Int) -> Int? {
    UnitSearch(part).firstPlace(in: text, from: start)
  }

  private static func split(_ text: [UInt16], at delimiter: UnitSearch) -> [String] {
    var pieces: [String] = []
    var start = 0
    while !delimiter.part.isEmpty, let place = delimiter.firstPlace(in: text, from: start) {
      pieces.append(String(decoding: text[start..<place], as: UTF16.self))
      start = place + delimiter.part.count
    }
    pieces.append(String(decoding: text[start...], as: UTF16.self))
    return pieces
  }

  private static func split(_ text: [UInt16], at delimiters: [[UInt16]]) -> [String] {
    var pieces: [String] = []
    var pieceStart = 0
    var place = 0
    let wanted = delimiters.filter { !$0.isEmpty }
    while place < text.count {
      let rest = text[place...]
      if let delimiter = wanted.first(where: { rest.starts(with: $0) }) {
        pieces.append(String(decoding: text[pieceStart..<place], as: UTF16.self))
        place += delimiter.count
        pieceStart = place
      } else {
        place += 1
      }
    }
    pieces.append(String(decoding: text[pieceStart...], as: UTF16.self))
    return pieces
  }
}

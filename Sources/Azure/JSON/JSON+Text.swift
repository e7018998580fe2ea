internal import FoundationEssentials

extension JSON {
  /// Reads JSON; `nil` for anything else.
  ///
  /// A byte order mark in front is passed over: some of Azure's services send one.
  public init?(parsing bytes: [UInt8]) {
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    let text = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
    // What is no JSON has no better description than that; Azure's bodies are not the user's.
    guard let value = try? JSONDecoder().decode(JSON.self, from: Data(text)) else { return nil }
    self = value
  }

  /// The value as compact JSON, the names in order, so that equal values give equal bytes.
  public var bytes: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Only a number that is not finite can't be written, and nothing here makes one.
    return (try? encoder.encode(self)).map { Array($0) } ?? []
  }
}

extension JSON: CustomStringConvertible {
  /// The value as compact JSON.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSON: Codable {
  /// Reads any JSON value; the kinds that occur most come first.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([String: JSON].self) {
      self = .object(value)
    } else if let value = try? container.decode([JSON].self) {
      self = .array(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if container.decodeNil() {
      self = .null
    } else {
      self = .number(try container.decode(Double.self))
    }
  }

  /// Writes the value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}

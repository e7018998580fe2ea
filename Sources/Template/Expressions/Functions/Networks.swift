extension TemplateFunction {
  /// Ranges of addresses.
  static let networks: [TemplateFunction] = [
    TemplateFunction("parseCidr", 1...1) { call throws(ExpressionFailure) in
      let range = try range(call)
      var object = ObjectBuilder()
      object.set("network", try call.value(.string(range.text(of: range.first))))
      object.set("netmask", try call.value(.string(range.text(of: range.mask))))
      if range.isIPv4 {
        object.set("broadcast", try call.value(.string(range.text(of: range.last))))
      }
      object.set("firstUsable", try call.value(.string(range.text(of: range.firstUsable))))
      object.set("lastUsable", try call.value(.string(range.text(of: range.lastUsable))))
      object.set("cidr", try call.value(.integer(range.prefix)))
      return .object(object.members)
    },
    TemplateFunction("cidrSubnet", 3...3) { call throws(ExpressionFailure) in
      let range = try range(call)
      let (prefix, index) = (try call.integer(1), try call.integer(2))
      guard prefix >= range.prefix, prefix <= range.bits else {
        throw call.failure(
          "the new prefix \(prefix) is not between \(range.prefix) and \(range.bits)")
      }
      guard index >= 0, let first = range.subnet(index, prefix) else {
        throw call.failure("\(call[0].spoken) has no subnet \(index) of prefix \(prefix)")
      }
      return .string("\(range.text(of: first))/\(prefix)")
    },
    TemplateFunction("cidrHost", 2...2) { call throws(ExpressionFailure) in
      let range = try range(call)
      let index = try call.integer(1)
      guard index >= 0, let host = range.host(index) else {
        throw call.failure("\(call[0].spoken) has no host \(index)")
      }
      return .string(range.text(of: host))
    },
  ]

  private static func range(_ call: Arguments) throws(ExpressionFailure) -> AddressRange {
    guard let range = AddressRange(try call.string(0)) else {
      throw call.failure("\(call[0].spoken) is no range: it has the form `10.0.0.0/16`")
    }
    return range
  }
}

/// A range of addresses, `10.0.0.0/16` or `fd00::/8`.
struct AddressRange: Hashable, Sendable {
  /// How many bits an address has: 32 or 128.
  let bits: Int
  let prefix: Int
  /// The first address of the range.
  let first: UInt128

  init?(_ text: String) {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, let prefix = Int(halves[1]), prefix >= 0 else { return nil }
    if let address = Self.ipv4(halves[0]) {
      (bits, first) = (32, address)
    } else if let address = Self.ipv6(String(halves[0])) {
      (bits, first) = (128, address)
    } else {
      return nil
    }
    guard prefix <= bits else { return nil }
    self.prefix = prefix
    guard first & hostMask == 0 else { return nil }
  }

  var isIPv4: Bool { bits == 32 }

  var mask: UInt128 { all & ~hostMask }

  var last: UInt128 { first | hostMask }

  /// Of IPv4, the first and the last address are the network's and the broadcast's.
  var firstUsable: UInt128 { isIPv4 && prefix < 31 ? first + 1 : first }

  var lastUsable: UInt128 { isIPv4 && prefix < 31 ? last - 1 : last }

  /// The first address of a part of the range.
  func subnet(_ index: Int, _ prefix: Int) -> UInt128? {
    let wanted = UInt128(index)
    let width = prefix - self.prefix
    guard width >= 127 || wanted < UInt128(1) << UInt128(width) else { return nil }
    return first | (prefix == 0 ? 0 : wanted << UInt128(bits - prefix))
  }

  func host(_ index: Int) -> UInt128? {
    let (offset, overflows) = first.addingReportingOverflow(UInt128(index) + 1)
    return overflows || offset > lastUsable ? nil : offset
  }

  private var all: UInt128 { bits == 128 ? .max : UInt128(UInt32.max) }

  private var hostMask: UInt128 {
    prefix == 0 ? all : (UInt128(1) << UInt128(bits - prefix)) - 1
  }

  private static func ipv4(_ text: Substring) -> UInt128? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt128 = 0
    for part in parts {
      guard let byte = UInt8(part) else { return nil }
      address = address << 8 | UInt128(byte)
    }
    return address
  }

  private static func ipv6(_ text: String) -> UInt128? {
    let halves = text.components(around: "::")
    guard halves.count <= 2 else { return nil }
    var groups: [[UInt16]] = []
    for half in halves {
      var values: [UInt16] = []
      for part in half.split(separator: ":", omittingEmptySubsequences: !half.contains(":")) {
        guard part.count <= 4, let value = UInt16(part, radix: 16) else { return nil }
        values.append(value)
      }
      groups.append(values)
    }
    let known = groups.reduce(0) { $0 + $1.count }
    guard halves.count == 2 ? known < 8 : known == 8 else { return nil }
    let filled =
      groups[0] + [UInt16](repeating: 0, count: 8 - known) + (groups.count == 2 ? groups[1] : [])
    return filled.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
  }

  /// An address as it is written; of IPv6, the longest run of zeros is `::` (RFC 5952).
  func text(of address: UInt128) -> String {
    if isIPv4 {
      return [24, 16, 8, 0].map { String(address >> UInt128($0) & 0xFF) }.joined(separator: ".")
    }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: address >> UInt128(112 - 16 * $0)) }
    var best = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || groups[index] != 0 {
      if index - start > max(best.count, 1) { best = start..<index }
      start = index + 1
    }
    let digits = groups.map { String($0, radix: 16) }
    if best.isEmpty { return digits.joined(separator: ":") }
    return digits[..<best.lowerBound].joined(separator: ":") + "::"
      + digits[best.upperBound...].joined(separator: ":")
  }
}

extension String {
  /// The pieces between each `separator`.
  fileprivate func components(around separator: String) -> [Substring] {
    var pieces: [Substring] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      pieces.append(rest[..<range.lowerBound])
      rest = rest[range.upperBound...]
    }
    return pieces + [rest]
  }
}

import Digests
import Testing

@Suite struct SHA512Tests {
  @Test func `the checksum of "abc" is the one of FIPS 180-2`() throws {
    let digest = try SHA512Digest(of: Array("abc".utf8))
    #expect(
      digest.hex == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
  }

  @Test func `pieces give the same checksum as the whole`() throws {
    var hasher = SHA512Hasher()
    hasher.update(Array("a".utf8))
    hasher.update([])
    hasher.update(Array("bc".utf8))
    #expect(try hasher.finalize() == SHA512Digest(of: Array("abc".utf8)))
  }

  @Test func `upper case and lower case are the same checksum`() {
    let lower = String(repeating: "ab", count: 64)
    #expect(SHA512Digest(hex: lower) == SHA512Digest(hex: lower.uppercased()))
    #expect(SHA512Digest(hex: lower)?.hex == lower)
  }

  @Test(arguments: [
    "", "ab", String(repeating: "a", count: 64), String(repeating: "g", count: 128),
  ])
  func `anything but 128 hexadecimal digits is no checksum`(text: String) {
    #expect(SHA512Digest(hex: text) == nil)
  }
}

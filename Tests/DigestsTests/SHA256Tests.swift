import Digests
import Testing

@Suite struct SHA256Tests {
  @Test func `the checksum of "abc" is the one of FIPS 180-2`() throws {
    let digest = try SHA256Digest(of: Array("abc".utf8))
    #expect(digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func `pieces give the same checksum as the whole`() throws {
    var hasher = SHA256Hasher()
    hasher.update(Array("a".utf8))
    hasher.update([])
    hasher.update(Array("bc".utf8))
    #expect(try hasher.finalize() == SHA256Digest(of: Array("abc".utf8)))
  }

  @Test func `upper case and lower case are the same checksum`() {
    let lower = String(repeating: "ab", count: 32)
    #expect(SHA256Digest(hex: lower) == SHA256Digest(hex: lower.uppercased()))
    #expect(SHA256Digest(hex: lower)?.hex == lower)
  }

  @Test(arguments: ["", "ab", String(repeating: "a", count: 63), String(repeating: "g", count: 64)])
  func `anything but 64 hexadecimal digits is no checksum`(text: String) {
    #expect(SHA256Digest(hex: text) == nil)
  }
}

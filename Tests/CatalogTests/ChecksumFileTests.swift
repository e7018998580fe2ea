import Digests
import Testing

@testable import Catalog

@Suite struct ChecksumFileTests {
  private static let a = String(repeating: "a", count: 64)
  private static let b = String(repeating: "b", count: 64)
  private static let long = String(repeating: "c", count: 128)

  private static func sha256(_ hex: String) throws -> Checksum {
    .sha256(try #require(SHA256Digest(hex: hex)))
  }

  @Test(arguments: [
    "\(a)  disk.img\n", "\(a) *disk.img\n", "\(a) disk.img\r\n", "\(a)  ./disk.img\n",
    "SHA256 (disk.img) = \(a)\n", "# disk.img: 7 bytes\nSHA256 (disk.img) = \(a)\n", "\(a)\n",
    "\(a)  disk.img\n\(b)  other.img\n\(b)  my-disk.img\n", "\(a.uppercased())  disk.img\n",
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n\(a)  disk.img\n", "\(a)  images/disk.img",
    "\(a)  disk.img\n\(long)  disk.img\n", "\(a)  disk.img\n\(a)  disk.img\n",
  ])
  func `the forms that publishers use are read`(text: String) throws {
    #expect(ChecksumFile(text).checksum(of: "disk.img") == .found(try Self.sha256(Self.a)))
  }

  @Test(arguments: ["\(long)  disk.img", "SHA512 (disk.img) = \(long)", "\(long)\n"])
  func `SHA-512 is known by its length`(text: String) throws {
    let digest = try #require(SHA512Digest(hex: Self.long))
    #expect(ChecksumFile(text).checksum(of: "disk.img") == .found(.sha512(digest)))
  }

  @Test(arguments: [
    "", "<html>404</html>", "\(b)  other.img", "\(b)  other.img\n\(a)\n", "MD5 (disk.img) = \(a)",
    "abc  disk.img", "\(a)x  disk.img",
  ])
  func `a file without a line is missing`(text: String) {
    #expect(ChecksumFile(text).checksum(of: "disk.img") == .missing)
  }

  @Test func `two checksums that differ are no checksum`() {
    let file = ChecksumFile("\(Self.a)  disk.img\n\(Self.b)  old/disk.img\n")
    #expect(file.checksum(of: "disk.img") == .contradictory)
  }

  @Test func `the same bytes are found under all their names`() throws {
    let file = ChecksumFile("\(Self.a)  latest\n\(Self.b)  x\n\(Self.a)  9.8-20260526\n")
    #expect(file.names(with: try Self.sha256(Self.a)) == ["latest", "9.8-20260526"])
  }
}

@Suite struct TextPatternTests {
  @Test func `a version is taken apart and put together again`() throws {
    let pattern = try TextPattern("0.{date:8}.{build:n}")
    let parts = try #require(pattern.parts(ofWhole: "0.20231013.1532"))
    #expect(parts == ["date": "20231013", "build": "1532"])
    #expect(pattern.filled(with: parts) == "0.20231013.1532")
    #expect(
      TextPattern.fill("a/{date}-{build}/b-{date}", with: parts) == "a/20231013-1532/b-20231013")
  }

  @Test(arguments: ["22.04.20231010", "22.04.202310101", "22x04.202310100", "x22.04.202310100", ""])
  func `another form is not taken`(version: String) throws {
    #expect(try TextPattern("22.04.{serial:8}0").parts(ofWhole: version) == nil)
  }

  @Test func `the first place in a longer text counts`() throws {
    let pattern = try TextPattern("serial={serial:8}\n")
    #expect(pattern.parts(firstIn: "a\nserial=20240423\nb") == ["serial": "20240423"])
    #expect(pattern.parts(firstIn: "a\nserial=20240423.1\n") == nil)
  }

  @Test func `parts that don't fit make no text`() throws {
    let pattern = try TextPattern("22.04.{serial:8}0")
    #expect(pattern.filled(with: ["serial": "1"]) == nil)
    #expect(pattern.filled(with: [:]) == nil)
  }

  @Test(arguments: ["{", "{}", "{a:0}", "{a:x}", "{a}{a}", "{a b}", "{a:99}"])
  func `a pattern that can't be meant is refused`(text: String) {
    #expect(throws: BadPattern.self) { try TextPattern(text) }
  }
}

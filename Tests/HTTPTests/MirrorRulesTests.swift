@testable import HTTP
import SystemPackage
import Testing

@Suite struct MirrorRulesTests {
  @Test func `the longest prefix wins, whatever the order`() throws {
    let rules = try MirrorRules([
      "https://a.example=/all", "https://a.example/deep/er=/deep", "https://a.example/deep=/mid",
    ])
    #expect(try rules.target(of: "https://a.example/deep/er/x") == .file("/deep/x"))
    #expect(try rules.target(of: "https://a.example/deep/x") == .file("/mid/x"))
    #expect(try rules.target(of: "https://a.example/x/y?z#w") == .file("/all/x/y"))
  }

  @Test func `a prefix ends at a slash`() throws {
    let rules = try MirrorRules(["https://a.example=/all"])
    let other = "https://a.example.org/x"
    #expect(try rules.target(of: other) == .url(other))
  }

  @Test func `the case of scheme and host says nothing, that of the path does`() throws {
    let rules = try MirrorRules(["HTTPS://A.example/X=/x"])
    #expect(try rules.target(of: "https://a.EXAMPLE/X/1") == .file("/x/1"))
    #expect(try rules.target(of: "https://a.example/x/1") == .url("https://a.example/x/1"))
  }

  @Test func `a URL keeps what follows the prefix, query included`() throws {
    let rules = try MirrorRules(["https://a.example/s/=http://b.example/t"])
    #expect(try rules.target(of: "https://a.example/s/x?y=z") == .url("http://b.example/t/x?y=z"))
  }

  @Test(arguments: ["..", "%2e%2e", "a%2Fb", "a%00b", "%zz", "%ff"])
  func `nothing outside the mirror's directory is read`(part: String) throws {
    let rules = try MirrorRules(["https://a.example=/all"])
    #expect(throws: HTTPError.Reason.self) {
      try rules.target(of: "https://a.example/x/\(part)/y")
    }
  }

  @Test(arguments: [
    ("https://a.example", "there is no `=` between prefix and target"),
    ("a.example=/x", "the prefix must begin with https:// or http://"),
    ("https://=/x", "the prefix must begin with https:// or http://"),
    ("https://a.example=", "there is nothing behind the `=`"),
    ("https://a.example?a=/x", "the prefix must end before the query"),
    (
      "https://a.example=ftp://x",
      "the target must be a directory, or begin with https:// or http://"
    ),
    ("https://a.example=https://b?sig=SECRET", "the target must end before the query"),
  ])
  func `a rule that can't be read says why`(rule: String, why: String) throws {
    let error = #expect(throws: MirrorRuleError.self) { try MirrorRules([rule]) }
    #expect(error?.why == why)
    #expect(error?.description.contains("SECRET") == false)
  }

  @Test func `a prefix has one rule`() {
    let error = #expect(throws: MirrorRuleError.self) {
      try MirrorRules(["https://a.example=/x", "https://A.example=/y"])
    }
    #expect(
      error?.description
        == "could not read the mirror rule `https://A.example=/y`: this prefix has a rule already")
  }
}

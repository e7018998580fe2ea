import Testing

@testable import Template

@Suite struct GoDurationTests {
  @Test(arguments: [
    ("5m", Duration.seconds(300)), ("1h30m", .seconds(5400)), ("90s", .seconds(90)),
    ("1.5h", .seconds(5400)), ("300ms", .milliseconds(300)), ("0", .zero),
    ("1h2m3.5s", .milliseconds(3_723_500)), ("7us", .microseconds(7)), ("7µs", .microseconds(7)),
    ("9ns", .nanoseconds(9)), ("+1s", .seconds(1)), (".5s", .milliseconds(500)),
    ("1.s", .seconds(1)),
  ])
  func `what Go reads is read`(text: String, duration: Duration) {
    #expect(GoDuration(text)?.duration == duration)
  }

  @Test(arguments: ["", "5", "m", "5 m", "5M", "-5m", ".s", "1.2.3s", "5min", "٥m", "9999999999h"])
  func `what Go does not read, or no wait can be, is refused`(text: String) {
    #expect(GoDuration(text) == nil)
  }

  @Test(arguments: [
    ("90s", "1m30s"), ("5m", "5m0s"), ("1.5h", "1h30m0s"), ("1500ms", "1.5s"), ("300ms", "300ms"),
    ("0", "0s"), ("1500us", "1.5ms"), ("9ns", "9ns"),
  ])
  func `it prints as Go prints it`(text: String, printed: String) {
    #expect(GoDuration(text)?.description == printed)
  }
}

@Suite struct ResourceIDTests {
  private static let gallery =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/y/images/d/versions/1.0.0"

  @Test func `the parts of an id have names, in any case of their kind`() throws {
    let id = try #require(ResourceID(Self.gallery))
    #expect(id["RESOURCEGROUPS"] == "g")
    #expect(id["versions"] == "1.0.0")
    #expect(id["disks"] == nil)
    #expect(id.resourceType == "Microsoft.Compute/galleries/images/versions")
  }

  @Test func `the parent of a version is its image`() throws {
    let parent = try #require(ResourceID(Self.gallery)?.parent)
    #expect(parent.text == String(Self.gallery.dropLast("/versions/1.0.0".count)))
    #expect(try #require(ResourceID("/subscriptions/s")).parent == nil)
  }

  @Test func `ids that differ in case are the same`() {
    #expect(ResourceID(Self.gallery) == ResourceID(Self.gallery.uppercased()))
    #expect(Set([ResourceID(Self.gallery), ResourceID(Self.gallery.uppercased())]).count == 1)
  }

  @Test(arguments: [
    "", "subscriptions/s", "/subscriptions", "/subscriptions/", "/a/b//c", "/", "/a/../b/c", "/a/.",
  ])
  func `anything but pairs of a kind and a name is no id`(text: String) {
    #expect(ResourceID(text) == nil)
  }
}

@Suite struct NameTests {
  @Test(arguments: ["a", "A-b_c.9", String(repeating: "x", count: 64)])
  func `a run output name has letters, digits and three marks`(text: String) {
    #expect(RunOutputName(text)?.text == text)
  }

  @Test(arguments: ["", ".", "..", "a b", "ä", "a/b", String(repeating: "x", count: 65)])
  func `any other run output name is refused`(text: String) {
    #expect(RunOutputName(text) == nil)
  }

  @Test func `a name that is open is safe as the name of a file`() {
    #expect(RunOutputName(unresolved: "<a>/../b").fileName == "_a__.._b")
    #expect(RunOutputName(unresolved: String(repeating: "ä", count: 99)).fileName.count == 64)
  }

  @Test func `versions are ordered by age`() {
    #expect(APIVersion.allCases == APIVersion.allCases.sorted())
    #expect(APIVersion.newest == APIVersion.allCases.last)
  }
}

@Suite struct SuggestionTests {
  private static let names = [
    "type", "name", "artifactTags", "runOutputName", "validExitCodes", "scriptUri", "inline",
    "additionalDataDisks", "imageId",
  ]

  @Test(arguments: [
    ("aritfactTags", "artifactTags"), ("valid_exit_codes", "validExitCodes"),
    ("tags", "artifactTags"), ("script", "scriptUri"), ("dataDisks", "additionalDataDisks"),
    ("runOutputname", "runOutputName"), ("in-line", "inline"), ("imageIds", "imageId"),
  ])
  func `a misspelt name is recognised`(typed: String, meant: String) {
    #expect(nearest(to: typed, among: Self.names) == meant)
  }

  @Test(arguments: [
    "pause_before", "hyperVGeneration", "", "x", String(repeating: "n", count: 9999),
  ])
  func `a name that is like none suggests none`(typed: String) {
    #expect(nearest(to: typed, among: Self.names) == nil)
  }
}

@Suite struct UnresolvedTests {
  @Test(arguments: ["[parameters('x')]", "[ concat('a', 'b')]", "[variables('x').y]"])
  func `a function call in brackets is an expression`(text: String) {
    #expect(Unresolved(text) == .expression)
  }

  @Test(arguments: [
    "[ -f /etc/x ]", "[string]$x[0]", "[[parameters('x')]", "[]", "plain", "a < b > c",
  ])
  func `what a guest may run is none`(text: String) {
    #expect(Unresolved(text) == nil)
  }

  @Test func `placeholders are named once each`() {
    #expect(
      Unresolved("/<a>/<b-c>/<a>/<image location>")
        == .placeholders(["a", "b-c", "image location"]))
  }
}

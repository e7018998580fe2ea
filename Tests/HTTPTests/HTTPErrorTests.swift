@testable import HTTP
import Testing

@Suite struct HTTPErrorTests {
  @Test(arguments: [
    ("https://a.example/p/q", "https://a.example/p/q"),
    ("https://me:SECRET@a.example:8/p@q", "https://a.example:8/p@q"),
    ("https://me:SEC@RET@a.example/", "https://a.example/"),
    ("https://a.example/p?sv=1&sig=SECRET%3D", "https://a.example/p?sv=***&sig=***"),
    ("https://a.example?SECRET", "https://a.example?***"),
    ("https://a.example/p?a=b?c=SECRET&SECRET#SECRET", "https://a.example/p?a=***&***"),
    ("https://a.example/p#SECRET", "https://a.example/p"),
    ("me:SECRET@a.example", "***@a.example"),
  ])
  func `an address is shown without its secrets`(url: String, shown: String) {
    #expect(redacted(url: url) == shown)
    #expect("\(HTTPError(.download, url, .timedOut(.end, after: .seconds(1))))".contains(shown))
    #expect("\(HTTPRequest(.get, url))" == "GET \(shown)")
  }

  @Test func `no form of a request, an answer or a download shows a secret`() {
    let request = HTTPRequest(
      .put, "https://a.example/?sig=SECRET", headers: ["Authorization": "SECRET"],
      body: Array("SECRET".utf8))
    var dumped = ""
    dump(request, to: &dumped)
    dump(request.headers, to: &dumped)
    let response = HTTPResponse(
      status: 200, headers: request.headers, body: request.body, url: request.url,
      newConnections: 0, certificate: nil)
    dump(response, to: &dumped)
    dump(Download(request.url), to: &dumped)
    let all =
      "\(request)\(String(reflecting: request))\(request.headers)\(response)"
      + "\(Download(request.url))\(dumped)"
    #expect(!all.contains("SECRET"))
    #expect(all.contains("Authorization"))
  }

  @Test func `a private blob asks for a SAS token`() {
    let url = "https://store.blob.core.windows.net/c/x.sh?sig=SECRET"
    let error = HTTPError(.download, url, .status(403, code: "AuthenticationFailed"))
    #expect(
      "\(error)" == "could not download https://store.blob.core.windows.net/c/x.sh?sig=***: "
        + "the server answered 403 (AuthenticationFailed)")
    #expect(error.hint?.contains("SAS token") == true)
  }

  @Test func `a name like a blob's in the path alone is none`() {
    let error = HTTPError(.download, "https://a.example/x.blob.core./y", .status(403, code: nil))
    #expect(error.hint == "the address needs a permission that an anonymous reader doesn't have")
  }

  @Test func `each kind of fault that the user can mend has a hint`() {
    let codes: [Int32] = [1, 3, 5, 6, 7, 35, 60, 77]
    for code in codes {
      #expect(TransportCode.hint(for: code) != nil, "\(code)")
    }
  }

  @Test(arguments: [
    ("bytes 0-9/10", ContentRange(first: 0, last: 9, total: 10)),
    ("bytes 5-9/*", ContentRange(first: 5, last: 9, total: nil)),
    ("bytes 0-10/10", nil), ("bytes 9-5/10", nil), ("bytes */10", nil), ("pages 0-9/10", nil),
    ("bytes 0-9", nil), ("bytes -5-9/10", nil), ("bytes 0-9/x", nil), ("", nil),
  ])
  func `a content range is read strictly`(text: String, range: ContentRange?) {
    #expect(ContentRange(text) == range)
  }

  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
  ])
  func `all three forms of a date are read`(text: String) {
    #expect(secondsSince1970(httpDate: text) == 784_111_777)
  }

  @Test(arguments: ["-1", "soon", ""])
  func `a Retry-After that says nothing is no wait`(text: String) {
    #expect(ResponseHead(status: 429, headers: ["Retry-After": text]).retryAfter(now: 0) == nil)
  }

  @Test func `a Retry-After in the past is no wait`() {
    let head = ResponseHead(
      status: 429, headers: ["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"])
    #expect(head.retryAfter(now: 784_111_800) == .zero)
  }
}

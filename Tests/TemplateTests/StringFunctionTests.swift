import Testing

@testable import Template

/// Values from the public documentation of ARM template functions, and what follows from its words.
@Suite struct StringFunctionTests {
  static let documented = [
    Expected("base64('one, two, three')", #""b25lLCB0d28sIHRocmVl""#),
    Expected("base64ToString('b25lLCB0d28sIHRocmVl')", #""one, two, three""#),
    Expected(
      #"base64ToJson(base64('{''one'': ''a'', ''two'': ''b''}'))"#, #"{"one":"a","two":"b"}"#),
    Expected("base64('')", #""""#), Expected("base64('abc')", #""YWJj""#),
    Expected("base64ToString('aGVsbG8gd29ybGQ=')", #""hello world""#),
    Expected("concat('prefix', '-', 'x')", #""prefix-x""#),
    Expected("concat('examplecopy-', 1)", #""examplecopy-1""#),
    Expected(
      "concat(createArray('1-1', '1-2', '1-3'), createArray('2-1', '2-2', '2-3'))",
      #"["1-1","1-2","1-3","2-1","2-2","2-3"]"#),
    Expected("contains('OneTwoThree', 'e')", "true"),
    Expected("contains('OneTwoThree', 'z')", "false"),
    Expected("contains('OneTwoThree', 't')", "false"),
    Expected("dataUri('Hello')", #""data:text/plain;charset=utf8;base64,SGVsbG8=""#),
    Expected(
      "dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')", #""Hello, World!""#),
    Expected("empty('')", "true"), Expected("empty('x')", "false"),
    Expected("empty(null())", "true"),
    Expected("startsWith('abcdef', 'ab')", "true"), Expected("startsWith('abcdef', 'A')", "true"),
    Expected("startsWith('abcdef', 'e')", "false"), Expected("endsWith('abcdef', 'ef')", "true"),
    Expected("endsWith('abcdef', 'F')", "true"), Expected("endsWith('abcdef', 'e')", "false"),
    Expected("startsWith('a', 'ab')", "false"), Expected("endsWith('a', '')", "true"),
    Expected("first('One Two Three')", #""O""#), Expected("last('One Two Three')", #""e""#),
    Expected(
      "format('{0}, {1}. Formatted number: {2:N0}', 'Hello', 'User', 8175133)",
      #""Hello, User. Formatted number: 8,175,133""#),
    Expected(
      "format('>{0}<>{1}<>{2}<>{3}<', false(), 12948, createObject('a', 'b', '!c', 2), createArray(true(), 2893, 'abc'))",
      #"">False<>12948<>{'a':'b','!c':2}<>[true,2893,'abc']<""#),
    Expected("indexOf('test', 't')", "0"), Expected("lastIndexOf('test', 't')", "3"),
    Expected("indexOf('abcdef', 'CD')", "2"), Expected("lastIndexOf('abcdef', 'AB')", "0"),
    Expected("indexOf('abcdef', 'z')", "-1"), Expected("lastIndexOf('abcdef', 'z')", "-1"),
    Expected("indexOf(createArray('a', 'b', 'a'), 'a')", "0"),
    Expected("lastIndexOf(createArray('a', 'b', 'a'), 'a')", "2"),
    Expected("join(createArray('one', 'two', 'three'), ',')", #""one,two,three""#),
    Expected("join(createArray('one', 'two', 'three'), ';')", #""one;two;three""#),
    Expected("join(createArray(), ';')", #""""#),
    Expected("length('One Two Three')", "13"),
    Expected("padLeft('123', 10, '0')", #""0000000123""#), Expected("padLeft(5, 3)", #""  5""#),
    Expected("padLeft('12345', 3, '0')", #""12345""#),
    Expected("replace('123-123-1234', '-', '')", #""1231231234""#),
    Expected("replace('123-123-1234', '1234', 'xxxx')", #""123-123-xxxx""#),
    Expected("skip('one two three', 4)", #""two three""#),
    Expected("skip('one', -1)", #""one""#), Expected("skip('one', 9)", #""""#),
    Expected("split('one,two,three', ',')", #"["one","two","three"]"#),
    Expected("split('one;two,three', createArray(',', ';'))", #"["one","two","three"]"#),
    Expected("split('', ',')", #"[""]"#), Expected("split('a', '')", #"["a"]"#),
    Expected(
      "string(createObject('valueA', 10, 'valueB', 'Example Text'))",
      #""{\"valueA\":10,\"valueB\":\"Example Text\"}""#),
    Expected("string(createArray('a', 'b', 'c'))", #""[\"a\",\"b\",\"c\"]""#),
    Expected("string(5)", #""5""#), Expected("string(true())", #""True""#),
    Expected("substring('one two three', 4, 3)", #""two""#),
    Expected("substring('one two three', 4)", #""two three""#),
    Expected("substring('abc', 3, 0)", #""""#),
    Expected("take('one two three', 2)", #""on""#), Expected("take('one', 0)", #""""#),
    Expected("toLower('One Two Three')", #""one two three""#),
    Expected("toUpper('One Two Three')", #""ONE TWO THREE""#),
    Expected("trim('    one two three   ')", #""one two three""#), Expected("trim('  ')", #""""#),
  ]

  @Test(arguments: documented)
  func `a string function gives what its documentation says`(expected: Expected) throws {
    #expect(try evaluate(expected.expression) == expected.value)
  }

  static let addresses = [
    Expected(
      "buildUri(createObject('scheme', 'https', 'host', 'mystorage.blob.core.windows.net', 'port', 8080, 'path', '/templates/nestedTemplate.json', 'query', '?st=2025-05-09'))",
      #""https://mystorage.blob.core.windows.net:8080/templates/nestedTemplate.json?st=2025-05-09""#
    ),
    Expected(
      "buildUri(createObject('scheme', 'http', 'host', 'a', 'path', 'b', 'port', null()))",
      #""http://a/b""#),
    Expected(
      "parseUri('https://mystorage.blob.core.windows.net:8080/templates/nestedTemplate.json?st=2025-05-09')",
      #"{"scheme":"https","host":"mystorage.blob.core.windows.net","port":8080,"path":"/templates/nestedTemplate.json","query":"?st=2025-05-09"}"#
    ),
    Expected(
      "parseUri('http://me@[fd00::1]/b?c#d')",
      #"{"scheme":"http","host":"[fd00::1]","port":null,"path":"/b","query":"?c"}"#),
    Expected(
      "uri('http://contoso.org/firstpath', 'myscript.sh')", #""http://contoso.org/myscript.sh""#),
    Expected(
      "uri('http://contoso.org/firstpath/', 'myscript.sh')",
      #""http://contoso.org/firstpath/myscript.sh""#),
    Expected(
      "uri('http://contoso.org/firstpath/azuredeploy.json', 'myscript.sh')",
      #""http://contoso.org/firstpath/myscript.sh""#),
    Expected(
      "uri('http://contoso.org/firstpath/azuredeploy.json/', 'myscript.sh')",
      #""http://contoso.org/firstpath/azuredeploy.json/myscript.sh""#),
    Expected(
      "uri('http://contoso.com/resources/', 'nested/azuredeploy.json')",
      #""http://contoso.com/resources/nested/azuredeploy.json""#),
    Expected(
      "uriComponent('http://contoso.com/resources/nested/azuredeploy.json')",
      #""http%3A%2F%2Fcontoso.com%2Fresources%2Fnested%2Fazuredeploy.json""#),
    Expected(
      "uriComponentToString('http%3A%2F%2Fcontoso.com%2Fresources%2Fnested%2Fazuredeploy.json')",
      #""http://contoso.com/resources/nested/azuredeploy.json""#),
  ]

  @Test(arguments: addresses)
  func `an address is put together and encoded as documented`(expected: Expected) throws {
    #expect(try evaluate(expected.expression) == expected.value)
  }

  @Test(arguments: [
    ("parseUri('a/b')", "is no absolute address"),
    ("parseUri('http://')", "is no absolute address"),
    ("parseUri('http://a:99999')", "is no absolute address"),
    ("buildUri(createObject('host', 'a'))", "the object has no `scheme`"),
    ("buildUri(createObject('scheme', 'a', 'host', 'b/c'))", "the parts make no address"),
    ("buildUri(createObject('scheme', 'a', 'host', 'b', 'port', 70000))", "from 0 to 65535"),
  ])
  func `what makes no address is an error`(expression: String, message: String) {
    let failure = ExpressionKit().failure(expression)
    #expect(failure?.contains(message) == true, "\(failure ?? "no failure")")
  }

  /// RFC 3986, section 5.4: the examples of the RFC itself.
  @Test(arguments: [
    ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
    ("/g", "http://a/g"), ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"),
    ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p#s"), ("..", "http://a/b/"),
    ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../../g", "http://a/g"),
    ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g/./h", "http://a/b/c/g/h"),
  ])
  func `a reference is resolved as the RFC has it`(reference: String, address: String) throws {
    #expect(try evaluate("uri('http://a/b/c/d;p', '\(reference)')") == "\"\(address)\"")
  }

  /// Names that are made from texts must be Azure's own: values that others have seen there.
  static let names = [
    Expected("uniqueString('test')", #""rbgf3xv4ufgzg""#),
    Expected("uniqueString('hello', 'world')", #""a7wkljktk6wne""#),
    Expected("uniqueString('abc')", #""cgtzqvhu4i23s""#),
    Expected("uniqueString('foo', 'bar', 'baz')", #""xzi4ioaxtmth4""#),
    Expected(
      "uniqueString('/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg')",
      #""bmg7c6xu4tw46""#),
  ]

  @Test(arguments: names)
  func `a unique string is the one that Azure makes`(expected: Expected) throws {
    #expect(try evaluate(expected.expression) == expected.value)
  }

  @Test func `a guid is a UUID of version 5 in the namespace of the service`() throws {
    // Made with Python's uuid.uuid5 in 11fb06fb-712d-4ddd-98c7-e71bbd588830.
    #expect(try evaluate("guid('foo')") == "\"7fdba504-653f-539f-9f77-b3bafb844ceb\"")
    #expect(try evaluate("guid('a', 'b', 'c')") == "\"a98fa280-e03f-5afa-8d8e-92d0a9c201e8\"")
    #expect(
      try evaluate("guid('\(String(repeating: "x", count: 200))')")
        == "\"e89953b3-152f-552a-91a8-30b5c3c753ad\"")
  }

  @Test(arguments: [
    Expected("format('{0,5}|{0,-5}|', 'ab')", #""   ab|ab   |""#),
    Expected("format('{{{0}}}', 1)", #""{1}""#), Expected("format('{0:D4}', 42)", #""0042""#),
    Expected("format('{0:X}', 255)", #""FF""#), Expected("format('{0:x4}', 255)", #""00ff""#),
    Expected("format('{0:000}', 7)", #""007""#),
    Expected("format('{0:#,##0}', 1234567)", #""1,234,567""#),
    Expected("format('{0:N2}', 1234)", #""1,234.00""#), Expected("format('{0:F1}', 3)", #""3.0""#),
    Expected("format('{0:F2}', float('2.345'))", #""2.35""#),
    Expected("format('{0:0.00}', float('1.5'))", #""1.50""#),
    Expected("format('{0:D3}', -5)", #""-005""#),
  ])
  func `a format writes numbers as NET does`(expected: Expected) throws {
    #expect(try evaluate(expected.expression) == expected.value)
  }

  @Test(arguments: [
    ("substring('1234567890', 0, 11)", "start 0 and length 11 lie outside the string `1234567890`"),
    ("substring('abc', -9223372036854775807)", "lie outside"),
    ("substring('abc', -1, 1)", "lie outside"), ("concat('a', createArray())", "must be a string"),
    ("concat(createArray(), 'a')", "must be an array"),
    ("format('{1}', 'a')", "the format has `{1}`"),
    ("format('{', 'a')", "without its `}`"), ("padLeft('a', 99999999)", "not between 0 and"),
    ("padLeft('a', 5, 'xx')", "must be a single character"), ("replace('a', '', 'b')", "nothing"),
    ("base64ToString('???')", "is not the base64 of a text"), ("toLower(5)", "must be a string"),
    ("uri('nowhere', 'x')", "is no absolute address"), ("json('{')", "is no JSON"),
    ("dataUriToString('x')", "is no data URI"), ("int('x')", "is no whole number"),
  ])
  func `a wrong argument is an error with the value`(expression: String, message: String) {
    #expect(ExpressionKit().failure(expression)?.contains(message) == true)
  }
}

import Testing

@testable import Template

/// Values from the public documentation of ARM template functions, and what follows from its words.
@Suite struct ValueFunctionTests {
  static let arrays = [
    Expected("array(1)", "[1]"), Expected("array('efgh')", #"["efgh"]"#),
    Expected("array(createObject('a', 'b', 'c', 'd'))", #"[{"a":"b","c":"d"}]"#),
    Expected("array(createArray(1))", "[1]"),
    Expected("createArray('a', 'b', 'c')", #"["a","b","c"]"#), Expected("createArray()", "[]"),
    Expected("createArray(createArray('one', 'two'))", #"[["one","two"]]"#),
    Expected("contains(createArray('one', 'two', 'three'), 'three')", "true"),
    Expected("contains(createArray('one', 'two', 'three'), 'four')", "false"),
    Expected("empty(createArray())", "true"), Expected("empty(createObject())", "true"),
    Expected("first(createArray('one', 'two', 'three'))", #""one""#),
    Expected("last(createArray('one', 'two', 'three'))", #""three""#),
    Expected("first(createArray())", "null"),
    Expected(
      "flatten(createArray(createArray('one', 'two'), createArray('three')))",
      #"["one","two","three"]"#),
    Expected(
      "intersection(createArray('one', 'two', 'three'), createArray('two', 'three'))",
      #"["two","three"]"#),
    Expected("length(createArray('one', 'two', 'three'))", "3"),
    Expected(
      "length(createObject('a', 1, 'b', 2, 'c', 3, 'd', createObject('x', 1, 'y', 2)))", "4"),
    Expected("max(createArray(0, 3, 2, 5, 4))", "5"), Expected("max(0, 3, 2, 5, 4)", "5"),
    Expected("min(createArray(0, 3, 2, 5, 4))", "0"), Expected("min(0, 3, 2, 5, 4)", "0"),
    Expected("range(5, 3)", "[5,6,7]"), Expected("range(-1, 0)", "[]"),
    Expected("skip(createArray('one', 'two', 'three'), 2)", #"["three"]"#),
    Expected("take(createArray('one', 'two', 'three'), 2)", #"["one","two"]"#),
    Expected(
      "union(createArray('one', 'two', 'three'), createArray('three', 'four'))",
      #"["one","two","three","four"]"#),
    Expected(
      "union(createArray(createArray('one', 'two'), createArray('three')), createArray(createArray('three'), createArray('four', 'two')))",
      #"[["one","two"],["three"],["four","two"]]"#),
    Expected("tryIndexFromEnd(createArray('a', 'b'), 1)", #""b""#),
    Expected("tryIndexFromEnd(createArray('a', 'b'), 3)", "null"),
    Expected("indexFromEnd(createArray('a', 'b'), 2)", #""a""#),
    Expected("createArray(1, 2, 3)[1]", "2"),
  ]

  static let objects = [
    Expected("contains(createObject('one', 'a'), 'one')", "true"),
    Expected("contains(createObject('one', 'a'), 'ONE')", "true"),
    Expected("contains(createObject('one', 'a'), 'a')", "false"),
    Expected(
      "createObject('intProp', 1, 'stringProp', 'abc', 'boolProp', true(), 'arrayProp', createArray('a', 'b', 'c'), 'objectProp', createObject('key1', 'value1'))",
      #"{"intProp":1,"stringProp":"abc","boolProp":true,"arrayProp":["a","b","c"],"objectProp":{"key1":"value1"}}"#
    ),
    Expected(
      "intersection(createObject('one', 'a', 'two', 'b', 'three', 'c'), createObject('one', 'a', 'two', 'z', 'three', 'c'))",
      #"{"one":"a","three":"c"}"#),
    Expected(
      "items(createObject('item002', createObject('number', 200), 'item001', createObject('number', 300)))",
      #"[{"key":"item001","value":{"number":300}},{"key":"item002","value":{"number":200}}]"#),
    Expected("empty(json('null'))", "true"), Expected("json('{\"a\": \"b\"}')", #"{"a":"b"}"#),
    Expected("json('\"test\"')", #""test""#), Expected("json('true')", "true"),
    Expected("json('3')", "3"), Expected("json('[1,2,3]')", "[1,2,3]"),
    Expected("json(concat('{\"a\": \"', 'demo value', '\"}'))", #"{"a":"demo value"}"#),
    Expected("empty(null())", "true"),
    Expected(
      "base64ToJson('eyJvbmUiOiAiYSIsICJ0d28iOiAiYiJ9')", #"{"one":"a","two":"b"}"#),
    Expected("objectKeys(createObject('b', 1, 'a', 2))", #"["a","b"]"#),
    Expected(
      "union(createObject('one', 'a', 'two', 'b', 'three', 'c1'), createObject('three', 'c2', 'four', 'd', 'five', 'e'))",
      #"{"one":"a","two":"b","three":"c2","four":"d","five":"e"}"#),
    Expected(
      "union(createObject('property', createObject('one', 'a', 'two', 'b', 'three', 'c1'), 'nestedArray', createArray(1, 2)), createObject('property', createObject('three', 'c2', 'four', 'd', 'five', 'e'), 'nestedArray', createArray(3, 4)))",
      #"{"property":{"one":"a","two":"b","three":"c2","four":"d","five":"e"},"nestedArray":[3,4]}"#),
    Expected(
      "shallowMerge(createArray(createObject('one', 'a', 'p', createObject('x', 1)), createObject('one', 'b', 'p', createObject('y', 2))))",
      #"{"one":"b","p":{"y":2}}"#),
    Expected("tryGet(createObject('a', createObject('b', 1)), 'a', 'b')", "1"),
    Expected("tryGet(createObject('a', 1), 'x')", "null"), Expected("tryGet(null(), 'x')", "null"),
    Expected("tryGet(createArray(1), 0)", "1"), Expected("createObject('a', 5).A", "5"),
    Expected("createObject('a-b', 5)['a-b']", "5"),
  ]

  static let numbers = [
    Expected("add(5, 3)", "8"), Expected("sub(7, 3)", "4"), Expected("mul(5, 3)", "15"),
    Expected("div(8, 3)", "2"), Expected("mod(7, 3)", "1"), Expected("int('4')", "4"),
    Expected("float('3.0')", "3.0"), Expected("float(3)", "3.0"), Expected("div(-7, 2)", "-3"),
    Expected("mod(20, 7)", "6"), Expected("sub(0, 13)", "-13"),
  ]

  static let logic = [
    Expected("and(bool('true'), bool('false'))", "false"),
    Expected("or(bool('true'), bool('false'))", "true"), Expected("not(bool('true'))", "false"),
    Expected("bool('true')", "true"), Expected("bool('false')", "false"),
    Expected("bool(1)", "true"),
    Expected("bool(0)", "false"), Expected("if(equals('a', 'a'), 'yes', 'no')", #""yes""#),
    Expected("if(equals('a', 'b'), 'yes', 'no')", #""no""#), Expected("true()", "true"),
    Expected(
      "if(equals('a', 'a'), json('{\"test\": \"value1\"}'), json('null'))", #"{"test":"value1"}"#),
    Expected("equals(1, 1)", "true"), Expected("equals('a', 'a')", "true"),
    Expected("equals('a', 'A')", "false"), Expected("not(equals(1, 2))", "true"),
    Expected("equals(createArray('a', 'b'), createArray('a', 'b'))", "true"),
    Expected("equals(createObject('a', 'b'), createObject('a', 'b'))", "true"),
    Expected("equals(createObject('a', 1, 'b', 2), createObject('b', 2, 'a', 1))", "true"),
    Expected("equals(1, '1')", "false"), Expected("greater(1, 2)", "false"),
    Expected("greater('A', 'a')", "true"), Expected("greaterOrEquals(1, 2)", "false"),
    Expected("greaterOrEquals('A', 'a')", "true"), Expected("less(1, 2)", "true"),
    Expected("less('A', 'a')", "false"), Expected("lessOrEquals(1, 2)", "true"),
    Expected("lessOrEquals('A', 'a')", "false"), Expected("less('a', 'b')", "true"),
    Expected("coalesce(null(), null(), 'default')", #""default""#),
    Expected("coalesce(null(), 1)", "1"), Expected("empty(coalesce(null(), null()))", "true"),
    Expected("coalesce('', 'x')", #""""#),
  ]

  static let dates = [
    Expected("dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')", #""4/7/2023 2:53:14 PM""#),
    Expected("dateTimeAdd('2020-04-07 14:53:14Z', '-P9D')", #""3/29/2020 2:53:14 PM""#),
    Expected("dateTimeAdd('2020-04-07 14:53:14Z', 'PT1H')", #""4/7/2020 3:53:14 PM""#),
    Expected("dateTimeAdd('2020-01-31T00:00:00Z', 'P1M', 'yyyy-MM-dd')", #""2020-02-29""#),
    Expected("dateTimeAdd('20200407T145314Z', 'P1DT1H', 'u')", #""2020-04-08 15:53:14Z""#),
    Expected("dateTimeAdd('2020-04-07T14:53:14+02:00', 'PT0S', 's')", #""2020-04-07T12:53:14""#),
    Expected("dateTimeFromEpoch(1683040573)", #""2023-05-02T15:16:13Z""#),
    Expected("dateTimeToEpoch('2023-05-02T15:16:13Z')", "1683040573"),
    Expected("dateTimeToEpoch('1969-12-31T23:59:59Z')", "-1"),
    Expected("dateTimeAdd('2024-02-29', 'P1Y', 'R')", #""Fri, 28 Feb 2025 00:00:00 GMT""#),
  ]

  @Test(arguments: arrays + objects + numbers + logic + dates)
  func `a function gives what its documentation says`(expected: Expected) throws {
    #expect(try evaluate(expected.expression) == expected.value)
  }

  static let networks = [
    Expected(
      "parseCidr('10.144.0.0/20')",
      #"{"network":"10.144.0.0","netmask":"255.255.240.0","broadcast":"10.144.15.255","firstUsable":"10.144.0.1","lastUsable":"10.144.15.254","cidr":20}"#
    ),
    Expected(
      "parseCidr('fdad:3236:5555::/48')",
      #"{"network":"fdad:3236:5555::","netmask":"ffff:ffff:ffff::","firstUsable":"fdad:3236:5555::","lastUsable":"fdad:3236:5555:ffff:ffff:ffff:ffff:ffff","cidr":48}"#
    ),
    Expected("cidrSubnet('10.144.0.0/20', 24, 0)", #""10.144.0.0/24""#),
    Expected("cidrSubnet('10.144.0.0/20', 24, 4)", #""10.144.4.0/24""#),
    Expected("cidrSubnet('fdad:3236:5555::/48', 52, 0)", #""fdad:3236:5555::/52""#),
    Expected("cidrSubnet('fdad:3236:5555::/48', 52, 4)", #""fdad:3236:5555:4000::/52""#),
    Expected("cidrHost('10.144.3.0/24', 0)", #""10.144.3.1""#),
    Expected("cidrHost('10.144.3.0/24', 4)", #""10.144.3.5""#),
    Expected("cidrHost('fdad:3236:5555:3000::/52', 4)", #""fdad:3236:5555:3000::5""#),
    Expected("parseCidr('0.0.0.0/0').lastUsable", #""255.255.255.254""#),
  ]

  @Test(arguments: networks)
  func `a range of addresses is cut as documented`(expected: Expected) throws {
    #expect(try evaluate(expected.expression) == expected.value)
  }

  @Test(arguments: [
    ("range(0, 10001)", "not between 0 and 10000"), ("range(2147483647, 1)", "is beyond"),
    ("add(9223372036854775807, 1)", "beyond 64 bits"), ("div(1, 0)", "by zero"),
    ("mod(1, 0)", "by zero"), ("createObject('a')", "the last key has no value"),
    ("createArray(1)[1]", "the index `1` is outside an array of 1"),
    ("createObject('ab', 1).ac", "the object has no member `ac`: it has `ab`"),
    ("null().x", "cannot take the member `x` of null"),
    ("less(1, 'a')", "two numbers or two strings"),
    ("if('x', 1, 2)", "must be true or false, not the string `x`"),
    ("max()", "at least 1 argument"),
    ("max(createArray())", "an empty array has none"), ("bool('x')", "neither `true` nor `false`"),
    ("dateTimeAdd('x', 'P1D')", "is no time of ISO 8601"),
    ("dateTimeAdd('2020-01-01', 'x')", "is no duration of ISO 8601"),
    ("dateTimeAdd('2020-01-01', 'P9999Y')", "outside the years 1 to 9999"),
    ("dateTimeAdd('2020-01-01', 'P1D', 'Q')", "is no format for a time"),
    ("cidrHost('10.0.0.0/30', 9)", "has no host 9"), ("parseCidr('10.0.0.1/8')", "is no range"),
    ("cidrSubnet('10.0.0.0/24', 8, 0)", "is not between 24 and 32"), ("fail('why')", "why"),
    ("indexFromEnd(createArray(1), 2)", "outside an array of 1"),
  ])
  func `a wrong argument is an error with the value`(expression: String, message: String) {
    #expect(ExpressionKit().failure(expression)?.contains(message) == true)
  }
}

import Testing

@testable import Template

private let dogs = #"""
  {"dogs": [{"name": "Evie", "age": 5, "interests": ["Ball", "Frisbee"]},
    {"name": "Casper", "age": 3, "interests": ["Other dogs"]},
    {"name": "Indy", "age": 2, "interests": ["Butter"]},
    {"name": "Kira", "age": 8, "interests": ["Rubs"]}],
  "copy": [{"name": "itemForLoop", "count": "[length(range(0, 10))]",
    "input": "[range(0, 10)[copyIndex('itemForLoop')]]"}],
  "ages": "[map(variables('dogs'), lambda('dog', lambdaVariables('dog').age))]"}
  """#

/// What needs a template around it; values from the public documentation.
@Suite struct DeclaredFunctionTests {
  static let lambdas = [
    Expected(
      "filter(variables('dogs'), lambda('dog', greaterOrEquals(lambdaVariables('dog').age, 5)))",
      #"[{"name":"Evie","age":5,"interests":["Ball","Frisbee"]},{"name":"Kira","age":8,"interests":["Rubs"]}]"#
    ),
    Expected(
      "filter(variables('itemForLoop'), lambda('i', greater(lambdaVariables('i'), 5)))", "[6,7,8,9]"
    ),
    Expected(
      "filter(range(0, 10), lambda('i', equals(0, mod(lambdaVariables('i'), 2))))", "[0,2,4,6,8]"),
    Expected(
      "map(variables('dogs'), lambda('dog', lambdaVariables('dog').name))",
      #"["Evie","Casper","Indy","Kira"]"#),
    Expected(
      "map(variables('dogs'), lambda('dog', format('Hello {0}!', lambdaVariables('dog').name)))",
      #"["Hello Evie!","Hello Casper!","Hello Indy!","Hello Kira!"]"#),
    Expected(
      "map(range(0, 2), lambda('i', createObject('i', lambdaVariables('i'), 'dog', variables('dogs')[lambdaVariables('i')].name)))",
      #"[{"i":0,"dog":"Evie"},{"i":1,"dog":"Casper"}]"#),
    Expected(
      "map(createArray('a', 'b'), lambda('v', 'i', concat(lambdaVariables('v'), lambdaVariables('i'))))",
      #"["a0","b1"]"#),
    Expected(
      "reduce(variables('ages'), 0, lambda('cur', 'next', add(lambdaVariables('cur'), lambdaVariables('next'))))",
      "18"),
    Expected(
      "reduce(variables('ages'), 1, lambda('cur', 'next', add(lambdaVariables('cur'), lambdaVariables('next'))))",
      "19"),
    Expected(
      "reduce(createArray(createObject('foo', 123), createObject('bar', 456), createObject('baz', 789)), createObject(), lambda('cur', 'next', union(lambdaVariables('cur'), lambdaVariables('next'))))",
      #"{"foo":123,"bar":456,"baz":789}"#),
    Expected(
      "map(sort(variables('dogs'), lambda('a', 'b', less(lambdaVariables('a').age, lambdaVariables('b').age))), lambda('d', lambdaVariables('d').name))",
      #"["Indy","Casper","Evie","Kira"]"#),
    Expected(
      "toObject(variables('dogs'), lambda('entry', lambdaVariables('entry').name), lambda('entry', lambdaVariables('entry').age))",
      #"{"Evie":5,"Casper":3,"Indy":2,"Kira":8}"#),
    Expected(
      "toObject(createArray('a'), lambda('entry', lambdaVariables('entry')))", #"{"a":"a"}"#),
    Expected(
      "mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))", #"{"a":2}"#),
    Expected(
      "groupBy(createArray('foo', 'bar', 'baz'), lambda('x', substring(lambdaVariables('x'), 0, 1)))",
      #"{"f":["foo"],"b":["bar","baz"]}"#),
  ]

  @Test(arguments: lambdas)
  func `a lambda gives what its documentation says`(expected: Expected) throws {
    #expect(try ExpressionKit(variables: dogs).evaluate(expected.expression) == expected.value)
  }

  private static let subscription = "/subscriptions/11111111-1111-1111-1111-111111111111"
  private static let own = "/subscriptions/87d64d6d-6d17-4ad7-b507-16d9bc498781"

  static let ids = [
    Expected(
      "resourceId('My.Rp/parent/child', 'myParent', 'myChild')",
      "\(subscription)/resourceGroups/examplegroup/providers/My.Rp/parent/myParent/child/myChild"),
    Expected(
      "resourceId('customRg', 'My.Rp/parent', 'p')",
      "\(subscription)/resourceGroups/customRg/providers/My.Rp/parent/p"),
    Expected(
      "resourceId('87d64d6d-6d17-4ad7-b507-16d9bc498781', 'customRg', 'My.Rp/parent', 'p')",
      "\(own)/resourceGroups/customRg/providers/My.Rp/parent/p"),
    Expected("tenantResourceId('My.Rp/parent', 'p')", "/providers/My.Rp/parent/p"),
    Expected(
      "subscriptionResourceId('My.Rp/parent', 'p')", "\(subscription)/providers/My.Rp/parent/p"),
    Expected(
      "subscriptionResourceId('87d64d6d-6d17-4ad7-b507-16d9bc498781', 'My.Rp/parent', 'p')",
      "\(own)/providers/My.Rp/parent/p"),
    Expected(
      "managementGroupResourceId('mg', 'My.Rp/parent/child', 'p', 'c')",
      "/providers/Microsoft.Management/managementGroups/mg/providers/My.Rp/parent/p/child/c"),
    Expected(
      "extensionResourceId(tenantResourceId('My.Rp/parent', 'p'), 'My.Ext/a/b', 'x', 'y')",
      "/providers/My.Rp/parent/p/providers/My.Ext/a/x/b/y"),
    Expected("subscription().id", subscription),
    Expected("resourceGroup().id", "\(subscription)/resourceGroups/examplegroup"),
    Expected("resourceGroup().location", "southcentralus"),
    Expected("resourcegroup().name", "examplegroup"),
    Expected("tenant().tenantId", "22222222-2222-2222-2222-222222222222"),
    Expected("deployment().name", "deployment"),
    Expected("deployer().tenantId", "22222222-2222-2222-2222-222222222222"),
    Expected("managementGroup().type", "/providers/Microsoft.Management/managementGroups"),
    Expected("environment().suffixes.storage", "core.windows.net"),
    Expected("environment().authentication.audiences[1]", "https://management.azure.com/"),
  ]

  @Test(arguments: ids)
  func `an id is put together for the site`(expected: Expected) throws {
    #expect(try ExpressionKit().evaluate(expected.expression) == "\"\(expected.value)\"")
  }

  @Test(arguments: [
    ("utcNow()", "20200407T145314Z"), ("utcNow('d')", "04/07/2020"), ("utcNow('M d')", "4 7"),
    ("utcNow('u')", "2020-04-07 14:53:14Z"), ("utcNow('yyyyMMddHHmmss')", "20200407145314"),
    ("utcNow('dddd, MMMM d')", "Tuesday, April 7"), ("utcNow('h:mm tt')", "2:53 PM"),
    ("utcNow('o')", "2020-04-07T14:53:14.0000000Z"), ("utcNow('%d')", "7"),
  ])
  func `the time is that of the site, in the default of a parameter`(
    expression: String, time: String
  ) throws {
    let kit = ExpressionKit(
      parameters: #"{"now": {"type": "string", "defaultValue": "[\#(expression)]"}}"#)
    #expect(try kit.evaluate("parameters('now')") == "\"\(time)\"")
    #expect(ExpressionKit().failure(expression)?.contains("only in the default") == true)
  }

  @Test func `newGuid is the same in a run and another for each parameter`() throws {
    let kit = ExpressionKit(
      parameters: #"""
        {"a": {"type": "string", "defaultValue": "[newGuid()]"},
        "b": {"type": "string", "defaultValue": "[newGuid()]"}}
        """#)
    let (first, second) = (try kit.evaluate("parameters('a')"), try kit.evaluate("parameters('b')"))
    #expect(first != second)
    #expect(first.count == 38)
    #expect(try kit.evaluate("parameters('a')") == first)
  }

  @Test func `names of functions, parameters and variables have any case`() throws {
    let kit = ExpressionKit(
      parameters: #"{"Name": {"type": "string", "defaultValue": "n"}}"#,
      variables: #"{"Value": "v"}"#)
    #expect(try kit.evaluate("CONCAT(Parameters('NAME'), VARIABLES('value'))") == #""nv""#)
  }

  @Test func `a function of the template sees its own parameters only`() throws {
    let kit = ExpressionKit(
      parameters: #"{"prefix": {"type": "string", "defaultValue": "outer"}}"#,
      variables: #"{"v": 1}"#,
      functions: #"""
        [{"namespace": "contoso", "members": {
          "uniqueName": {"parameters": [{"name": "prefix", "type": "string"}],
            "output": {"type": "string", "value": "[concat(toLower(parameters('prefix')), '-x')]"}},
          "bad": {"parameters": [], "output": {"type": "int", "value": "[variables('v')]"}},
          "twice": {"parameters": [{"name": "n", "type": "string"}],
            "output": {"type": "string", "value": "[contoso.uniqueName(contoso.uniqueName(parameters('n')))]"}},
          "endless": {"parameters": [], "output": {"type": "int", "value": "[contoso.endless()]"}}}}]
        """#)
    #expect(try kit.evaluate("contoso.uniqueName('AB')") == #""ab-x""#)
    #expect(try kit.evaluate("Contoso.Twice('A')") == #""a-x-x""#)
    #expect(kit.failure("contoso.bad()")?.contains("no variables") == true)
    #expect(kit.failure("contoso.uniqueName()")?.contains("takes 1 arguments") == true)
    #expect(kit.failure("contoso.endless()")?.contains("nest deeper than 160 levels") == true)
  }

  @Test func `what refers to itself is an error`() {
    let kit = ExpressionKit(
      parameters: #"{"p": {"type": "string", "defaultValue": "[parameters('p')]"}}"#,
      variables: #"{"a": "[variables('b')]", "b": "[variables('a')]"}"#)
    #expect(kit.failure("variables('a')")?.contains("the variable `a` refers to itself") == true)
    #expect(kit.failure("parameters('p')")?.contains("the parameter `p` refers to itself") == true)
  }

  @Test(arguments: [
    ("x", "expected `(` after `x`, not `]`"), ("concat('a'", "`,` or `)`"),
    ("concat('a',)", "expected a function"),
    ("'a", "expected `'` to close the string"),
    ("concat(\"a\")", "has no meaning in an expression"),
    ("cocat('a')", "there is no function `cocat`"), ("", "expected a function"),
    ("parameters('x')", "the template has no parameter `x`"),
    ("variables('x')", "the template has no variable `x`"), ("true", "expected `(` after `true`"),
    ("1] [2", "the end of the expression"), ("copyIndex()", "outside of every loop"),
    ("map(1, lambda('x', 1))", "must be an array"),
    ("map(createArray(1), 'x')", "needs a `lambda("),
    ("99999999999999999999", "is no whole number"), ("lambdaVariables('x')", "no lambda around"),
    ("lambda('x', 1)", "stands only as an argument"), ("resourceId('a', 'b')", "is a type"),
    ("resourceId('A.B/c', 'd', 'e')", "needs 1 names, and 2 follow it"),
  ])
  func `a wrong expression is an error that says what and where`(
    expression: String, message: String
  ) {
    let failure = ExpressionKit().failure(expression)
    #expect(failure?.contains(message) == true, "\(failure ?? "no failure")")
    #expect(failure?.contains("character ") == true, "\(failure ?? "no failure")")
  }
}

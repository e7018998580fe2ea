import Testing

@testable import Template

@Suite struct IdentityTests {
  @Test func `a missing identity is a warning`() {
    let reading = SampleTemplate(identity: "").reading
    #expect(reading.warnings == [": an image template needs the field `identity` on Azure"])
    #expect(reading.template != nil)
  }

  @Test func `before 2020-02-14 an identity may be missing`() {
    let reading = SampleTemplate(
      apiVersion: #""apiVersion": "2019-05-01-preview","#, identity: ""
    ).reading
    #expect(reading.diagnostics.isEmpty)
  }

  @Test func `the ids of identities are the names of fields`() {
    let identity = #""identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a/b": {}}},"#
    #expect(SampleTemplate(identity: identity).reading.template?.identities == ["/a/b"])
  }

  @Test func `more than one identity is a warning`() {
    let identity = #""identity": {"userAssignedIdentities": {"/a/b": {}, "/a/c": {}}},"#
    #expect(SampleTemplate(identity: identity).reading.warnings.count == 1)
  }

  @Test func `an id in place of the object is a warning`() {
    let identity = #""identity": {"userAssignedIdentities": "/a/b"},"#
    let reading = SampleTemplate(identity: identity).reading
    #expect(reading.template?.identities == ["/a/b"])
    #expect(reading.hints == [#"write `{ "/a/b": {} }`"#])
  }
}

@Suite struct VersionTests {
  @Test(arguments: ["", #""apiVersion": "2021-01-01","#, #""apiVersion": "[parameters('v')]","#])
  func `without a version that exists all fields are known, and unknown ones warnings`(text: String)
  {
    let reading = SampleTemplate(
      apiVersion: text, properties: #" "additionalDataDisks": [{"sizeGB": 4}], "bogus": 1,"#
    ).reading
    #expect(reading.template?.additionalDataDisks == [4])
    #expect(reading.template?.apiVersion == nil)
    #expect(reading.warnings.count == 2)
  }

  @Test func `a version that is misspelt suggests the right one`() {
    let reading = SampleTemplate(apiVersion: #""apiVersion": "2022-07-10","#).reading
    #expect(reading.hints == ["did you mean `2022-07-01`?"])
  }

  @Test func `the version of the request counts, not that of the document`() {
    let text = SampleTemplate(properties: #" "bogus": 1,"#).text
    let reading = TemplateDocument.read(
      Array(text.utf8), named: "t.json", sentTo: .v2024_02_01)
    #expect(reading.errors == ["properties.bogus: `properties` has no field `bogus`"])
  }

  @Test func `up to 2023-07-01 an unknown field is ignored with a warning`() {
    let reading = readProperties(#""optimise": {}"#, apiVersion: "2023-07-01")
    #expect(
      reading.warnings == [
        "properties.optimise: `properties` has no field `optimise`: it is ignored"
      ])
    #expect(reading.hints == ["did you mean `optimize`?"])
  }

  @Test func `from 2024-02-01 on an unknown field is an error`() {
    let reading = readProperties(#""optimise": {}"#, apiVersion: "2024-02-01")
    #expect(reading.errors == ["properties.optimise: `properties` has no field `optimise`"])
    #expect(reading.hints == ["did you mean `optimize`?"])
  }

  @Test func `up to 2023-07-01 a field in another case is read with a warning`() {
    let reading = readProperties(#""VMProfile": {"vmsize": "X"}"#, apiVersion: "2023-07-01")
    #expect(reading.template?.vmProfile.vmSize == "X")
    #expect(
      reading.warnings == [
        "properties.VMProfile: the field `VMProfile` must be written `vmProfile`",
        "properties.vmProfile.vmsize: the field `vmsize` must be written `vmSize`",
      ])
  }

  @Test func `from 2024-02-01 on a field in another case is an error`() {
    let reading = readProperties(#""VMProfile": {}"#, apiVersion: "2024-02-01")
    #expect(
      reading.errors == ["properties.VMProfile: the field `VMProfile` must be written `vmProfile`"])
  }

  @Test func `a field of a later version is read with a warning that names the version`() {
    let reading = readProperties(
      #""validate": {"sourceValidationOnly": true}"#, apiVersion: "2021-10-01")
    #expect(reading.template?.validation.subject == .sourceImage)
    #expect(
      reading.warnings == [
        "properties.validate: `properties` has the field `validate` from api-version 2022-02-14 on, "
          + "and the template says 2021-10-01: it is used all the same"
      ])
    #expect(reading.hints.first == "set `apiVersion` to `2022-02-14` or later")
  }

  @Test func `from 2024-02-01 on a field of a later version is an error`() {
    let reading = readProperties(#""additionalDataDisks": []"#, apiVersion: "2024-02-01")
    #expect(reading.errors.count == 1)
    #expect(readProperties(#""additionalDataDisks": []"#, apiVersion: "2025-10-01").errors.isEmpty)
  }
}

import ArgumentParser
import Template

/// How closely a template must keep to the API.
struct StrictnessArguments: ParsableArguments {
  @Flag(help: "Refuse all that the service refuses, or refuses from api-version 2024-02-01 on.")
  var strict = false

  @Flag(help: "Take unknown fields and names in another case, whatever the api-version.")
  var lenient = false

  var strictness: Strictness { strict ? .strict : lenient ? .lenient : .byVersion }

  func validate() throws {
    if strict && lenient { throw ValidationError("--strict and --lenient exclude each other") }
  }
}

/// How closely a template must keep to the API.
public enum Strictness: Sendable {
  /// As the service has it for the template's api-version: unknown fields and names in another
  /// case are errors from 2024-02-01 on, and warnings before.
  case byVersion
  /// All that the service refuses, or refuses in its newest version, is an error.
  case strict
  /// Unknown fields and names in another case are warnings in every version.
  case lenient
}

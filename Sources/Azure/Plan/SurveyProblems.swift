public import Pipeline

/// All that Azure says against a build, found before anything was made.
public struct SurveyProblems: Error, Sendable, Hinting, ProviderFailure, CustomStringConvertible {
  /// The errors.
  public let errors: [AzureError]

  /// A line for each.
  public var description: String {
    errors.map { error in
      error.hint.map { "\(error)\nhint: \($0)" } ?? "\(error)"
    }.joined(separator: "\nerror: ")
  }

  /// Each has its own.
  public var hint: String? { nil }
}

/// Gathers what is wrong.
struct Problems {
  private var errors: [AzureError] = []

  /// The value of an answer; an error of Azure is kept for later, any other is thrown.
  mutating func keep<Value>(_ result: Result<Value, any Error>) throws -> Value? {
    do {
      return try result.get()
    } catch let error as AzureError {
      errors.append(error)
      return nil
    }
  }

  /// - Throws: ``SurveyProblems`` where there are any.
  func check() throws(SurveyProblems) {
    guard errors.isEmpty else { throw SurveyProblems(errors: errors) }
  }
}

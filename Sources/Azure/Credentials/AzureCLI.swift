internal import FoundationEssentials
internal import Pipeline
internal import Subprocess
internal import SystemPackage

/// Whoever is signed in to `az`.
struct AzureCLI: TokenSource {
  let name = "AzureCliCredential"
  /// The program: a name to look for on the `PATH`, or a path.
  let program: String
  /// The tenant or the subscription that the token is for; `nil` for those that `az` has chosen.
  let scope: Scope?
  let now: @Sendable () -> Int64

  /// Which of its accounts `az` takes.
  enum Scope: Sendable, Hashable {
    case tenant(String)
    case subscription(String)
  }

  /// How long `az` may take: it starts slowly, on a busy machine very slowly.
  private static let limit = Duration.seconds(30)
  /// The most that is taken of each output, in bytes; tokens are a few KiB.
  private static let outputLimit = 1 << 20

  func token(for audience: String, claims: String?) async throws -> AccessToken {
    var arguments = ["account", "get-access-token", "--output", "json", "--resource", audience]
    switch scope {
    case .tenant(let tenant): arguments += ["--tenant", tenant]
    case .subscription(let id): arguments += ["--subscription", id]
    case nil: break
    }
    let end = try await run(arguments)
    guard end.status.isSuccess else { throw Self.refusal(end.errors) }
    guard let answer = JSON(parsing: Array(end.output.utf8)),
      let token = answer["accessToken"]?.text, let expires = answer["expires_on"]?.int
    else {
      throw CredentialError(
        .refused, "could not sign in by `az`: its answer holds no token",
        hint: "Kiln needs azure-cli 2.54 or newer")
    }
    return AccessToken(Secret(token), expires: expires)
  }

  private typealias End = (status: TerminationStatus, output: String, errors: String)

  private func run(_ arguments: [String]) async throws -> End {
    let program: Executable =
      program.contains("/") ? .path(FilePath(program)) : .name(program)
    do {
      return try await withDeadline(Self.limit, for: "`az account get-access-token`") {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(1))]
        let ran = try await Subprocess.run(
          program, arguments: Arguments(arguments), platformOptions: options,
          output: .string(limit: Self.outputLimit), error: .string(limit: Self.outputLimit))
        return (ran.terminationStatus, ran.standardOutput, ran.standardError)
      }
    } catch let error as DeadlineExceeded {
      throw CredentialError(.unavailable, "could not sign in by `az`: \(error)")
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      guard error.code == .executableNotFound else {
        throw CredentialError(.refused, "could not sign in by `az`: it could not be run: \(error)")
      }
      throw CredentialError(
        .unavailable, "could not sign in by `az`: it is not installed",
        hint: "install azure-cli and run `az login`")
    }
  }

  private static func refusal(_ errors: String) -> CredentialError {
    let line = errors.split { $0.isNewline }.last { !$0.isEmpty }.map(String.init) ?? "no reason"
    // Both are words of azure-cli.
    let isSignedOut = errors.contains("az login") || errors.contains("az account set")
    return CredentialError(
      isSignedOut ? .unavailable : .refused, "could not sign in by `az`: \(line)",
      hint: isSignedOut ? "run `az login`" : nil)
  }
}

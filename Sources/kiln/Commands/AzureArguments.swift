import ArgumentParser
import Azure
import Foundation
import HTTP
import Pipeline
import SystemPackage

/// Which Azure is meant, and who speaks with it: shared by `build`, `plan`, `gc` and `push`.
struct CloudArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "public, usgovernment, china, or the address of another cloud's Resource Manager.",
      valueName: "cloud"))
  var cloud: String = "public"

  @Option(
    help: ArgumentHelp(
      "Believe the certificates that this file's authorities sign, for clouds of your own.",
      valueName: "file"))
  var cloudCa: String?

  @Option(
    help: ArgumentHelp(
      "Write all that is said to Azure and by it into this file, without secrets.",
      valueName: "file"))
  var trace: String?

  /// Opens the clients for a subscription, where that is known; `address` is a Resource Manager's, as a journal has it, in place of the cloud.
  func open(for subscription: String?, at address: String? = nil) async throws -> AzureAccess {
    try await AzureAccess.open(
      AzureAccess.Setup(
        cloud: try choice(address), environment: ProcessInfo.processInfo.environment,
        account: subscription.map { .subscription($0) } ?? .chosen,
        trust: cloudCa.map { .authorities(FilePath($0)) } ?? .system,
        trace: try trace.map { try Trace(FilePath($0)) }))
  }

  private func choice(_ address: String?) throws -> AzureAccess.CloudChoice {
    if let address {
      let known = Cloud.known.first { $0.resourceManager == address }
      return known.map { .known($0) } ?? .at(resourceManager: address)
    }
    if let known = Cloud.named(cloud) { return .known(known) }
    guard cloud.contains("://") else {
      throw CommandFault(
        "could not use `--cloud \(cloud)`: no cloud has that name",
        hint: "it may be public, usgovernment, china, or an address that begins with https://",
        exit: .usage)
    }
    return .at(resourceManager: cloud)
  }
}

/// The subscription that is meant.
struct SubscriptionArgument: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The subscription's id, in place of $AZURE_SUBSCRIPTION_ID.", valueName: "id"))
  var subscription: String?

  /// What the user says, or the environment: `nil` for neither.
  static func chosen(_ given: String?) -> String? {
    given
      ?? ProcessInfo.processInfo.environment["AZURE_SUBSCRIPTION_ID"].flatMap {
        $0.isEmpty ? nil : $0
      }
  }
}

/// How a build in Azure is done.
struct AzureArguments: ParsableArguments {
  @OptionGroup var cloud: CloudArguments

  @Flag(help: "Bake on a spot machine: cheaper, and Azure may take it away.")
  var spot = false

  @Flag(help: "Accept the terms of the source's plan for the subscription, for good.")
  var acceptTerms = false

  @Option(
    help: ArgumentHelp(
      """
      The address or range that the build VM lets in, or the https:// address of a service that says \
      yours.
      """, valueName: "address|url"))
  var myAddress: String = "https://api.ipify.org"
}

import Azure
import Pipeline

/// What runs of any machine left in a subscription, as its tags tell, and its removal.
struct CloudLeftovers {
  /// How much of it is removed.
  enum Reach {
    /// What has expired.
    case expired
    /// All.
    case all
  }

  private let cloud: CloudArguments
  private let subscription: String?
  private let reach: Reach

  init(_ cloud: CloudArguments, _ subscription: String?, _ reach: Reach) {
    self.cloud = cloud
    self.subscription = SubscriptionArgument.chosen(subscription)
    self.reach = reach
  }

  /// Removes what is left of each run, and tells it.
  /// - Throws: the first error, when all others have been tried.
  func collect() async throws {
    guard let subscription else {
      throw CommandFault(
        "could not tell in which subscription to look",
        hint: "give it with --subscription, or set AZURE_SUBSCRIPTION_ID", exit: .usage)
    }
    let access = try await cloud.open(for: subscription)
    let now = Timestamp.now()
    var failure: (any Error)?
    for leftover in try await TaggedLeftovers.find(in: subscription, access.arm) {
      guard reach == .all || leftover.expires.map({ $0 < now }) ?? false else {
        let when =
          leftover.expires.map { "it expires at \($0)" } ?? "it does not say when it expires"
        StandardError.write("left \(leftover.ids.count) resources of run \(leftover.run): \(when)")
        continue
      }
      do {
        try await leftover.remove(by: access.arm)
        StandardError.write(
          "removed \(leftover.ids.count) resources of run \(leftover.run) in Azure")
      } catch {
        failure = failure ?? error
        StandardError.write("error: run \(leftover.run): \(error)")
      }
    }
    if let failure { throw failure }
  }
}

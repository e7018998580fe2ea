import ArgumentParser
import Azure
import Digests
import Disks
import Foundation
import Images
import Pipeline
import SystemPackage
import Template

/// `kiln push`: an image of this machine to Azure.
struct PushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Upload an image that was baked here to Azure.",
    discussion: """
      The image is one of `kiln images` that has a VHD, or a fixed VHD's file. The target is a blob's \
      address, or the id of a managed image, an image definition, or a version of one. Only what is not \
      zero is sent; after an interruption, the same command goes on where it was.

      A blob is written by whoever is signed in; with the account's key, where they have no role for \
      blobs and may read that; or by a shared access signature: as $AZURE_STORAGE_SAS_TOKEN, or at the \
      end of the address, where others on this machine can see it.
      """)

  @Argument(help: "An image of this machine, or the path of a fixed VHD.")
  var image: String

  @Option(
    help: ArgumentHelp(
      "https://….vhd, /subscriptions/…/images/x, or …/galleries/g/images/d[/versions/v].",
      valueName: "target"))
  var to: String

  @Option(
    help: ArgumentHelp(
      "The region of a new managed image; that of its resource group otherwise.", valueName: "name")
  )
  var location: String?

  @Option(help: ArgumentHelp("The firmware that a file needs: V1 or V2.", valueName: "V1|V2"))
  var generation: String?

  @Option(help: ArgumentHelp("Linux or Windows.", valueName: "system"))
  var system: String = "Linux"

  @OptionGroup(title: "In Azure") var cloud: CloudArguments

  func validate() throws {
    guard generation.map({ OutputPlan.Generation(rawValue: $0) != nil }) ?? true else {
      throw ValidationError("--generation must be V1 or V2")
    }
    guard ["Linux", "Windows"].contains(system) else {
      throw ValidationError("--system must be Linux or Windows")
    }
  }

  func run() async throws {
    let (path, own) = try disk()
    let file = try SparseFile(path)
    let access = try await cloud.open(for: ResourceID(to)?["subscriptions"])
    let name = "\(path.string)\t\(file.identity)\t\(shown)"
    let ledger = try PushLedger(
      at: try directory() + "/" + SHA256Digest(of: Array(name.utf8)).hex, for: name)
    let push = try DiskPush(file, ledger: ledger, over: access.blobs)
    let place = try place(access)
    let signals = try Signals()
    let result = try await signals.cancelling {
      try await send(
        push, to: place, access,
        generation.flatMap { OutputPlan.Generation(rawValue: $0) } ?? own)
    }
    ledger.remove()
    let kept = result.sent.kept > 0 ? ", \(result.sent.kept) pieces were there already" : ""
    StandardError.write(
      "sent \(ByteText(Int(result.sent.bytes))) of \(ByteText(Int(file.size)))\(kept)")
    try StandardOutput.write(lines: [result.made])
  }

  /// Where the image goes.
  private enum Place {
    case blob(BlobAddress)
    case resource(ResourceID)
  }

  private func place(_ access: AzureAccess) throws -> Place {
    if to.hasPrefix("https://") {
      var target = to
      let given = ProcessInfo.processInfo.environment["AZURE_STORAGE_SAS_TOKEN"] ?? ""
      if !to.contains("?"), let signature = BlobAddress.signature(given) {
        target += "?" + signature.revealed
      }
      return .blob(try access.arm.cloud.blob(at: target, for: "push to `\(shown)`"))
    }
    guard let id = ResourceID(to) else {
      throw CommandFault(
        "could not push to `\(shown)`: it is no address of a blob, and no id",
        hint:
          "write https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME.vhd, or the id of an image, "
          + "a definition or a version", exit: .usage)
    }
    return .resource(id)
  }

  /// The target without what lets write there.
  private var shown: Substring { to.prefix { $0 != "?" } }

  private func send(
    _ push: DiskPush, to place: Place, _ access: AzureAccess,
    _ generation: OutputPlan.Generation?
  ) async throws -> (made: String, sent: DiskPush.Sent) {
    let told = LastTenth()
    let tell: @Sendable (Double) -> Void = { share in
      if told.isNew(share) { StandardError.write("\(Int(share * 10) * 10)%") }
    }
    let id: ResourceID
    switch place {
    case .blob(let address):
      let blobs = try await access.blobs.admitted(
        to: address, in: SubscriptionArgument.chosen(nil), access.arm)
      return (address.url, try await push.over(blobs).send(to: address, progress: tell))
    case .resource(let resource): id = resource
    }
    let settled = try await PushTarget.settle(id, location: location, generation, access.arm) {
      let next = NextVersion(
        taken: Set($0.compactMap { ImageVersion($0) }), source: nil, started: Date(),
        operation: "find a version for `\(id)`")
      return try next.number(by: .latest(major: nil)).description
    }
    let kind = ImagePush.Kind(system: system, generation: settled.generation)
    let now = Timestamp.now()
    let tags = BuildTags(
      run: RunID(at: now), expires: Timestamp(seconds: now.seconds + 2 * 86400, nanoseconds: 0),
      own: [:])
    let made = try await ImagePush(push, kind, tags: tags, over: access.arm)
      .make(settled.target, progress: tell)
    return (made.id.text, made.sent)
  }

  /// The VHD, and the generation of its firmware where the store knows it.
  private func disk() throws -> (FilePath, OutputPlan.Generation?) {
    if FileManager.default.fileExists(atPath: image) { return (FilePath(image), nil) }
    let stored = try ImagesCommand.store().find(image)
    guard let disk = stored.disks.first(where: { $0.format == .vhd }) else {
      throw CommandFault(
        "could not push `\(image)`: it is not kept as a VHD",
        hint: "bake it with `--format vhd`", exit: .usage)
    }
    let firmware = stored.metadata.provenance.firmware
    return (disk.path, firmware == .uefi ? .second : .first)
  }

  private func directory() throws -> String {
    let path = Places.state + "/pushes"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }
}

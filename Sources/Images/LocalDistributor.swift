internal import Disks
public import Pipeline
internal import SystemPackage
internal import Template

/// Publishes captured disks to the images of this machine.
public struct LocalDistributor: ImageDistributor {
  private let store: ImageStore
  private let outputs: [PreparedOutput]
  private let provenance: Provenance
  private let shared = SharedDisks()

  /// Publishes to `store` as `outputs`, which were prepared before the build, in the template's
  /// order.
  public init(_ store: ImageStore, _ outputs: [PreparedOutput], _ provenance: Provenance) {
    self.store = store
    self.outputs = outputs
    self.provenance = provenance
  }

  /// Publishes a qcow2 disk, which the reference names by its path.
  /// - Throws: ``ImageError`` or `DiskError`; then nothing of the output is there.
  public func distribute(
    _ disk: CapturedDisk, from bake: Bake, as output: PlannedOutput,
    progress: @escaping @Sendable (Double) -> Void
  ) async throws -> Pipeline.RunOutput {
    guard let prepared = outputs.first(where: { $0.distributor.index == output.index }) else {
      throw ImageError("make `\(output.name)`", .damaged("it was not prepared"))
    }
    let published = try await store.publish(
      DiskImage(FilePath(disk.reference), format: .qcow2), as: prepared, provenance.made(by: bake),
      with: shared, progress: progress)
    let properties = published.runOutput.properties
    return Pipeline.RunOutput(
      name: output.name, type: output.type, artifactID: properties.artifactId,
      artifactURI: properties.artifactUri, files: published.image.disks.map(\.path.string))
  }
}

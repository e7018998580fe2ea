public import Pipeline

/// Makes the run outputs of a build in Azure, several at the same time.
public struct AzureDistributor: ImageDistributor {
  /// Azure does the work: all that a template has may go on at once.
  public let outputsAtOnce = 16

  private let making: OutputMaking
  private let outputs: [Int: OutputPlan]

  /// Makes `outputs`, by their place among the template's distributors.
  public init(_ making: OutputMaking, _ outputs: [Int: OutputPlan]) {
    self.making = making
    self.outputs = outputs
  }

  /// Makes one run output of the machine that was captured, whole or not at all.
  /// - Throws: ``AzureError``, ``DeadlineExceeded``, `CancellationError`.
  public func distribute(
    _ disk: CapturedDisk, from bake: Bake, as output: PlannedOutput,
    progress: @escaping @Sendable (Double) -> Void
  ) async throws -> RunOutput {
    guard let plan = outputs[output.index] else {
      throw AzureError("make `\(output.name)`", "it was not planned")
    }
    let artifact = try await making.make(plan, progress: progress)
    return RunOutput(
      name: output.name, type: output.type, artifactID: plan.id == nil ? nil : artifact,
      artifactURI: plan.id == nil ? artifact : nil, files: [])
  }
}

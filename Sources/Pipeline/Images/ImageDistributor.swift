/// Makes run outputs of a captured disk.
public protocol ImageDistributor: Sendable {
  /// How many outputs it makes at a time.
  var outputsAtOnce: Int { get }

  /// Makes one run output, whole or not at all.
  ///
  /// `bake` is what the disk went through, for whoever asks later where an output came from;
  /// `progress` is told how much of the work is done, from 0 to 1.
  /// - Throws: the distributor's own error; then nothing of the output is there.
  func distribute(
    _ disk: CapturedDisk, from bake: Bake, as output: PlannedOutput,
    progress: @escaping @Sendable (Double) -> Void
  ) async throws -> RunOutput
}

extension ImageDistributor {
  /// Two: each reads and writes a whole disk of this machine.
  public var outputsAtOnce: Int { 2 }
}

/// What a distributor of the template is going to make.
public struct PlannedOutput: Sendable, Equatable, Codable {
  /// The run output's name.
  public var name: String
  /// The distributor's type, `VHD` for example.
  public var type: String
  /// What it will be: an id or a path, where that is known before.
  public var artifact: String
  /// Its place among the template's distributors, from 0.
  public var index: Int
  /// Where the distributor stands in the template, `file:line:column`.
  public var position: String?

  /// Puts an output together.
  public init(name: String, type: String, artifact: String, index: Int, position: String?) {
    self.name = name
    self.type = type
    self.artifact = artifact
    self.index = index
    self.position = position
  }
}

/// What a distributor made.
public struct RunOutput: Sendable, Equatable, Codable {
  /// The run output's name.
  public var name: String
  /// The distributor's type.
  public var type: String
  /// The artifact's id; `nil` where it has a URI (`aib.md` d.1).
  public var artifactID: String?
  /// The artifact's URI: a VHD's.
  public var artifactURI: String?
  /// The files that hold it on this machine.
  public var files: [String]

  /// Puts an output together.
  public init(
    name: String, type: String, artifactID: String?, artifactURI: String?, files: [String]
  ) {
    self.name = name
    self.type = type
    self.artifactID = artifactID
    self.artifactURI = artifactURI
    self.files = files
  }

  /// The artifact in one word.
  public var artifact: String { artifactURI ?? artifactID ?? "" }
}

/// How a distributor ended.
public struct OutputResult: Sendable, Codable {
  /// What it was to make.
  public var planned: PlannedOutput
  /// What it made; `nil` where it failed.
  public var output: RunOutput?
  /// Why it failed.
  public var message: String?
  /// How long it took, in seconds.
  public var seconds: Double

  /// Puts the result together.
  public init(planned: PlannedOutput, output: RunOutput?, message: String?, seconds: Double) {
    self.planned = planned
    self.output = output
    self.message = message
    self.seconds = seconds
  }
}

/// What a target of a template led to, in the shape of AIB's run outputs (`aib.md` d.1).
public struct RunOutput: Hashable, Sendable, Codable {
  /// What was made.
  public struct Properties: Hashable, Sendable, Codable {
    /// The id of the managed image or of the gallery's version; `nil` for a VHD.
    public let artifactId: String?
    /// The address of the VHD; `nil` for all else.
    public let artifactUri: String?
    /// `Succeeded`.
    public let provisioningState: String
  }

  /// The template's id with `/runOutputs/<name>`.
  public let id: String
  /// What the template calls it.
  public let name: String
  /// What was made.
  public let properties: Properties
  /// `Microsoft.VirtualMachineImages/imageTemplates/runOutputs`.
  public let type: String

  /// What was made, as its address or its id.
  enum Artifact {
    case id(String)
    case uri(String)
  }

  init(template: String, name: String, artifact: Artifact) {
    self.id = "\(template)/runOutputs/\(name)"
    self.name = name
    type = "Microsoft.VirtualMachineImages/imageTemplates/runOutputs"
    switch artifact {
    case .id(let id):
      properties = Properties(artifactId: id, artifactUri: nil, provisioningState: "Succeeded")
    case .uri(let uri):
      properties = Properties(artifactId: nil, artifactUri: uri, provisioningState: "Succeeded")
    }
  }
}

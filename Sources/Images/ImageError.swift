/// What could not be done with the images of this machine.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why, for those who decide by it.
  public enum Reason: Hashable, Sendable {
    /// The version that the template names is there already.
    case versionExists
    /// Another build makes that version at this moment.
    case versionTaken
    /// No version number can be found; why.
    case noVersion(String)
    /// The address of a VHD is none that can be written to; why.
    case address(String)
    /// There is less room than is needed, in bytes.
    case noRoom(needed: Int, available: Int)
    /// No image has that id or name; the ones that are near.
    case unknown(near: [String])
    /// More than one image has that name; their ids.
    case ambiguous([String])
    /// A build has the image as its base.
    case inUse
    /// A file is not what Kiln wrote; what is wrong.
    case damaged(String)
    /// The file system refused; its own words.
    case file(String)
    /// Other processes kept the store to themselves for too long.
    case busy
    /// The environment does not say where images belong.
    case nowhere
  }

  /// What was tried, as in "find the image `a`".
  public let operation: String
  /// Why it could not be done.
  public let reason: Reason

  /// Describes what could not be done.
  public init(_ operation: String, _ reason: Reason) {
    self.operation = operation
    self.reason = reason
  }

  /// What the user reads: `could not <operation>: <why>`.
  public var description: String { "could not \(operation): \(why)" }

  /// What to do next, where there is something.
  public var hint: String? {
    switch reason {
    case .versionExists:
      "remove it by `kiln images remove`, raise the number, or leave it out of `galleryImageId`"
    case .versionTaken: "wait for the other build, or leave the number out of `galleryImageId`"
    case .noVersion: "name the version in `galleryImageId`: `…/versions/1.0.0`"
    case .address: "give a path, a file:// URL, or nothing for a place in Kiln's own store"
    case .noRoom: "free some space; `kiln images` lists what takes it"
    case .unknown: "bake it first; `kiln images` lists what is here"
    case .ambiguous: "give the whole id"
    case .inUse: "wait until the build has ended"
    case .damaged: "remove the directory that the file is in"
    case .nowhere: "set XDG_DATA_HOME to an absolute path"
    case .busy: "run it again"
    case .file: nil
    }
  }

  private var why: String {
    switch reason {
    case .versionExists: "it exists already"
    case .versionTaken: "another build is making it"
    case .noVersion(let why), .address(let why), .damaged(let why), .file(let why): why
    case .noRoom(let needed, let available):
      "it may need \(megabytes(needed)) and \(megabytes(available)) are free"
    case .unknown(let near) where near.isEmpty: "there is none here"
    case .unknown(let near): "there is none here; near it are \(list(near))"
    case .ambiguous(let ids): "there are \(list(ids))"
    case .inUse: "a build has it as its base"
    case .busy: "another kiln keeps the store busy"
    case .nowhere: "neither XDG_DATA_HOME nor HOME is set"
    }
  }

  private func list(_ names: [String]) -> String {
    names.map { "`\($0)`" }.joined(separator: ", ")
  }

  private func megabytes(_ bytes: Int) -> String { "\((bytes + 999_999) / 1_000_000) MB" }
}

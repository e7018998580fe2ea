public import Disks
public import SystemPackage

/// The images on this machine: managed images, galleries with their definitions and versions, and
/// VHDs.
///
/// An image appears whole or not at all, under its own name, and its files never change: an image
/// that is made anew lies beside the old one until nobody has that as a base. Any number of
/// processes may use a store at the same time.
public struct ImageStore: Sendable {
  /// The store's directory, as an absolute path; it need not exist.
  public let root: FilePath
  /// What does the work on disks.
  public let tool: DiskTool

  /// The store in a directory.
  public init(at root: FilePath, tool: DiskTool = DiskTool()) {
    self.root = root
    self.tool = tool
  }

  /// The store under `XDG_DATA_HOME`, or under `~/.local/share` where that is not set.
  /// - Throws: ``ImageError`` where `environment` has neither that nor `HOME`.
  public init(
    environment: [String: String], tool: DiskTool = DiskTool()
  ) throws(ImageError) {
    // The XDG specification has relative paths ignored.
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
      self.init(at: FilePath(data).appending("kiln/images"), tool: tool)
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      self.init(at: FilePath(home).appending(".local/share/kiln/images"), tool: tool)
    } else {
      throw ImageError("find the directory of the images", .nowhere)
    }
  }

  var layout: StoreLayout { StoreLayout(root: root) }
}

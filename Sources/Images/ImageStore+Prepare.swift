internal import Disks
internal import Glibc
internal import SystemPackage
public import Template

extension ImageStore {
  /// Settles where a target's output will be, before the build, and finds what would fail after it.
  ///
  /// Room is looked for for this target alone, without what other targets and builds will take.
  /// - Throws: ``ImageError``: an explicit version that is there already, no number for a new one,
  ///   the address of a VHD that is no path of this machine, a store that can't be written to, or too
  ///   little room.
  public func prepare(
    _ distributor: Distributor, for build: ExpectedBuild
  ) async throws -> PreparedOutput {
    let prepared =
      switch distributor.target {
      case .managedImage(let id, let location):
        PreparedOutput(
          distributor, .managedImage(id, location: location), extraFormats: build.extraFormats)
      case .sharedImage(let image): try await prepareVersion(of: image, distributor, build)
      case .vhd(let uri): try await prepareVHD(uri, distributor, build)
      }
    try checkAccess()
    try checkRoom(for: prepared, build)
    return prepared
  }

  /// Every output begins in the same directory.
  private func checkAccess() throws(ImageError) {
    try Files.makeDirectories(layout.partial)
    guard access(layout.partial.string, W_OK | X_OK) == 0 else {
      throw .refused("write to `\(layout.partial)`", errno)
    }
  }

  private func checkRoom(
    for prepared: PreparedOutput, _ build: ExpectedBuild
  ) throws(ImageError) {
    let place = if case .vhdFile(let path) = prepared.place { path } else { root }
    let available = try Files.room(at: place)
    let (needed, isHuge) = build.diskBytes.multipliedReportingOverflow(by: prepared.formats.count)
    guard !isHuge, needed <= available else {
      throw ImageError(
        "make `\(prepared.distributor.runOutputName)` in `\(place)`",
        .noRoom(needed: isHuge ? .max : needed, available: available))
    }
  }
}

// MARK: - Versions

extension ImageStore {
  private func prepareVersion(
    of image: SharedImage, _ distributor: Distributor, _ build: ExpectedBuild
  ) async throws -> PreparedOutput {
    let operation = "find a version for `\(image.imageID)`"
    let definition = try layout.definition(image.imageID)
    return try await StoreLock.held(in: root, for: operation) { () throws(ImageError) in
      try Files.makeDirectories(definition)
      let present = try versions(in: definition)
      let reserved = try reservedVersions(in: definition)
      let next = NextVersion(
        taken: present.union(reserved), source: build.sourceVersion, started: build.started,
        operation: operation)
      let version = try next.number(by: image.versioning)
      let making = "make version `\(version)` of `\(image.imageID)`"
      if present.contains(version) { throw ImageError(making, .versionExists) }
      guard
        let reservation = try FileLock(Self.reservation(of: "\(version)", definition), .exclusive)
      else { throw ImageError(making, .versionTaken) }
      return PreparedOutput(
        distributor, .version(version, image), extraFormats: build.extraFormats,
        reservation: reservation)
    }
  }

  /// The versions of an image definition that are there.
  func versions(in definition: FilePath) throws(ImageError) -> Set<ImageVersion> {
    var found: Set<ImageVersion> = []
    for name in try Files.names(in: definition) {
      guard let version = ImageVersion(name) else { continue }
      if try Slot(path: definition.appending(name)).newest() != nil { found.insert(version) }
    }
    return found
  }

  /// The versions of an image definition that builds are making; what was left is removed.
  private func reservedVersions(in definition: FilePath) throws(ImageError) -> Set<ImageVersion> {
    var found: Set<ImageVersion> = []
    for name in try Files.names(in: definition) where name.hasPrefix(Self.reservedPrefix) {
      let path = definition.appending(name)
      if try FileLock(path, .exclusive) != nil {
        try Files.remove(path)
      } else if let version = ImageVersion(String(name.dropFirst(Self.reservedPrefix.count))) {
        found.insert(version)
      }
    }
    return found
  }

  static let reservedPrefix = ".reserved-"

  private static func reservation(of name: String, _ directory: FilePath) -> FilePath {
    directory.appending(reservedPrefix + name)
  }
}

// MARK: - VHDs

extension ImageStore {
  private func prepareVHD(
    _ uri: String?, _ distributor: Distributor, _ build: ExpectedBuild
  ) async throws -> PreparedOutput {
    let operation = "write a VHD to `\(uri ?? "")`"
    switch try VHDAddress(uri, operation) {
    case .file(let path):
      let prepared = PreparedOutput(
        distributor, .vhdFile(path), extraFormats: build.extraFormats)
      try await StoreLock.held(in: root, for: operation) { () throws(ImageError) in
        try checkPlaces(prepared, operation)
      }
      return prepared
    case .store(let notes):
      let operation = "find a name for the VHD `\(distributor.runOutputName)`"
      return try await StoreLock.held(in: root, for: operation) { () throws(ImageError) in
        try Files.makeDirectories(layout.vhds)
        var name = VHDAddress.name(for: distributor.runOutputName, at: build.started)
        while true {
          let path = Self.reservation(of: name, layout.vhds)
          if !Files.exists(layout.vhd(named: name).path),
            let reservation = try FileLock(path, .exclusive)
          {
            return PreparedOutput(
              distributor, .vhd(named: name), extraFormats: build.extraFormats, notes: notes,
              reservation: reservation)
          }
          name += "_"
        }
      }
    }
  }

  /// Whether each of the files can be put in its place: what a build did not put there stays.
  private func checkPlaces(_ prepared: PreparedOutput, _ operation: String) throws(ImageError) {
    guard case .vhdFile(let path) = prepared.place else { return }
    let directory = path.removingLastComponent()
    guard access(directory.string, W_OK | X_OK) == 0 else {
      let why = String(cString: strerror(errno))
      throw ImageError(operation, .address("nothing can be written to `\(directory)` (\(why))"))
    }
    let earlier = try layout.vhd(at: path).newest().flatMap { try? MetadataFile.load($0) }
    let ours = Set(earlier?.disks.map(\.path) ?? [])
    for format in prepared.formats {
      let file = format == .vhd ? path : VHDAddress.beside(path, format)
      guard Files.exists(file), !ours.contains(file) else { continue }
      if format == .vhd, Self.isReplaceable(file) { continue }
      throw ImageError(operation, .address("`\(file)` is there, and no build of yours made it"))
    }
  }

  /// Whether a file is empty, or a VHD, which a new one may replace.
  private static func isReplaceable(_ path: FilePath) -> Bool {
    var status = stat()
    guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return status.st_size == 0 || (try? VHDFooter.read(path)) != nil
  }
}

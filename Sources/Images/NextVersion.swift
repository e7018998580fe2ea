public import FoundationEssentials
public import Template

/// How the number of a new version is found (`aib.md` d.3).
public struct NextVersion {
  /// The versions that are there, and those that builds are making.
  let taken: Set<ImageVersion>
  /// The number of the source's own version, where it has one.
  let source: String?
  /// When the build began.
  let started: Date
  /// What is said where there is none.
  let operation: String

  /// Knows what there is.
  public init(taken: Set<ImageVersion>, source: String?, started: Date, operation: String) {
    self.taken = taken
    self.source = source
    self.started = started
    self.operation = operation
  }

  /// The number for a new version.
  /// - Throws: ``ImageError`` of reason ``ImageError/Reason/noVersion(_:)``, or
  ///   ``ImageError/Reason/versionExists`` for `Source`, where nothing new can be told apart.
  public func number(by versioning: SharedImage.Versioning) throws(ImageError) -> ImageVersion {
    switch versioning {
    case .explicit(let text): try explicit(text)
    case .latest(let major): try latest(major)
    case .source: try ofSource()
    case .monotonic: try ofTime()
    }
  }

  private func explicit(_ text: String) throws(ImageError) -> ImageVersion {
    guard let version = ImageVersion(text) else {
      throw none("`\(text)` is not three numbers up to \(ImageVersion.maximum)")
    }
    return version
  }

  /// The highest version of that major number, or of all, with the patch number one higher.
  ///
  /// What the service does for the first version is not published. Here it is the one after
  /// `<major>.0.0`, and after `0.0.0` where no major number is given.
  private func latest(_ major: Int?) throws(ImageError) -> ImageVersion {
    let highest = taken.filter { major == nil || $0.major == major }.max()
    let before = highest ?? ImageVersion(major ?? 0, 0, 0)
    guard let before, let next = ImageVersion(before.major, before.minor, before.patch + 1) else {
      let last = highest.map { "`\($0)`" } ?? "major number \(major ?? 0)"
      throw none("there is no number after \(last), as each ends at \(ImageVersion.maximum)")
    }
    return next
  }

  /// The source's own number; the service's algorithm is not published.
  private func ofSource() throws(ImageError) -> ImageVersion {
    guard let source else { throw none("the source has no version") }
    guard let version = ImageVersion(source) else {
      throw none(
        "the source's version `\(source)` is not three numbers up to \(ImageVersion.maximum)")
    }
    return version
  }

  /// `0.<t >> 16>.<t & 0xFFFF>` with t in seconds since 1970; a second that is taken is passed by.
  private func ofTime() throws(ImageError) -> ImageVersion {
    let start = Int(started.timeIntervalSince1970)
    // One more second than there are versions is free.
    for time in start...(start + taken.count) {
      guard let version = ImageVersion(0, time >> 16, time & 0xFFFF) else { break }
      if !taken.contains(version) { return version }
    }
    throw none("the time of the build is out of range")
  }

  private func none(_ why: String) -> ImageError { ImageError(operation, .noVersion(why)) }
}

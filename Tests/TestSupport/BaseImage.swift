internal import FoundationEssentials
public import Testing

/// The image that tests start virtual machines from: a Debian with cloud-init.
public enum BaseImage {
  /// `$KILN_TEST_IMAGE`, or what `scripts/test` makes; `nil` where neither is there.
  public static let path: String? = {
    let named = ProcessInfo.processInfo.environment["KILN_TEST_IMAGE"]
    return [named, "\(packageRoot)/.build/images/base.qcow2"].compactMap(\.self)
      .first { FileManager.default.fileExists(atPath: $0) }
  }()
}

extension Trait where Self == ConditionTrait {
  /// Skips a test that starts a virtual machine, and says so, where there is no image for one.
  public static var requiresBaseImage: Self {
    .enabled(
      if: BaseImage.path != nil, "SKIPPED: needs KILN_TEST_IMAGE, or what scripts/base-image makes")
  }
}

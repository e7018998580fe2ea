/// A version of the `Microsoft.VirtualMachineImages` API, oldest first (`aib.md`).
public enum APIVersion: String, CaseIterable, Comparable, Codable, Sendable {
  /// The first preview.
  case v2018_02_01_preview = "2018-02-01-preview"
  /// The preview that brought managed images, PowerShell and restarts.
  case v2019_02_01_preview = "2019-02-01-preview"
  /// The preview that brought identities and files.
  case v2019_05_01_preview = "2019-05-01-preview"
  /// The first stable version.
  case v2020_02_14 = "2020-02-14"
  /// The version that brought identities for the build VM.
  case v2021_10_01 = "2021-10-01"
  /// The version that brought validation.
  case v2022_02_14 = "2022-02-14"
  /// The version that brought optimisation, versioning and target regions.
  case v2022_07_01 = "2022-07-01"
  /// The version that brought error handling.
  case v2023_07_01 = "2023-07-01"
  /// The version from which names must be exact and known.
  case v2024_02_01 = "2024-02-01"
  /// The newest version.
  case v2025_10_01 = "2025-10-01"

  /// The newest version.
  public static let newest = v2025_10_01

  /// Orders versions by age, the oldest first.
  public static func < (left: APIVersion, right: APIVersion) -> Bool {
    // The dates sort as text, and no two versions share one.
    left.rawValue < right.rawValue
  }

  /// Whether the service refuses unknown fields and field names in another case, as it does from
  /// 2024-02-01 on (release notes of that version).
  public var refusesUnknownFields: Bool { self >= .v2024_02_01 }
}

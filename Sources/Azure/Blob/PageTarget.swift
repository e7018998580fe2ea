internal import CCrypto
internal import FoundationEssentials
public import Pipeline

/// Where pages are written to.
public enum PageTarget: Sendable, CustomStringConvertible {
  /// A page blob.
  case blob(BlobAddress)
  /// A disk, by an address that lets write it.
  case sas(Secret)

  /// The blob's address, or that it is a disk.
  public var description: String {
    switch self {
    case .blob(let address): address.url
    case .sas: "the disk"
    }
  }
}

/// The checksum that the storage service checks bodies by.
enum MD5 {
  static func base64(of bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 16)
    var count: UInt32 = 0
    guard EVP_Digest(bytes, bytes.count, &digest, &count, EVP_md5(), nil) == 1 else { return "" }
    return Data(digest).base64EncodedString()
  }
}

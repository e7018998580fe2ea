internal import FoundationEssentials
internal import Glibc

/// What cloud-init in a build VM is told at its first start, by its NoCloud source.
///
/// It makes the build user with a key and `sudo`, gives the guest the host key that is expected of
/// it, and lets the root file system grow. It installs and updates nothing: what is in the image is
/// the template's affair. Of the network it says nothing: cloud-init then asks DHCP on the card that
/// it finds, by whatever the image has for that, while a card that is named by a pattern is understood
/// by netplan alone.
public struct CloudInitSeed: Sendable, Hashable {
  /// The user to make, with `sudo` without a password and no password of its own.
  public var user: String
  /// Its login shell, which must exist in the image; where `nil`, the distribution's default.
  public var shell: String?
  /// The public keys that it is reached with, as `authorized_keys` has them.
  public var authorizedKeys: [String]
  /// The guest's ed25519 host key: a private key file in OpenSSH's format.
  public var hostPrivateKey: String
  /// The public part of it, as `ssh_host_ed25519_key.pub` has it.
  public var hostPublicKey: String
  /// The guest's name.
  public var hostname: String
  /// Another for each run: cloud-init does its work once for each.
  public var instanceID: String
  /// Whether partitions are looked at for one that can grow; it costs a second of the boot where there
  /// is no KVM.
  public var growsPartitions: Bool

  /// Describes a seed.
  public init(
    user: String, shell: String? = "/bin/bash", authorizedKeys: [String],
    hostPrivateKey: String, hostPublicKey: String, hostname: String, instanceID: String,
    growsPartitions: Bool = true
  ) {
    self.user = user
    self.shell = shell
    self.authorizedKeys = authorizedKeys
    self.hostPrivateKey = hostPrivateKey
    self.hostPublicKey = hostPublicKey
    self.hostname = hostname
    self.instanceID = instanceID
    self.growsPartitions = growsPartitions
  }

  /// Writes the seed as a disk image, which holds a private key: only its owner may read it.
  /// - Throws: ``QEMUError`` with the file system's reason.
  public func write(to path: String) throws(QEMUError) {
    let image = try image()
    // Made anew with its mode, so that there is no moment at which others can open it.
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .file("make the seed `\(path)`", errno) }
    defer { close(descriptor) }
    var written = 0
    while written < image.count {
      let count = image.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      if count > 0 {
        written += count
      } else if errno != EINTR {
        throw .file("write the seed `\(path)`", errno)
      }
    }
  }

  /// The disk image: its label, `cidata`, is what cloud-init looks for.
  private func image() throws(QEMUError) -> [UInt8] {
    ISOImage(
      label: "cidata",
      files: [
        ISOImage.File(name: "meta-data", content: try json(metaData)),
        ISOImage.File(
          name: "user-data", content: Array("#cloud-config\n".utf8) + (try json(userData))),
      ]
    ).bytes
  }

  private var metaData: JSON {
    ["instance-id": .string(instanceID), "local-hostname": .string(hostname)]
  }

  private var userData: JSON {
    var account: [String: JSON] = [
      "name": .string(user), "gecos": "Image build", "sudo": "ALL=(ALL) NOPASSWD:ALL",
      "lock_passwd": true, "ssh_authorized_keys": .array(authorizedKeys.map { .string($0) }),
    ]
    account["shell"] = shell.map { .string($0) }
    return [
      // No `default` among them: the distribution's own user is not made.
      "users": [.object(account)],
      "ssh_deletekeys": true, "ssh_genkeytypes": ["ed25519"],
      "ssh_keys": [
        "ed25519_private": .string(hostPrivateKey), "ed25519_public": .string(hostPublicKey),
      ],
      "growpart": ["mode": growsPartitions ? "auto" : "off", "devices": ["/"]],
      "resize_rootfs": true,
      "package_update": false, "package_upgrade": false,
    ]
  }

  /// JSON is YAML.
  private func json(_ value: JSON) throws(QEMUError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    do {
      return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    } catch {
      throw QEMUError(.badSpec, "could not write the seed", "a value of it is no text")
    }
  }
}

extension CloudInitSeed: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Without the private key.
  public var description: String { "cloud-init seed of \(hostname) for \(user)" }
  /// Without the private key.
  public var debugDescription: String { description }
  /// Nothing to look into.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

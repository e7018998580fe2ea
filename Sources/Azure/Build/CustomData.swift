internal import FoundationEssentials
public import Pipeline

/// What cloud-init in a build VM on Azure is told at its first start: the host key that is
/// expected of the machine.
///
/// Azure itself makes the user.
public struct CustomData: Sendable, Hashable {
  /// The ed25519 host key, a private key file in OpenSSH's format.
  public let hostPrivateKey: Secret
  /// The public part of it, as `ssh_host_ed25519_key.pub` has it.
  public let hostPublicKey: String

  /// Hands over a host key.
  public init(hostPrivateKey: Secret, hostPublicKey: String) {
    self.hostPrivateKey = hostPrivateKey
    self.hostPublicKey = hostPublicKey
  }

  /// The cloud-config; JSON is YAML.
  var text: String {
    let config: JSON = [
      "ssh_deletekeys": true, "ssh_genkeytypes": ["ed25519"],
      "ssh_keys": [
        "ed25519_private": .string(hostPrivateKey.revealed),
        "ed25519_public": .string(hostPublicKey),
      ],
      "package_update": false, "package_upgrade": false,
    ]
    return "#cloud-config\n\(config)\n"
  }

  /// The text in base64, as Azure wants it.
  var base64: String { Data(text.utf8).base64EncodedString() }
}

internal import Pipeline
internal import Template

extension StagingPlan {
  /// The body of the machine's PUT (`azure.md` 4).
  var machineBody: JSON {
    var body: JSON = ["properties": machineProperties]
    if let plan = purchasePlan {
      body["plan"] = [
        "name": .string(plan.name), "product": .string(plan.product),
        "publisher": .string(plan.publisher),
      ]
    }
    if !machine.identities.isEmpty {
      let identities = machine.identities.map { ($0, JSON.object([:])) }
      body["identity"] = [
        "type": "UserAssigned",
        "userAssignedIdentities": .object(Dictionary(identities) { $1 }),
      ]
    }
    return body
  }

  private var machineProperties: JSON {
    var properties: JSON = [
      "hardwareProfile": ["vmSize": .string(machine.size)],
      "storageProfile": ["imageReference": imageReference, "osDisk": disk],
      "osProfile": profile,
      "networkProfile": [
        "networkInterfaces": [
          [
            "id": .string(names.card.text),
            "properties": ["primary": true, "deleteOption": "Delete"],
          ]
        ]
      ],
      // The serial console's log, for when the machine can't be reached.
      "diagnosticsProfile": ["bootDiagnostics": ["enabled": true]],
    ]
    if machine.security == .trustedLaunch {
      properties["securityProfile"] = [
        "securityType": "TrustedLaunch",
        "uefiSettings": ["secureBootEnabled": true, "vTpmEnabled": true],
      ]
    }
    if machine.priority == .spot {
      properties["priority"] = "Spot"
      properties["evictionPolicy"] = "Deallocate"
      // At most the usual price.
      properties["billingProfile"] = ["maxPrice": -1]
    }
    return properties
  }

  private var purchasePlan: PurchasePlan? {
    switch machine.origin {
    case .platform(let image): image.plan
    case .image(_, let plan): plan
    }
  }

  private var imageReference: JSON {
    switch machine.origin {
    case .platform(let image):
      [
        "publisher": .string(image.publisher), "offer": .string(image.offer),
        "sku": .string(image.sku), "version": .string(image.version),
      ]
    case .image(let id, _): ["id": .string(id.text)]
    }
  }

  /// Disk and card go with the machine, also where nobody is left to remove them.
  private var disk: JSON {
    var disk: JSON = [
      "name": .string(names.disk["disks"] ?? ""), "createOption": "FromImage",
      "caching": "ReadWrite", "deleteOption": "Delete",
      "managedDisk": ["storageAccountType": "StandardSSD_LRS"],
    ]
    if case .gigabytes(let size) = machine.diskSize { disk["diskSizeGB"] = .integer(Int64(size)) }
    return disk
  }

  private var profile: JSON {
    var profile: JSON = [
      "computerName": .string(names.computerName), "adminUsername": .string(machine.user),
    ]
    switch machine.account {
    case .linux(let authorizedKey, let customData):
      profile["customData"] = .string(customData.base64)
      profile["linuxConfiguration"] = [
        "disablePasswordAuthentication": true,
        "ssh": [
          "publicKeys": [
            [
              // Azure takes no other path.
              "path": .string("/home/\(machine.user)/.ssh/authorized_keys"),
              "keyData": .string(authorizedKey),
            ]
          ]
        ],
      ]
    case .windows(let password):
      profile["adminPassword"] = .string(password.revealed)
      profile["windowsConfiguration"] = [
        // RunCommand is the agent's work; updates are the template's.
        "provisionVMAgent": true, "enableAutomaticUpdates": false,
      ]
    }
    return profile
  }
}

extension Schema {
  /// The body of an image template.
  static let document = Schema(
    subject: "an image template",
    fields: [
      Field(
        "name", .name, "The template's name; on Azure the request's address has it.",
        role: .value),
      Field(
        "location", .text, "The Azure region of the build; of no meaning elsewhere.",
        need: .required),
      Field("tags", .tags, "Tags of the template itself; `artifactTags` are those of an image."),
      Field(
        "identity", .object(identity), "Who reads scripts and sources, and writes the results.",
        need: .onAzure(since: .v2020_02_14), since: .v2019_05_01_preview),
      Field(
        "properties", .object(properties), "What is built, from what, and where it goes.",
        need: .required),
      Field(
        "apiVersion", .text, "The version of the API that the template is for.", role: .ignored),
      Field("type", .text, "`Microsoft.VirtualMachineImages/imageTemplates`.", role: .ignored),
      Field("dependsOn", .anything, "What a deployment makes first.", role: .ignored),
      Field("$schema", .text, "The schema that editors check by.", role: .ignored),
      Field("id", .anything, "Written by the service.", role: .readOnly),
      Field("systemData", .anything, "Written by the service.", role: .readOnly),
    ])

  static let identity = Schema(
    subject: "`identity`",
    fields: [
      Field("type", .words([Choice("UserAssigned"), Choice("None")]), "The kind of identity."),
      Field(
        "userAssignedIdentities", .identities, "The id of one identity, with `{}` as its value."),
      Field("principalId", .anything, "Written by the service.", role: .readOnly),
      Field("tenantId", .anything, "Written by the service.", role: .readOnly),
    ])

  static let properties = Schema(
    subject: "`properties`",
    fields: [
      Field("source", .union(.source), "The image to start from.", need: .required),
      Field("customize", .unions(.customizers), "What is done to the image, in order."),
      Field("distribute", .unions(.distributors), "Where the image goes.", need: .required),
      Field(
        "validate", .object(validate), "Tests of the image, in a machine made from it.",
        since: .v2022_02_14),
      Field("optimize", .object(optimize), "What is optimised in the image.", since: .v2022_07_01),
      Field(
        "vmProfile", .object(vmProfile), "The machine that the image is built on.",
        since: .v2019_05_01_preview),
      Field(
        "buildTimeoutInMinutes", .integer(0...BuildTimeout.maximumMinutes),
        "How long the whole build may take; 0 stands for 240.", since: .v2019_05_01_preview),
      Field(
        "stagingResourceGroup", .text, "The id of an empty resource group for the build's parts.",
        since: .v2022_02_14),
      Field(
        "errorHandling", .object(errorHandling), "What becomes of a machine after an error.",
        since: .v2023_07_01),
      Field(
        "autoRun", .object(autoRun), "Whether a build starts by itself.", since: .v2024_02_01),
      Field(
        "managedResourceTags", .tags, "Tags of what the service makes for a build.",
        since: .v2024_02_01),
      Field(
        "additionalDataDisks", .objects(dataDisk), "Empty disks that become part of the image.",
        since: .v2025_10_01),
      Field("provisioningState", .anything, "Written by the service.", role: .readOnly),
      Field("provisioningError", .anything, "Written by the service.", role: .readOnly),
      Field("lastRunStatus", .anything, "Written by the service.", role: .readOnly),
      Field("exactStagingResourceGroup", .anything, "Written by the service.", role: .readOnly),
    ])

  /// What the API's `int32` holds.
  static let most = Int(Int32.max)
}

/// The parts of `properties` that are small.
extension Schema {
  static let errorHandling = Schema(
    subject: "`errorHandling`",
    fields: [
      Field(
        "onCustomizerError", .words(Choice.all(ErrorHandling.Reaction.self)),
        "After a customizer failed; `abort` keeps the machine."),
      Field(
        "onValidationError", .words(Choice.all(ErrorHandling.Reaction.self)),
        "After a validation failed; `abort` keeps the machine."),
    ])

  static let autoRun = Schema(
    subject: "`autoRun`",
    fields: [
      Field(
        "state", .words(Choice.all(Switch.self)),
        "Whether a build starts when the template is created.")
    ])

  static let dataDisk = Schema(
    subject: "a data disk",
    fields: [Field("sizeGB", .integer(0...most), "Its size in GiB.")])

  static let optimize = Schema(
    subject: "`optimize`",
    fields: [
      Field("vmBoot", .object(vmBoot), "Whether machines made from the image start faster."),
      Field(
        "workload", .object(workload), "A script that optimises the image for what it will run.",
        since: .v2025_10_01),
    ])

  static let vmBoot = Schema(
    subject: "`vmBoot`",
    fields: [Field("state", .words(Choice.all(Switch.self)), "Whether that is done.")])

  static let workload = Schema(
    subject: "`workload`",
    fields: [
      Field("state", .words(Choice.all(Switch.self)), "Whether the script is run."),
      Field("scriptUri", .text, "The script's address."),
      Field("sha256Checksum", .checksum, "The SHA-256 of the script."),
    ])

  static let vmProfile = Schema(
    subject: "`vmProfile`",
    fields: [
      Field("vmSize", .text, "The machine's size, as in `Standard_D2s_v3`."),
      Field(
        "osDiskSizeGB", .integer(0...most), "The size of its disk; 0 keeps the source's.",
        since: .v2020_02_14),
      Field(
        "userAssignedIdentities", .texts, "Ids of the identities that the machine itself has.",
        since: .v2021_10_01),
      Field("vnetConfig", .object(vnetConfig), "The network it is in.", since: .v2020_02_14),
    ])

  static let vnetConfig = Schema(
    subject: "`vnetConfig`",
    fields: [
      Field("subnetId", .text, "The id of a subnet for the machine."),
      Field("proxyVmSize", .text, "The size of the proxy machine.", since: .v2021_10_01),
      Field(
        "containerInstanceSubnetId", .text,
        "The id of another subnet of the same network, for the service's containers.",
        since: .v2024_02_01),
    ])
}

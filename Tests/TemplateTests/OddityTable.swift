import Testing

@testable import Template

/// Something odd that public templates do (`aib.md` e), in as small a template as shows it, and
/// what must be said of it.
struct CommonOddity: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let text: String
  /// What is said, in the order of the text.
  let codes: [Diagnostic.Code]
  /// Whether Kiln builds it.
  let isBuilt: Bool
  /// Whether the service takes it.
  let isAccepted: Bool
  /// The end of a public file's path in the table of verdicts that has it as well; `nil` where
  /// no file that is here has it.
  let file: String?
}

extension CommonOddity {
  private static func step(
    _ name: String, _ step: String, _ codes: [Diagnostic.Code], built: Bool = true,
    accepted: Bool = true, file: String? = nil
  ) -> CommonOddity {
    template(
      name, SampleTemplate(customize: "[\(step)]"), codes, built: built, accepted: accepted,
      file: file)
  }

  private static func template(
    _ name: String, _ sample: SampleTemplate, _ codes: [Diagnostic.Code], built: Bool = true,
    accepted: Bool = true, file: String? = nil
  ) -> CommonOddity {
    CommonOddity(
      testDescription: name, text: sample.text, codes: codes, isBuilt: built,
      isAccepted: accepted && built, file: file)
  }

  private static func text(
    _ name: String, _ change: (String) -> String, _ codes: [Diagnostic.Code], built: Bool = true,
    accepted: Bool = true, file: String? = nil
  ) -> CommonOddity {
    CommonOddity(
      testDescription: name, text: change(SampleTemplate().text), codes: codes, isBuilt: built,
      isAccepted: accepted && built, file: file)
  }

  private static let image =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i"
  private static let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i"

  private static func vhd(_ more: String) -> SampleTemplate {
    SampleTemplate(distribute: #"[{"type": "VHD", "runOutputName": "o", \#(more)}]"#)
  }

  /// How the text is written.
  static let syntax = [
    text(
      "a comma before a bracket", { $0.replacing("]\n}}", with: "],\n}}") }, [.trailingComma],
      file: "jdrepo__AIB/W11MSAVDSIG/CreateW11MSAVDVHD.json"),
    text(
      "a comment", { $0.replacing("\"location\"", with: "// here\n\"location\"") }, [.comment]),
    text(
      "a placeholder without quotes", { $0.replacing("\"westeurope\"", with: "<region>") },
      [.bareWord], built: false,
      file: "workload/workshop/Azure Image Builder/armTemplateWinSIG.json"),
    text("a byte-order mark", { "\u{FEFF}" + $0 }, []),
    text(
      "a missing comma", { $0.replacing("\"westeurope\",", with: "\"westeurope\"") },
      [.missingComma], built: false),
    text(
      "an object that is closed twice", { $0.replacing("[],", with: "[{}}],") }, [.syntax],
      built: false, file: "JohanVanneuville__WVDImagebuilder/armTemplateWVD.json"),
  ]

  /// Names of fields.
  static let names = [
    template(
      "`aritfactTags`", vhd(#""aritfactTags": {}"#), [.unknownField],
      file: "solutions/4_Using_ENV_Variables/devOpsEnvTemplate.json"),
    template("`tags` for `artifactTags`", vhd(#""tags": {}"#), [.unknownField]),
    step(
      "`RunElevated`", #"{"type": "PowerShell", "inline": ["a"], "RunElevated": true}"#,
      [.fieldSpelling], file: "jdrepo__AIB/CreateW2019AVDSIG.json"),
    step(
      "`valid_exit_codes`",
      #"{"type": "PowerShell", "inline": ["a"], "valid_exit_codes": [0, 3010]}"#, [.unknownField]),
    step(
      "`pause_before`", #"{"type": "PowerShell", "inline": ["a"], "pause_before": "5m"}"#,
      [.unknownField]),
    step(
      "`script` for `scriptUri`", #"{"type": "Shell", "script": "https://a/b.sh"}"#,
      [.noScript, .fieldGone], built: false,
      file: "0_Creating_a_Custom_SLES_Managed_Image/SLESImageTemplateLinux.json"),
    template(
      "`imageVersionID`",
      SampleTemplate(
        source: #"{"type": "SharedImageVersion", "imageVersionID": "\#(image)/versions/1.0.0"}"#),
      [.fieldSpelling], file: "NakayamaKento__azureimagebuilder/Windows Update/WindowsUpdate.json"),
    template(
      "`imageid`", SampleTemplate(source: #"{"type": "ManagedImage", "imageid": "\#(id)"}"#),
      [.fieldSpelling], file: "Anirudh-Hungund__AIB-AVD/armTemplateWVD.json"),
    template(
      "`sourceURI`",
      SampleTemplate(
        customize:
          #"[{"type": "File", "sourceURI": "https://a/b", "destination": "/tmp/b"}]"#),
      [.fieldSpelling], file: "solutions/3_rhel_sig_vhd/rhel_iso_image_deploy_sigvhd.json"),
    template(
      "`UserAssignedIdentities`",
      SampleTemplate(
        identity: #""identity": {"type": "UserAssigned", "UserAssignedIdentities": {"/a/b": {}}},"#),
      [.fieldSpelling], file: "jdrepo__AIB/W2022AVDSIG/UpdateW2022AVDSIGG2.json"),
    step(
      "`Name`", #"{"type": "Shell", "Name": "one", "inline": ["a"]}"#, [.fieldSpelling]),
    template(
      "`hyperVGeneration` of a VM",
      SampleTemplate(properties: #" "vmProfile": {"hyperVGeneration": "V2"},"#), [.unknownField]),
    template(
      "`dataDisks` of a VM", SampleTemplate(properties: #" "vmProfile": {"dataDisks": []},"#),
      [.unknownField], file: "Info-First__imagebuilder/cm101armTemplateWin19.json"),
  ]

  /// Fields that only the service writes, and values of another type.
  static let values = [
    template(
      "`exactVersion`",
      SampleTemplate(
        source: #"{"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s", "#
          + #""version": "latest", "exactVersion": "1.0.0"}"#), [.readOnlyField],
      file: "9_Setting_up_a_Trigger_with_a_Custom_Linux_Image/helloImageTemplate.json"),
    template(
      "`lastRunStatus`", SampleTemplate(properties: #" "lastRunStatus": {},"#), [.readOnlyField],
      file: "achawla5__PSScripts/Templates/ImageTemplate1.json"),
    template(
      "`provisioningState`", SampleTemplate(properties: #" "provisioningState": "Succeeded","#),
      [.readOnlyField], file: "achawla5__PSScripts/Templates/TestTemplate.json"),
    template(
      "`id`", SampleTemplate(top: #""id": "/a/b","#), [.readOnlyField],
      file: "achawla5__PSScripts/Templates/TestTemplate.json"),
    step(
      "exit codes between quotes",
      #"{"type": "PowerShell", "inline": ["a"], "validExitCodes": ["0", "3010"]}"#,
      [.looseType, .looseType], accepted: false,
      file: "shaikhanwar__AzureVirtualDesktop/AIB/armTemplateAVD.json"),
    step(
      "`runElevated` between quotes",
      #"{"type": "PowerShell", "inline": ["a"], "runElevated": "false"}"#, [.looseType],
      accepted: false, file: "shaikhanwar__AzureVirtualDesktop/AIB/armTemplateAVD.json"),
    template(
      "`osDiskSizeGB` between quotes",
      SampleTemplate(properties: #" "vmProfile": {"osDiskSizeGB": "127"},"#), [.looseType],
      accepted: false),
    template(
      "`buildTimeoutInMinutes` as the word for a number",
      SampleTemplate(properties: #" "buildTimeoutInMinutes": "int","#), [.wrongType], built: false,
      file: "JimMoyle__CloudImageBuilder/Templates/GenericTemplate.json"),
    template(
      "`userAssignedIdentities` as a string",
      SampleTemplate(
        identity: #""identity": {"type": "UserAssigned", "userAssignedIdentities": "/a/b"},"#),
      [.looseType], accepted: false,
      file: "JimMoyle__CloudImageBuilder/Templates/GenericTemplate.json"),
    step(
      "`inline` as a string", #"{"type": "Shell", "inline": "a"}"#, [.looseType], accepted: false),
  ]

  /// What does not go together.
  static let rules = [
    step(
      "`runAsSystem` without `runElevated`",
      #"{"type": "PowerShell", "inline": ["a"], "runAsSystem": true}"#, [.runAsSystemAlone]),
    step(
      "`inline` and `scriptUri`",
      #"{"type": "PowerShell", "inline": ["a"], "scriptUri": "https://a/b.ps1"}"#, [.twoScripts],
      built: false, file: "dlhansford__azImageBuilder/wvdimagebuilder2.json"),
    step(
      "two steps of one name",
      #"{"type": "Shell", "name": "a", "inline": ["a"]}, {"type": "Shell", "name": "a", "inline": ["b"]}"#,
      []),
    template("no identity", SampleTemplate(identity: ""), [.noIdentity], accepted: false),
    text(
      "half of the resource type",
      {
        $0.replacing(
          "\"location\"", with: "\"type\": \"Microsoft.VirtualMachineImages\", \"location\"")
      }, [.resourceTypeSpelling],
      file: "4_Creating_a_Custom_Linux_Image_to_VHD/helloImageTemplateVHD.json"),
    template("no version", SampleTemplate(apiVersion: ""), [.noVersion]),
    template("no target", SampleTemplate(distribute: "[]"), [.nothingDistributed]),
    text("no steps", { $0.replacing("\"customize\": [],", with: "") }, []),
    template(
      "`sharedImage`, as the docs spell it",
      SampleTemplate(
        distribute:
          #"[{"type": "sharedImage", "runOutputName": "o", "galleryImageId": "\#(image)"}]"#),
      [.wordSpelling], accepted: false),
    template(
      "`managedImage`, as the docs spell it",
      SampleTemplate(
        distribute:
          #"[{"type": "managedImage", "runOutputName": "o", "imageId": "\#(id)", "location": "l"}]"#
      ), [.wordSpelling], accepted: false),
  ]
}

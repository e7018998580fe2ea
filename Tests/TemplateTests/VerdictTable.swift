@testable import Template

/// What must be said of a public file, found out by reading the file.
struct Verdict {
  enum Kind {
    /// The bare body of an image template.
    case body
    /// A whole ARM deployment template.
    case deployment
  }

  /// The end of the file's path, as far as it is the only one.
  let file: String
  let kind: Kind
  /// Whether Kiln builds it.
  let isValid: Bool
  /// Whether Azure Image Builder takes it, once its placeholders are filled in.
  let isAccepted: Bool
  /// Values for the parameters that a build depends on.
  let given: [String: String]
  /// What is odd, by line: all of it for a body, but for placeholders.
  let oddities: [Oddity]

  struct Oddity: Hashable {
    let line: Int
    let code: Diagnostic.Code

    init(_ line: Int, _ code: Diagnostic.Code) { (self.line, self.code) = (line, code) }
  }
}

extension Verdict {
  private static func body(
    _ file: String, _ oddities: [Oddity] = [], valid: Bool = true, accepted: Bool = true
  ) -> Verdict {
    Verdict(
      file: file, kind: .body, isValid: valid, isAccepted: accepted && valid, given: [:],
      oddities: oddities)
  }

  private static func deployment(
    _ file: String, _ oddities: [Oddity], given: [String: String] = [:], valid: Bool = true,
    accepted: Bool = true
  ) -> Verdict {
    Verdict(
      file: file, kind: .deployment, isValid: valid, isAccepted: accepted && valid, given: given,
      oddities: oddities)
  }

  private static func at(_ line: Int, _ code: Diagnostic.Code) -> Oddity { Oddity(line, code) }

  private static let checksum = String(repeating: "a", count: 64)
  private static let azure = "Azure__azvmimagebuilder/"
  private static let old = "Azure__azvmimagebuilder/deprecated/quickquickstarts/"
  private static let new = "Azure__azvmimagebuilder/quickquickstarts/"
  private static let daniel = "danielsollondon__azvmimagebuilder/"
  private static let casa = "casa-de-vops__azvmimagebuilder/templates/"
  private static let linux = "0_Creating_a_Custom_Linux_Managed_Image/helloImageTemplateLinux.json"
  private static let windows =
    "0_Creating_a_Custom_Windows_Managed_Image/helloImageTemplateWin.json"
  private static let gallery =
    "1_Creating_a_Custom_Linux_Shared_Image_Gallery_Image/helloImageTemplateforSIG.json"

  /// Bodies as they should be.
  static let clean = [
    body(new + linux), body(new + windows),
    body("JimMoyle__CloudImageBuilder/Templates/SampleTemplates/helloImageTemplateWin.old.json"),
    body("Karthiktandra__AzureImageBuilder/helloImageTemplateWin.json"),
    body("Rishabh-Tripathi16__hardening/helloImageTemplateWin.json"),
    body(
      "bebound__azure-cli/src/azure-cli/azure/cli/command_modules/vm/tests/latest/"
        + "image_template.json"),
    body("dlhansford__azImageBuilder/wvdimagebuilder.json"),
    body("gbeaud__avd-automated-pipeline/avd-azure-image-builder/windows11-multi-session.json"),
    body("subtitleuk__AIM/helloImageTemplateWinBH01.json"),
  ]

  /// Bodies with something odd.
  static let odd = [
    // A field that came with the next version, in the first quickstarts.
    body(old + linux, [at(24, .fieldTooNew)]),
    body(daniel + "quickquickstarts/" + linux, [at(24, .fieldTooNew)]),
    body(casa + linux, [at(24, .fieldTooNew)]),
    // And a kind of step, which the service took all the same.
    body(old + windows, [at(24, .fieldTooNew), at(64, .wordTooNew)]),
    body(
      "Karthiktandra__AzureImageBuilder/test.json", [at(24, .fieldTooNew), at(64, .wordTooNew)]),
    body(
      "MartinK-68__TestRep/helloImageTemplateWin.json",
      [at(17, .fieldTooNew), at(30, .wordTooNew)]),
    body(
      "MartinK-68__TestRep/helloImageTemplateWinUpdate.json",
      [at(17, .fieldTooNew), at(47, .wordTooNew)]),
    body(
      "daveconsilium__azureimagebuilder/helloImageTemplateWin2.json",
      [at(17, .fieldTooNew), at(57, .wordTooNew)]),
    // Half a resource type, as in official quickstarts.
    body(new + gallery, [at(2, .resourceTypeSpelling)]),
    body(old + gallery, [at(2, .resourceTypeSpelling), at(25, .fieldTooNew)]),
    body(
      "MartinK-68__TestRep/helloImageTemplateforReCustomization.json",
      [at(2, .resourceTypeSpelling), at(15, .wordTooNew)]),
    body(
      casa + "1_Creating_a_Custom_Linux_Shared_Image_Gallery_Image/GoldenLinuxImage.json",
      [at(2, .resourceTypeSpelling), at(19, .fieldTooNew), at(22, .fieldTooNew)]),
    body(
      casa + "1_Creating_a_Custom_Red_Hat_Shared_Image_Gallery_Image/GoldenRHELImage.json",
      [at(2, .resourceTypeSpelling), at(19, .fieldTooNew), at(22, .fieldTooNew)]),
    body(
      "mahendra-shinde__azure-image-builder/linux/scripts/image-template.json",
      [at(2, .resourceTypeSpelling), at(20, .fieldTooNew)]),
    // No identity, although the version demands one.
    body(
      new + "4_Creating_a_Custom_Linux_Image_to_VHD/helloImageTemplateVHD.json",
      [at(1, .noIdentity), at(2, .resourceTypeSpelling)], accepted: false),
    // A file for a folder that the service can't write to.
    body(
      "lnochili__E2E_Example_Workflow_AzureImageBuilder/arm-template/aib_template.json",
      [at(2, .resourceTypeSpelling), at(12, .fieldTooNew), at(31, .outsideTmp)]),
    // What the service writes itself, sent back.
    body(
      new + "9_Setting_up_a_Trigger_with_a_Custom_Linux_Image/helloImageTemplate.json",
      [at(12, .readOnlyField)]),
    body(
      "achawla5__PSScripts/Templates/ImageTemplate1.json",
      [at(1, .noVersion), at(60, .readOnlyField), at(61, .readOnlyField), at(82, .readOnlyField)]),
    body(
      "achawla5__PSScripts/Templates/TestTemplate.json",
      [at(1, .noVersion), at(53, .readOnlyField), at(69, .readOnlyField)]),
    // A body that was cut out of a deployment.
    body("achawla5__PSScripts/Templates/installLPWin11.json", [at(3, .unknownVersion)]),
    // Numbers and Booleans between quotes.
    body(
      "shaikhanwar__AzureVirtualDesktop/AIB/armTemplateAVD.json",
      [at(44, .looseType), at(45, .looseType), at(93, .looseType)], accepted: false),
  ]

  /// Bodies that can't be built, and files that are none.
  static let wrong = [
    // The name that a field had in the version before.
    body(
      daniel + "testingArea/suse/0_Creating_a_Custom_SLES_Managed_Image/"
        + "SLESImageTemplateLinux.json",
      [at(2, .resourceTypeSpelling), at(16, .noScript), at(19, .fieldGone)], valid: false),
    body("dlhansford__azImageBuilder/wvdimagebuilder2.json", [at(31, .twoScripts)], valid: false),
    // A script's address that the reader of the tutorial fills in.
    body(
      old + "7_Creating_Custom_Image_using_MSI_to_Access_Storage/helloImageTemplateMsi.json",
      [], valid: false),
    // A placeholder without quotes, and an object that is closed twice.
    body(
      "Azure__avdaccelerator/workload/workshop/Azure Image Builder/armTemplateWinSIG.json",
      [at(58, .bareWord)], valid: false),
    body("JohanVanneuville__WVDImagebuilder/armTemplateWVD.json", [at(82, .syntax)], valid: false),
    // Forms of the portal.
    body(
      "Azure__avdaccelerator/workload/portal-ui/portal-ui-custom-image.json",
      [at(1, .noTemplate)], valid: false),
    body(
      "jamasten__AzureImageBuilderAutomation/uiDefinition.json", [at(1, .noTemplate)],
      valid: false),
  ]

  /// Deployments, read as their tutorials send them: by a version that ignores unknown names.
  static let deployments = [
    // `RunElevated`, and a comma before a bracket.
    deployment(
      "jdrepo__AIB/W2022AVDSIG/CreateW2022AVDSIGG2.json",
      [
        at(60, .fieldSpelling), at(69, .fieldSpelling), at(87, .fieldSpelling),
        at(90, .trailingComma),
      ]),
    deployment("jdrepo__AIB/W11SSAVDSIG/CreateW11SSAVDSIGG2.json", [at(58, .fieldSpelling)]),
    deployment(
      "jdrepo__AIB/CreateW2019AVDSIG.json",
      [at(64, .fieldSpelling), at(67, .trailingComma)]),
    deployment("jdrepo__AIB/W11MSAVDSIG/CreateW11MSAVDSIGG2.json", [at(61, .fieldSpelling)]),
    deployment("jdrepo__AIB/W11MSAVDSIG/CreateW11MSAVDVHD.json", [at(103, .trailingComma)]),
    // `UserAssignedIdentities`.
    deployment("jdrepo__AIB/W2022AVDSIG/UpdateW2022AVDSIGG2.json", [at(110, .fieldSpelling)]),
    deployment(
      "jdrepo__AIB/W11SSAVDSIG/UpdateW11SSAVDSIGG2.json",
      [at(90, .trailingComma), at(109, .fieldSpelling)]),
    deployment(
      "jdrepo__AIB/UpdateW2019AVDSIG/UpdateW2019AVDSIG.json", [at(131, .fieldSpelling)],
      given: ["ScriptUri": "https://example.com/s.ps1"]),
    deployment("jdrepo__AIB/W11MSAVDSIG/UpdateW11MSAVDSIGG2.json", [at(110, .fieldSpelling)]),
    // `imageVersionID` and `imageid`.
    deployment(
      "NakayamaKento__azureimagebuilder/Windows Update/WindowsUpdate.json",
      [at(43, .fieldSpelling)]),
    deployment("Anirudh-Hungund__AIB-AVD/armTemplateWVD.json", [at(32, .fieldSpelling)]),
    // `aritfactTags`, copied from an official sample; two of the samples have no identity.
    deployment(
      azure + "solutions/4_Using_ENV_Variables/devOpsEnvTemplate.json",
      [at(72, .unknownField)], given: ["targetOS": "ubuntu", "packagesToInstall": "curl"]),
    deployment(
      daniel + "armTemplates/azplatform_image_deploy_sig.json", [at(77, .unknownField)],
      given: ["customizescriptpath": "https://example.com/s.sh"], accepted: false),
    deployment(
      daniel + "armTemplates/azplatform_image_deploy_mdi.json", [at(77, .unknownField)],
      given: ["customizescriptpath": "https://example.com/s.sh"], accepted: false),
    // A source that the service gave up, and one that it still had.
    deployment(
      daniel + "armTemplates/rhel_iso_image_deploy_mdi.json",
      [at(51, .isoSource), at(69, .unknownField)],
      given: ["sourceURI": "https://example.com/i.iso", "sha256Checksum": checksum], valid: false),
    deployment(
      daniel + "solutions/3_rhel_sig_vhd/rhel_iso_image_deploy_sigvhd.json",
      [at(39, .isoSource), at(41, .fieldSpelling)],
      given: ["sourceURI": "https://example.com/i.iso", "sha256Checksum": checksum]),
    // A field of machines, not of images.
    deployment("Info-First__imagebuilder/cm101armTemplateWin19.json", [at(71, .unknownField)]),
    // A form to be filled in.
    deployment(
      "JimMoyle__CloudImageBuilder/Templates/GenericTemplate.json",
      [at(27, .looseType), at(30, .wrongType), at(40, .nothingDistributed)], valid: false),
  ]
}

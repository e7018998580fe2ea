import Template
import Testing

@testable import PackerImport

/// What templates that people have published taught; the fixtures hold the same constructs in
/// words of our own.
@Suite struct PublicTemplateTests {
  /// A lesson: what a public template holds, in which fixture it stands, and what becomes of it.
  struct Lesson: Sendable, CustomTestStringConvertible {
    let from: String
    let fixture: String
    let construct: String
    /// A part of the result, or of a loss or a note.
    let evidence: String

    var testDescription: String { construct }
  }

  static let lessons: [Lesson] = [
    Lesson(
      from: "actions/runner-images images/ubuntu/templates", fixture: "linux-runner",
      construct: "a source's name is split out of a local that a variable picks",
      evidence: #""offer": "ubuntu-24_04-lts""#),
    Lesson(
      from: "actions/runner-images images/ubuntu/templates", fixture: "linux-runner",
      construct: "sudo sh -c '{{ .Vars }} {{ .Path }}' with an environment",
      evidence: "sudo sh -c 'DEBIAN_FRONTEND='noninteractive' HELPERS='/img/helpers'  /tmp/"),
    Lesson(
      from: "actions/runner-images images/ubuntu/templates", fixture: "linux-runner",
      construct: "the same without an environment runs a file as root",
      evidence: #""scriptUri": "scripts/limits.sh""#),
    Lesson(
      from: "actions/runner-images images/ubuntu/templates", fixture: "linux-runner",
      construct: "a script in PowerShell, run by pwsh on Linux", evidence: "pwsh -f /tmp/"),
    Lesson(
      from: "actions/runner-images images/ubuntu/templates", fixture: "linux-runner",
      construct: "a restart by expect_disconnect, and a pause after it", evidence: "sleep 300"),
    Lesson(
      from: "actions/runner-images images/ubuntu/templates", fixture: "linux-runner",
      construct: "dynamic blocks of tags", evidence: "the dynamic block `azure_tag`"),
    Lesson(
      from: "actions/runner-images images/ubuntu/templates", fixture: "linux-runner",
      construct: "a gallery whose name is empty has no effect",
      evidence: "names no gallery and has no effect"),
    Lesson(
      from: "actions/runner-images images/ubuntu/templates", fixture: "linux-runner",
      construct: "reports are downloaded", evidence: "brings no files back"),
    Lesson(
      from: "actions/runner-images images/ubuntu/templates", fixture: "linux-runner",
      construct: "a pause before deprovisioning goes with it",
      evidence: "what only waits for the deprovisioning"),
    Lesson(
      from: "schnerring/packer-windows-avd windows.pkr.hcl", fixture: "windows-desktop",
      construct: "an id marked as sensitive is a placeholder",
      evidence: "/subscriptions/<subscription_id>/resourceGroups/"),
    Lesson(
      from: "schnerring/packer-windows-avd windows.pkr.hcl", fixture: "windows-desktop",
      construct: "installers that end with 3010", evidence: "3010"),
    Lesson(
      from: "mracket/Automated-Image-Build Templates/W11", fixture: "windows-desktop",
      construct: "updates with filters and a limit", evidence: #""updateLimit": 25"#),
    Lesson(
      from: "mracket/Automated-Image-Build Templates/W11", fixture: "windows-desktop",
      construct: "a version out of the time", evidence: "/versions/<timestamp>"),
    Lesson(
      from: "mracket/Automated-Image-Build Templates/W11", fixture: "windows-desktop",
      construct: "a line that starts with a type in brackets",
      evidence: "[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12"),
    Lesson(
      from: "hashicorp/packer-plugin-azure example/windows_custom_image", fixture: "gallery",
      construct: "an attribute of an object whose key has spaces", evidence: #""Image Offer": "o""#),
    Lesson(
      from: "hashicorp/packer-plugin-azure example/windows_custom_image", fixture: "gallery",
      construct: "encrypted disks and kept disks have no place",
      evidence: "`disk_encryption_set_id`: a template has no such setting"),
    Lesson(
      from: "hashicorp/packer-plugin-azure example/windows_custom_image", fixture: "gallery",
      construct: "messages before Sysprep go with it", evidence: "only serve Sysprep"),
    Lesson(
      from: "markti/azure-terraformer 2023/013", fixture: "gallery",
      construct: "labels without quotes, and a build that names its source so",
      evidence: #""publisher": "p""#),
    Lesson(
      from: "jenkins-infra/packer-images", fixture: "gallery",
      construct: "a password of the build itself", evidence: "secrets are not copied"),
    Lesson(
      from: "hashicorp/packer-plugin-azure example/ubuntu.json", fixture: "json-linux",
      construct: "inline_shebang with sudo -E sh", evidence: "sudo -E sh '/tmp/packer-script-2.sh'"),
    Lesson(
      from: "hashicorp/packer-plugin-azure example/rhel.json", fixture: "json-linux",
      construct: "a password piped into sudo", evidence: "the password is left out"),
    Lesson(
      from: "kubernetes-sigs/image-builder images/capi/packer/azure/packer.json",
      fixture: "json-linux", construct: "several builders that differ in what they make",
      evidence: "the source `azure-arm.sig-stable` is left out"),
    Lesson(
      from: "kubernetes-sigs/image-builder images/capi/packer/azure/packer.json",
      fixture: "json-linux", construct: "ansible and goss", evidence: "a `ansible` provisioner"),
    Lesson(
      from: "kubernetes-sigs/image-builder images/capi/packer/azure/packer.json",
      fixture: "json-linux", construct: "waagent within a command of bash",
      evidence: "left out whole"),
    Lesson(
      from: "hashicorp/packer-plugin-azure example/windows_custom_image.json",
      fixture: "json-windows", construct: "a VHD as the source", evidence: "a VHD is no source"),
    Lesson(
      from: "kubernetes-sigs/image-builder images/capi/packer/azure/packer-windows.json",
      fixture: "json-windows", construct: "elevated as the user that Packer logs in as",
      evidence: #""runElevated": true"#),
    Lesson(
      from: "labmonkeys-space/packer-ubuntu", fixture: "qemu",
      construct: "scripts that a pattern picks", evidence: "the function `fileset`"),
    Lesson(
      from: "labmonkeys-space/packer-ubuntu", fixture: "qemu",
      construct: "a cloud image as the disk to start from", evidence: "`kiln build --source-disk`"),
  ]

  @Test(arguments: lessons)
  func `what a public template holds has its answer`(lesson: Lesson) throws {
    let outcome = try Fixture.project(lesson.fixture).imported()
    let all = outcome.text + outcome.remarks.map(\.rendered).joined(separator: "\n")
    #expect(all.contains(lesson.evidence), "\(lesson.from): \(all)")
    #expect(outcome.image != nil, "\(outcome.errors)")
  }

  @Test(arguments: [
    ("linux-runner", 6), ("windows-desktop", 5), ("gallery", 3), ("json-linux", 4),
    ("json-windows", 2), ("qemu", 10),
  ])
  func `a template's losses are as many as it has`(fixture: String, losses: Int) throws {
    let outcome = try Fixture.project(fixture).imported()
    #expect(outcome.losses.count == losses, "\(outcome.losses.joined(separator: "\n"))")
  }
}

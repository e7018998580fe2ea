import Template
import Testing

@testable import PackerImport

/// What becomes of sources and of what they make.
@Suite struct AzureTests {
  private let image = """
    image_publisher = "p"
    image_offer = "o"
    image_sku = "s"
    """

  private func outcome(_ fields: String) -> ImportOutcome {
    Import(
      hcl: """
        source "azure-arm" "a" {
          os_type = "Linux"
          subscription_id = "sub"
          location = "westeurope"
          \(fields)
        }
        build { sources = ["source.azure-arm.a"] }
        """
    ).outcome
  }

  @Test func `a Marketplace image keeps its name, version and plan`() {
    let outcome = outcome(
      """
      \(image)
      image_version = "1.2.3"
      managed_image_name = "m"
      managed_image_resource_group_name = "g"
      plan_info {
        plan_name = "n"
        plan_product = "q"
        plan_publisher = "r"
      }
      """)
    #expect(
      outcome.image?.source
        == .platformImage(
          PlatformImage(
            publisher: "p", offer: "o", sku: "s", version: "1.2.3",
            plan: PurchasePlan(name: "n", product: "q", publisher: "r"))))
    #expect(outcome.losses.isEmpty)
  }

  @Test func `managed images and gallery versions are sources too`() {
    let managed = outcome(
      """
      custom_managed_image_name = "base"
      custom_managed_image_resource_group_name = "rg"
      managed_image_name = "m"
      managed_image_resource_group_name = "g"
      """)
    #expect(
      managed.text.contains(
        #""imageId": "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Compute/images/base""#
      ))
    let shared = outcome(
      """
      shared_image_gallery {
        subscription = "other"
        resource_group = "rg"
        gallery_name = "gal"
        image_name = "def"
      }
      managed_image_name = "m"
      managed_image_resource_group_name = "g"
      """)
    #expect(
      shared.text.contains(
        "/subscriptions/other/resourceGroups/rg/providers/Microsoft.Compute/galleries/gal/images/def"
          + "/versions/latest"))
    #expect(managed.losses.isEmpty && shared.losses.isEmpty)
  }

  @Test func `all that is made becomes a target, with its tags`() throws {
    let outcome = outcome(
      """
      \(image)
      azure_tags = { team = "x" }
      managed_image_name = "m"
      managed_image_resource_group_name = "g"
      shared_image_gallery_destination {
        resource_group = "rg"
        gallery_name = "gal"
        image_name = "def"
        image_version = "1.0.0"
        storage_account_type = "Premium_LRS"
        target_region {
          name = "northeurope"
          replicas = 3
        }
        target_region { name = "westeurope" }
      }
      shared_image_gallery_replica_count = 2
      shared_gallery_image_version_exclude_from_latest = true
      """)
    let targets = try #require(outcome.image).distributors
    #expect(targets.map(\.runOutputName.text) == ["m", "def-gallery"])
    #expect(targets.allSatisfy { $0.artifactTags == ["team": "x"] })
    guard case .sharedImage(let shared) = targets[1].target else {
      Issue.record("the second target is \(targets[1].target.type)")
      return
    }
    #expect(shared.versioning == .explicit("1.0.0"))
    #expect(shared.excludeFromLatest)
    #expect(shared.targetRegions.map(\.replicaCount) == [3, 2])
    #expect(shared.targetRegions.map(\.storageAccountType) == [.premiumLRS, .premiumLRS])
    #expect(outcome.image?.managedResourceTags == ["team": "x"])
    #expect(outcome.losses.isEmpty)
  }

  @Test func `a captured VHD has the address of its storage account`() {
    let outcome = outcome(
      """
      \(image)
      resource_group_name = "g"
      storage_account = "acc"
      capture_container_name = "images"
      capture_name_prefix = "pre"
      """)
    #expect(
      outcome.image?.distributors.map(\.target) == [
        .vhd(uri: "https://acc.blob.core.windows.net/images/pre.vhd")
      ])
  }

  @Test func `the machine's size, disk, disks, network and identities come along`() throws {
    let outcome = outcome(
      """
      \(image)
      managed_image_name = "m"
      managed_image_resource_group_name = "g"
      vm_size = "Standard_D2s_v3"
      os_disk_size_gb = 64
      disk_additional_size = [10, 20]
      virtual_network_name = "v"
      virtual_network_subnet_name = "s"
      virtual_network_resource_group_name = "n"
      user_assigned_managed_identities = ["/subscriptions/sub/id"]
      temp_resource_group_name = "temp"
      """)
    let template = try #require(outcome.image)
    #expect(template.vmProfile.vmSize == "Standard_D2s_v3")
    #expect(template.vmProfile.osDiskSize == .gigabytes(64))
    #expect(template.additionalDataDisks == [10, 20])
    #expect(template.apiVersion == .v2025_10_01)
    #expect(template.stagingResourceGroup?.text == "/subscriptions/sub/resourceGroups/temp")
    #expect(outcome.text.contains("virtualNetworks/v/subnets/s"))
    #expect(outcome.losses.isEmpty)
  }

  @Test func `without a newer field the version is the first with exact names`() {
    #expect(Import(provisioners: "").outcome.image?.apiVersion == .v2024_02_01)
  }

  @Test func `what a template has no place for is told at its line`() throws {
    let outcome = Import(
      provisioners: "",
      fields: "secure_boot_enabled = true\n  frobnicate = 7\n  async_resourcegroup_delete = true"
    ).outcome
    let losses = outcome.remarks(.loss)
    #expect(losses.map(\.position.line) == [11, 12])
    #expect(losses[1].message == "`frobnicate` of `azure-arm` is not carried over")
    #expect(outcome.notes.contains { $0.hasPrefix("`async_resourcegroup_delete`") })
  }

  @Test(arguments: ["qemu", "null"])
  func `a source that is none of Azure's leaves the image open`(kind: String) throws {
    let outcome = Import(
      hcl: """
        source "\(kind)" "a" {
          ssh_username = "u"
        }
        build {
          sources = ["\(kind).a"]
          provisioner "shell" { inline = ["true"] }
        }
        """
    ).outcome
    #expect(outcome.inline == [["true"]])
    #expect(outcome.text.contains(#""publisher": "<image_publisher>""#))
    #expect(outcome.losses.contains { $0.contains("a `\(kind)` source is no image of Azure") })
  }

  @Test func `of several sources one is taken and the others are told`() {
    let text = """
      source "amazon-ebs" "x" {}
      source "azure-arm" "y" {
        location = "here"
        managed_image_name = "my"
      }
      source "azure-arm" "z" { managed_image_name = "mz" }
      build {
        name = "b"
        sources = ["source.amazon-ebs.x", "source.azure-arm.y", "source.azure-arm.z"]
        provisioner "shell" {
          only = ["azure-arm.z"]
          inline = ["z"]
        }
        provisioner "shell" {
          except = ["azure-arm.z"]
          inline = ["y"]
        }
        provisioner "shell" {
          inline = ["both"]
          override = { z = { inline = ["own"] } }
        }
      }
      """
    var job = Import(hcl: text)
    #expect(job.outcome.inline == [["y"], ["both"]])
    #expect(job.outcome.losses.contains("the source `azure-arm.z` is left out: a template has one"))
    #expect(
      job.outcome.losses.contains("the source `amazon-ebs.x` is left out: a template has one"))
    for name in ["azure-arm.z", "z", "b.azure-arm.z"] {
      job.project.only = name
      #expect(job.outcome.inline == [["z"], ["own"]], "\(name)")
    }
    job.project.only = "w"
    #expect(job.outcome.errors.count == 1)
  }

  @Test func `a build adds to its source, and may call it otherwise`() {
    let outcome = Import(
      hcl: """
        source "azure-arm" "base" { location = "here" }
        build {
          source "azure-arm.base" {
            name = "linux"
            managed_image_name = "m"
          }
          provisioner "shell" {
            only = ["azure-arm.linux"]
            inline = ["true"]
          }
        }
        """
    ).outcome
    #expect(outcome.image?.distributors.map(\.runOutputName.text) == ["m"])
    #expect(outcome.inline == [["true"]])
  }
}

packer {
  required_plugins {
    azure = {
      version = ">= 2.0.0"
      source  = "github.com/hashicorp/azure"
    }
  }
}

variable "subscription_id" {
  type        = string
  description = "Where images are kept."
  sensitive   = true
}

variable "client_secret" {
  type      = string
  sensitive = true
}

variable "sku" {
  default = "win11-24h2-avd"
}

locals {
  version = formatdate("YYYYMMDD.hh.mm", timestamp())
  tags = {
    owner = "desktops"
  }
}

source "azure-arm" "desktop" {
  subscription_id = var.subscription_id
  client_secret   = var.client_secret

  communicator   = "winrm"
  winrm_use_ssl  = true
  winrm_insecure = true
  winrm_timeout  = "5m"
  winrm_username = "packer"

  os_type         = "Windows"
  image_publisher = "MicrosoftWindowsDesktop"
  image_offer     = "windows-11"
  image_sku       = var.sku

  build_resource_group_name = "builds"
  vm_size                   = "Standard_D4ds_v4"
  azure_tags                = local.tags

  shared_image_gallery_destination {
    subscription         = var.subscription_id
    resource_group       = "images"
    gallery_name         = "desktops"
    image_name           = "desktop"
    image_version        = local.version
    replication_regions  = ["westeurope"]
    storage_account_type = "Standard_LRS"
  }
}

build {
  source "azure-arm.desktop" {}

  provisioner "powershell" {
    inline = [
      "[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12",
      "New-Item -ItemType Directory -Path C:\\Software",
    ]
  }

  provisioner "file" {
    source      = "./packages.config"
    destination = "D:/packages.config"
  }

  provisioner "powershell" {
    inline           = ["choco install --confirm D:/packages.config"]
    valid_exit_codes = [0, 3010]
  }

  provisioner "windows-restart" {}

  provisioner "windows-update" {
    search_criteria = "IsInstalled=0"
    filters = [
      "exclude:$_.Title -like '*Preview*'",
      "include:$true",
    ]
    update_limit = 25
  }

  provisioner "windows-restart" {
    check_registry  = true
    restart_timeout = "30m"
  }

  provisioner "powershell" {
    inline = [
      "while ((Get-Service RdAgent).Status -ne 'Running') { Start-Sleep -s 5 }",
      "& $env:SystemRoot\\System32\\Sysprep\\Sysprep.exe /oobe /generalize /quiet /quit /mode:vm",
      "while ($true) { $imageState = Get-ItemProperty HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\State; if ($imageState.ImageState -eq 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE') { break }; Start-Sleep -s 10 }"
    ]
  }
}

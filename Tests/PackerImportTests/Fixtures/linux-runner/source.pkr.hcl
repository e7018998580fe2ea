locals {
  systems = {
    "u22" = {
      image = "canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2"
      disk  = 50
    },
    "u24" = {
      image = "canonical:ubuntu-24_04-lts:server"
      disk  = 75
    }
  }
  image = local.systems[var.system].image
  disk  = coalesce(var.disk_size, local.systems[var.system].disk)
}

source "azure-arm" "image" {
  use_azure_cli_auth              = true
  subscription_id                 = "00000000-0000-0000-0000-000000000000"
  os_type                         = "Linux"
  location                        = "westeurope"
  image_publisher                 = split(":", local.image)[0]
  image_offer                     = split(":", local.image)[1]
  image_sku                       = split(":", local.image)[2]
  os_disk_size_gb                 = local.disk
  managed_image_name              = "runner-${var.system}"
  managed_image_resource_group_name = "images"

  shared_image_gallery_destination {
    gallery_name = var.gallery
    image_name   = "runner"
  }

  dynamic "azure_tag" {
    for_each = var.tags
    content {
      name  = azure_tag.key
      value = azure_tag.value
    }
  }
}

source azure-arm server {
  azure_tags = {
    "Image Offer" = "o"
    Task          = "images"
  }
  subscription_id        = "00000000-0000-0000-0000-000000000000"
  location               = "westeurope"
  os_type                = "Windows"
  image_publisher        = "p"
  image_offer            = "o"
  image_sku              = "s"
  disk_encryption_set_id = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Compute/diskEncryptionSets/z"
  keep_os_disk           = true

  # shared_image_gallery {
  #   gallery_name = "other"
  # }

  shared_image_gallery_destination {
    resource_group = var.group
    gallery_name   = "servers"
    image_name     = "server"
    image_version  = "1.0.0"
  }
  shared_image_gallery_replica_count = 2
}

variable group {
  type = string
}

build {
  sources = ["source.azure-arm.server"]

  provisioner "file" {
    source      = "demo.zip"
    destination = "C:/"
  }

  provisioner "windows-update" { pause_before = "1m" }

  provisioner "powershell" {
    elevated_user     = "packer"
    elevated_password = build.Password
    environment_vars  = ["Release=1"]
    inline            = ["Write-Host \"Release $Env:Release\""]
  }

  provisioner "windows-restart" {
    restart_check_command = "powershell -command \"& {Write-Output 'Restarted.'}\""
    max_retries           = 3
  }

  provisioner "powershell" {
    inline = [
      "Write-host '=== done ==='",
      "& $env:SystemRoot\\System32\\Sysprep\\Sysprep.exe /generalize /oobe /quit",
      "while($true) { $imageState = Get-ItemProperty HKLM:\\Setup\\State | Select ImageState; if($imageState.ImageState -ne 'X') { Start-Sleep -s 10 } else { break } }"
    ]
  }

  post-processor "manifest" {
    output = "manifest.json"
  }
}

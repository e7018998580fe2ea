source "qemu" "cloud" {
  accelerator      = "kvm"
  disk_image       = true
  disk_size        = "30G"
  format           = "qcow2"
  headless         = true
  memory           = 2048
  ssh_username     = "ubuntu"
  ssh_password     = "ubuntu"
  shutdown_command = "echo ubuntu | sudo -S shutdown -P now"
}

build {
  source "source.qemu.cloud" {
    name           = "ubuntu"
    iso_url        = "https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img"
    iso_checksum   = "file:https://cloud-images.ubuntu.com/noble/current/SHA256SUMS"
    http_directory = "./seed"
  }

  provisioner "shell" {
    environment_vars  = ["HOME_DIR=/home/ubuntu"]
    execute_command   = "echo 'ubuntu' | {{.Vars}} sudo -S -E sh -eux '{{.Path}}'"
    expect_disconnect = true
    scripts           = fileset(".", "scripts/*.sh")
  }

  post-processor "checksum" {
    checksum_types = ["sha256"]
  }
}

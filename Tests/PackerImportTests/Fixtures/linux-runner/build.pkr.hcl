build {
  sources = ["source.azure-arm.image"]
  name    = "runner"

  provisioner "shell" {
    execute_command = "sudo sh -c '{{ .Vars }} {{ .Path }}'"
    inline          = ["mkdir -p ${var.folder}", "chmod 777 ${var.folder}"]
  }

  provisioner "file" {
    source      = "${path.root}/helpers/"
    destination = "${var.folder}/helpers"
  }

  provisioner "shell" {
    execute_command = "sudo sh -c '{{ .Vars }} {{ .Path }}'"
    script          = "${path.root}/scripts/limits.sh"
  }

  provisioner "shell" {
    environment_vars = ["HELPERS=${var.folder}/helpers", "DEBIAN_FRONTEND=noninteractive"]
    execute_command  = "sudo sh -c '{{ .Vars }} {{ .Path }}'"
    scripts = [
      "${path.root}/scripts/git.sh",
      "${path.root}/scripts/docker.sh",
    ]
  }

  provisioner "shell" {
    environment_vars = ["HELPERS=${var.folder}/helpers"]
    execute_command  = "sudo sh -c '{{ .Vars }} pwsh -f {{ .Path }}'"
    scripts          = ["${path.root}/scripts/Modules.ps1"]
  }

  provisioner "shell" {
    execute_command   = "sudo sh -c '{{ .Vars }} {{ .Path }}'"
    expect_disconnect = true
    inline            = ["echo restarting", "reboot"]
  }

  provisioner "shell" {
    pause_before        = "5m0s"
    start_retry_timeout = "10m"
    max_retries         = 2
    inline              = ["sudo apt-get clean"]
  }

  provisioner "file" {
    direction   = "download"
    source      = "${var.folder}/report.md"
    destination = "${path.root}/report.md"
  }

  provisioner "shell-local" {
    inline = ["wc report.md"]
  }

  provisioner "ansible" {
    playbook_file = "site.yml"
  }

  provisioner "shell" {
    execute_command = "sudo sh -c '{{ .Vars }} {{ .Path }}'"
    inline          = ["sleep 30", "/usr/sbin/waagent -force -deprovision+user && export HISTSIZE=0 && sync"]
  }
}

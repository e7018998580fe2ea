# Has this machine take WinRM over HTTPS at port 5986, and tells the SHA-256 of its certificate.
# $name is the machine's, and no other's: a certificate that came with the image is never used, since
# others may have its key. It may run twice: what it has made is used again. What it changes is noted
# for withdraw.ps1.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$notes = 'HKLM:\SOFTWARE\KilnWinRM'
$store = 'Cert:\LocalMachine\My'
if (-not (Test-Path -LiteralPath $notes)) {
  New-Item -Path $notes -Force | Out-Null
  $mode = (Get-CimInstance -ClassName Win32_Service -Filter "Name='WinRM'").StartMode
  New-ItemProperty -LiteralPath $notes -Name StartMode -Value $mode | Out-Null
}
# It has to be there after restarts; client editions start it by hand alone.
Set-Service -Name WinRM -StartupType Automatic
Start-Service -Name WinRM
$certificate = Get-ChildItem -Path $store |
  Where-Object { $_.Subject -eq "CN=$name" -and $_.HasPrivateKey } | Select-Object -First 1
if (-not $certificate) {
  $certificate = New-SelfSignedCertificate -DnsName $name -CertStoreLocation $store
}
$selector = @{ Address = '*'; Transport = 'HTTPS' }
$values = @{ Hostname = $name; CertificateThumbprint = $certificate.Thumbprint; Port = 5986 }
$listener = Get-WSManInstance -ResourceURI winrm/config/Listener -Enumerate |
  Where-Object { $_.Transport -eq 'HTTPS' -and $_.Address -eq '*' } | Select-Object -First 1
if (-not $listener) {
  New-WSManInstance -ResourceURI winrm/config/Listener -SelectorSet $selector `
    -ValueSet $values | Out-Null
} elseif ($listener.CertificateThumbprint -ne $certificate.Thumbprint) {
  foreach ($field in 'Hostname', 'CertificateThumbprint', 'Port') {
    New-ItemProperty -LiteralPath $notes -Name $field -Value "$($listener.$field)" -Force | Out-Null
  }
  Set-WSManInstance -ResourceURI winrm/config/Listener -SelectorSet $selector `
    -ValueSet $values | Out-Null
}
if (-not (Get-NetFirewallRule -Name kiln-winrm -ErrorAction SilentlyContinue)) {
  New-NetFirewallRule -Name kiln-winrm -DisplayName 'Kiln: WinRM over HTTPS' -Direction Inbound `
    -Action Allow -Protocol TCP -LocalPort 5986 | Out-Null
}
$digest = [Security.Cryptography.SHA256]::Create().ComputeHash($certificate.RawData)
Write-Output "kiln-certificate $([BitConverter]::ToString($digest).Replace('-', ''))"

# Has this machine take WinRM over HTTPS at port 5986, and tells the SHA-256 of its certificate.
# It may run twice: what it has made is used again. What it changes is noted, for withdraw.ps1.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$name = 'kiln-winrm'
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
$selector = @{ Address = '*'; Transport = 'HTTPS' }
$listener = Get-WSManInstance -ResourceURI winrm/config/Listener -Enumerate |
  Where-Object { $_.Transport -eq 'HTTPS' -and $_.Address -eq '*' } | Select-Object -First 1
$certificate = $null
if ($listener -and "$($listener.Port)" -eq '5986') {
  $certificate = Get-ChildItem -Path $store |
    Where-Object { $_.Thumbprint -eq $listener.CertificateThumbprint -and $_.HasPrivateKey } |
    Select-Object -First 1
}
if (-not $certificate) {
  if ($listener) {
    Remove-WSManInstance -ResourceURI winrm/config/Listener -SelectorSet $selector
  }
  $certificate = New-SelfSignedCertificate -DnsName $name -CertStoreLocation $store
  New-ItemProperty -LiteralPath $notes -Name Certificate -Value $certificate.Thumbprint -Force |
    Out-Null
  New-WSManInstance -ResourceURI winrm/config/Listener -SelectorSet $selector -ValueSet @{
    Hostname = $name
    CertificateThumbprint = $certificate.Thumbprint
  } | Out-Null
}
if (-not (Get-NetFirewallRule -Name $name -ErrorAction SilentlyContinue)) {
  New-NetFirewallRule -Name $name -DisplayName 'Kiln: WinRM over HTTPS' -Direction Inbound `
    -Action Allow -Protocol TCP -LocalPort 5986 | Out-Null
}
$digest = [Security.Cryptography.SHA256]::Create().ComputeHash($certificate.RawData)
Write-Output "kiln-certificate $([BitConverter]::ToString($digest).Replace('-', ''))"

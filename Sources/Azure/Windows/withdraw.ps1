# Takes away what listen.ps1 has made, and powers this machine off.
# That comes first, and some seconds later: what follows may cut the line that this came by.
shutdown.exe /s /f /t 15
$notes = 'HKLM:\SOFTWARE\KilnWinRM'
$old = Get-ItemProperty -LiteralPath $notes
Remove-Item -LiteralPath $notes -Recurse
Remove-NetFirewallRule -Name kiln-winrm
if ($old.StartMode -eq 'Manual' -or $old.StartMode -eq 'Disabled') {
  Set-Service -Name WinRM -StartupType $old.StartMode
}
Get-ChildItem -Path Cert:\LocalMachine\My |
  Where-Object { $_.Subject -like 'CN=kiln-*' -and $_.Issuer -eq $_.Subject } |
  Remove-Item -DeleteKey
$selector = @{ Address = '*'; Transport = 'HTTPS' }
if ($old.CertificateThumbprint) {
  Set-WSManInstance -ResourceURI winrm/config/Listener -SelectorSet $selector -ValueSet @{
    Hostname = $old.Hostname
    CertificateThumbprint = $old.CertificateThumbprint
    Port = $old.Port
  }
} else {
  Remove-WSManInstance -ResourceURI winrm/config/Listener -SelectorSet $selector
}

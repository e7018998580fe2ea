# Takes away what listen.ps1 has made, and powers this machine off.
# That comes first, and some seconds later: what follows may cut the line that this came by.
shutdown.exe /s /f /t 15
$name = 'kiln-winrm'
$notes = 'HKLM:\SOFTWARE\KilnWinRM'
$made = Get-ItemProperty -LiteralPath $notes
Remove-Item -LiteralPath $notes -Recurse
Remove-NetFirewallRule -Name $name
if ($made.StartMode -eq 'Manual' -or $made.StartMode -eq 'Disabled') {
  Set-Service -Name WinRM -StartupType $made.StartMode
}
if ($made.Certificate) {
  Remove-Item -LiteralPath "Cert:\LocalMachine\My\$($made.Certificate)" -DeleteKey
  Remove-WSManInstance -ResourceURI winrm/config/Listener -SelectorSet @{
    Address = '*'
    Transport = 'HTTPS'
  }
}

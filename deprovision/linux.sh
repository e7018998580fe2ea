# Generalizes this Linux machine with the Azure agent: host keys, leases, the last build user.
# A customizer may edit or replace this file; what it holds at the end is what runs, as root.
agent=/usr/sbin/waagent
if command -v waagent >/dev/null; then
  agent=waagent
fi
"$agent" -force -deprovision+user && export HISTSIZE=0 && sync

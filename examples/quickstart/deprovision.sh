# What runs last, in place of the default script. A machine that the quickstart only borrowed is
# left as it is; a build VM of its own is generalized as usual.
if [ -e /tmp/kiln-quickstart/borrowed ]; then
  echo 'This machine is borrowed: nothing is deprovisioned.'
  exit 0
fi
/usr/sbin/waagent -force -deprovision+user && export HISTSIZE=0 && sync

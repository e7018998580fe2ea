#!/bin/sh
# Writes down what the image was baked from.
set -eu
cd /tmp/kiln-quickstart
{
  # shellcheck source=/dev/null
  . /etc/os-release
  echo "system: ${PRETTY_NAME:-unknown}"
  echo "kernel: $(uname -sr)"
  echo "baked by: $(id -un)"
} >inventory.txt
cat inventory.txt

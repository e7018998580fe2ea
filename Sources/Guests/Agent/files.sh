# Files that are placed on the guest: a part of agent.sh.
# shellcheck disable=SC2034,SC2154

# Receives a file beside its destination and moves it there when its checksum is right.
file() { # id size sha256 mode offset stay|run, and the destination on a line of its own
  size=$2 sum=$3 mode=$4 offset=$5 lifetime=$6 fault=
  locate "$1"
  count=$((size - offset))
  [ "$fault" ] || prepare
  if [ "$fault" ]; then
    say f refused "$fault"
    take "$count" >/dev/null
    return
  fi
  say f ready
  fault=$(receive 2>&1)
  if [ "$fault" ]; then
    rm -f -- "$part"
    say f refused "${fault##*: }"
    return
  fi
  [ "$(stat -c %s -- "$part")" = "$size" ] || exit
  have=$(digest <"$part")
  if [ "$have" != "$sum" ]; then
    rm -f -- "$part"
    say f differs "$have"
  elif fault=$(deliver "$mode" 2>&1); then
    say f placed
  else
    rm -f -- "$part"
    say f refused "${fault##*: }"
  fi
}

# How much of a file is there already.
have() { # id, and the destination on a line of its own
  locate "$1"
  say f have "$(stat -c %s -- "$part" 2>/dev/null || echo 0)"
}

# Finds where a file goes: through a link to what it leads to, as when it is written to.
locate() { # id
  IFS= read -r to
  if [ -L "$to" ]; then
    to=$(readlink -f -- "$to")
    [ "$to" ] || fault="it is a link that leads nowhere"
  fi
  parent=${to%/*}
  part=${parent:-/}/.kiln-$run-$1
  # A file can be one to write to where none can be made beside it.
  if [ -f "$to" ] && [ -w "$to" ] && ! [ -w "${parent:-/}" ]; then part=$dir/.part-$1; fi
}

# Moves a file that was found right to its destination. A file there that can't be replaced, but
# written to, is written to. Then it is not there at once, half of it may stay after a power cut or
# on a full disk, and its owner is the old one, who alone may change its mode.
deliver() { # mode
  chmod "$1" "$part" && mv -f -- "$part" "$to" && return
  [ -f "$to" ] && [ -w "$to" ] && cat -- "$part" >"$to" || return
  chmod "$1" "$to"
  rm -f -- "$part"
}

# Makes sure that the file can be received, and notes what has to be removed in the end.
prepare() {
  if ! [ -d "${parent:-/}" ]; then
    fault="the directory ${parent:-/} does not exist"
  elif [ -d "$to" ]; then
    fault="it is a directory"
  elif ! printf '%s\n' "$part" >>"$dir/remove"; then
    fault="the directory $dir can't be written to"
  else
    [ "$lifetime" = stay ] || printf '%s\n' "$to" >>"$dir/remove"
    [ "$offset" != 0 ] || rm -f -- "$part"
    fault=$( (: >>"$part") 2>&1)
    [ -z "$fault" ] || fault="the directory ${parent:-/} can't be written to: ${fault##*: }"
  fi
} 2>/dev/null

# Every byte is written to its own place in the file. So the agent of a lost connection, to which
# bytes may still come, writes what is there already and does no harm.
receive() {
  take "$count" | {
    dd of="$part" bs=64k oflag=seek_bytes seek="$offset" conv=notrunc status=none ||
      cat >/dev/null
  }
}

# OpenSSL uses the processor's instructions for SHA-256 where sha256sum may not.
digest() {
  if command -v openssl >/dev/null; then sum=$(openssl dgst -sha256 -r); else sum=$(sha256sum); fi
  printf '%s' "${sum%% *}"
}

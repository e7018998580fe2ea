# Files that are placed on the guest: a part of agent.sh.
# shellcheck disable=SC2034,SC2154

# Receives a small file beside its destination and moves it there when its checksum is right.
file() { # id size sha256 mode stay|run, and the destination on a line of its own
  size=$2
  locate "$1"
  [ "$fault" ] || prepare 0 "$5"
  if [ "$fault" ]; then
    say f refused "$fault"
    take "$size" >/dev/null
    return
  fi
  fault=$(receive 2>&1)
  have=$(sha256sum <"$part")
  have=${have%% *}
  settle "$size" "$3" "$4"
}

# Every byte is written to its own place in the file, so that the agent of a lost connection, to
# which they may still come, does no harm.
receive() {
  take "$size" | { dd of="$part" bs=64k conv=notrunc status=none || cat >/dev/null; }
}

# Makes ready for a large file, which comes in pieces by any agent. Says how much of it there is.
begin() { # id bytes-to-keep stay|run, and the destination on a line of its own
  locate "$1"
  [ "$fault" ] || prepare "$2" "$3"
  if [ "$fault" ]; then say f refused "$fault"; else say f ready "$(stat -c %s -- "$part")"; fi
}

# Writes a piece to its own place in the file, which it never makes anew: what comes to the agent of
# a lost connection does no harm. After a fault the agent is of no more use, since the rest of the
# piece would be taken for requests: it waits to be closed. Of a `dd` that was killed, or a file that
# somebody removed, it says nothing and ends, as if the connection were lost.
piece() { # id offset count, and the destination on a line of its own
  locate "$1"
  fault=$(dd of="$part" bs=256k iflag=fullblock,count_bytes count="$3" \
    oflag=seek_bytes seek="$2" conv=notrunc,nocreat status=none 2>&1) && say p "$2" && return
  [ "$fault" ] && [ -e "$part" ] || exit
  say f refused "${fault##*: }"
  exec cat >/dev/null
}

# Removes what has come of a file that can't be placed.
discard() { # id, and the destination on a line of its own
  locate "$1"
  rm -f -- "$part"
}

# Ends what `begin` began.
end() { # size sha256 mode
  have=$(digest <"$part")
  settle "$1" "$2" "$3"
}

# Moves a file to its destination when its checksum is right.
settle() { # size sha256 mode
  if [ "$fault" ]; then
    say f refused "${fault##*: }"
  elif [ "$have" != "$2" ]; then
    [ "$(stat -c %s -- "$part")" = "$1" ] || exit
    say f differs "$have"
  elif fault=$(deliver "$3" 2>&1); then
    say f placed
    return
  else
    say f refused "${fault##*: }"
  fi
  rm -f -- "$part"
}

# Finds where a file goes: through a link to what it leads to, as when it is written to.
locate() { # id
  fault=
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
prepare() { # bytes-to-keep stay|run
  if ! [ -d "${parent:-/}" ]; then
    fault="the directory ${parent:-/} does not exist"
  elif [ -d "$to" ]; then
    fault="it is a directory"
  elif ! printf '%s\n' "$part" >>"$dir/remove"; then
    fault="the directory $dir can't be written to"
  else
    [ "$2" = stay ] || printf '%s\n' "$to" >>"$dir/remove"
    if [ "$1" = 0 ] && { [ -e "$part" ] || [ -L "$part" ]; }; then rm -f -- "$part"; fi
    fault=$( (: >>"$part") 2>&1)
    [ -z "$fault" ] || fault="the directory ${parent:-/} can't be written to: ${fault##*: }"
  fi
} 2>/dev/null

# OpenSSL uses the processor's instructions for SHA-256 where sha256sum may not.
digest() {
  if command -v openssl >/dev/null; then sum=$(openssl dgst -sha256 -r); else sum=$(sha256sum); fi
  printf '%s' "${sum%% *}"
}

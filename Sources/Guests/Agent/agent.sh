# The guest's end of a build: one POSIX shell for each connection, which reads requests on its
# standard input and answers in frames on its standard output. Jobs outlive it: each runs in a
# session of its own, writes its output to files and its exit code last, and holds a lock while it
# lives. So the next agent can tell what became of a job without having seen it run.
#
# Frames: `o N` and `e N`, each followed by N bytes of a job's standard output and error; all others
# are one line. Lines that begin with a number sign are taken out before this is sent.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2046,SC2086
umask 077
run=
dir=
refused=
follower=

# Tells who and where this is, and takes up or makes the directory of the run.
hello() { # nonce run, and the directory on a line of its own where it is known
  nonce=$1 run=$2
  IFS= read -r known
  uid=$(id -u) user=$(id -un)
  read -r boot </proc/sys/kernel/random/boot_id
  missing=
  for tool in cat chmod dd flock head id kill mkdir mkfifo mv readlink rm setsid sha256sum sleep \
    stat tail tee; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
  done
  if [ "$known" ] && [ -d "$known" ]; then
    dir=$known known=yes
  else
    if [ "$known" ]; then set -- "${known%/*}"; else set -- /var/tmp "$HOME" /tmp; fi
    if [ "$known" ]; then known=no; else known=new; fi
    for place; do
      dir=$place/kiln-$run
      reason=$(mkdir "$dir" 2>&1) && break
      [ "$known" = new ] && [ -d "$dir" ] && [ -O "$dir" ] && break
      dir=
    done
  fi
  root=yes
  if [ "$uid" != 0 ]; then
    root=$(sudo -n true 2>&1 </dev/null) && root=sudo
  fi
  printf '\n%s\n' "h $nonce"
  printf '%s\n' "u $uid $user" "b $boot" "k $known" "d $dir" "m$missing" "r $root"
  [ "$dir" ] || printf '%s\n' "n $reason"
  printf '%s\n' "."
}

# Stores a script beside its job: all that can be made ready before the start is made ready here.
put() { # id size sha256
  job=$dir/$1
  new=$job.new.$$
  refused=
  rm -rf "$new"
  if ! reason=$(mkdir "$new" 2>&1 && mkfifo "$new/out" "$new/err" 2>&1 &&
    printf '%-31s\n' reserved 2>&1 >"$new/exit.new" && { : >"$new/stdout" && : >"$new/stderr"; } 2>&1)
  then
    refused="$1 ${reason:-the job directory could not be made}"
    head -c "$2" >/dev/null
    return
  fi
  reason=$(head -c "$2" 2>&1 >"$new/script")
  if [ "$(stat -c %s "$new/script")" != "$2" ]; then
    refused="$1 ${reason:-the script did not arrive whole}"
  else
    sum=$(sha256sum <"$new/script")
    [ "${sum%% *}" = "$3" ] || refused="$1 the script arrived with the checksum ${sum%% *}"
  fi
}

# Starts a job unless it was ever started, and follows it. The lock is held from before the look at
# its directory until the job ends, so that two agents can't both find that it never started.
start() { # id user restart stdout-offset stderr-offset interpreter argument
  job=$dir/$1
  new=$job.new.$$
  if ! { command exec 9>>"$job.lock"; } 2>/dev/null; then
    printf '%s\n' "n the lock file $job.lock could not be written"
    return
  fi
  if ! flock -n 9; then
    exec 9>&-
    follow "$1" "$4" "$5"
    return
  fi
  if [ -d "$job" ] && { [ -s "$job/pid" ] || [ -e "$job/canceled" ] || ! booted_here; }; then
    exec 9>&-
    follow "$1" "$4" "$5"
    return
  fi
  if [ "$refused" ] && [ "${refused%% *}" = "$1" ]; then
    exec 9>&-
    printf '%s\n' "n ${refused#* }"
    return
  fi
  if ! [ -d "$job" ]; then
    if ! reason=$({ printf '%s\n' "$boot" >"$new/boot"; } 2>&1 && mv "$new" "$job" 2>&1); then
      exec 9>&-
      printf '%s\n' "n ${reason:-the job directory could not be made}"
      return
    fi
  fi
  printf '%s\n' "s $boot"
  (setsid /bin/sh -c "$runner" kiln-job "$job" "$2" "$3" "$6" "$7" </dev/null >/dev/null 2>&1 &)
  exec 9>&-
  follow "$1" "$4" "$5"
}

# Whether the job's directory was made since the machine last started.
booted_here() {
  before=
  read -r before <"$job/boot"
  [ "$before" = "$boot" ]
} 2>/dev/null

# What runs in the job's own session. Output goes through pipes, as scripts expect of /dev/stderr;
# a full disk stops what is kept of it and never the script. `exit` is written over reserved blocks
# and then renamed, so that it is there whole or not at all.
runner='
job=$1 user=$2 restart=$3 interpreter=$4 argument=$5
umask 022
term= last=
trap "term=x\$term; : >\"\$job/term\"" TERM
cd 2>/dev/null || cd /
tee -a "$job/stdout" <"$job/out" >/dev/null 9>&- & out=$!
tee -a "$job/stderr" <"$job/err" >/dev/null 9>&- & err=$!
exec 7>"$job/out" 8>"$job/err"
echo $$ >"$job/pid" && [ -s "$job/pid" ] || exit
export PACKER_BUILDER_TYPE=azure-arm PACKER_BUILD_NAME=azure-arm
set -- "$interpreter"
[ "$interpreter" = direct ] && chmod 700 "$job/script" && set --
[ "$argument" ] && set -- "$@" "$argument"
[ "$user" = root ] && [ "$(id -u)" != 0 ] && set -- sudo -n -E "$@"
"$@" "$job/script" >&7 2>&8 7>&- 8>&- 9>&- &
script=$!
exec 7>&- 8>&-
while :; do
  seen=$term
  wait $script
  code=$?
  [ "$seen" = "$term" ] && break
  last=$code
done
[ "$code" = 127 ] && [ "$last" ] && [ "$last" != 143 ] && code=$last
[ "$term" ] && [ $code -gt 128 ] && exit
quiet=0
while :; do
  read -r _ _ a _ </proc/$out/stat 2>/dev/null || a=Z
  read -r _ _ b _ </proc/$err/stat 2>/dev/null || b=Z
  case $a$b in
    ZZ) break ;;
    ZS|SZ|SS) quiet=$((quiet+1)); [ $quiet -gt 50 ] && sleep 0.05; [ $quiet -gt 53 ] && break ;;
    *) quiet=0 ;;
  esac
done
full=
[ "$a" = Z ] && { wait $out || full=" full"; }
[ "$b" = Z ] && { wait $err || full=" full"; }
going=
if [ "$restart" = restart ]; then
  for look in 1 2 3 4 5 6 7 8 9 10; do
    if [ -e /run/systemd/shutdown/scheduled ] || [ -e /run/nologin ] ||
      [ "$(systemctl is-system-running 2>/dev/null)" = stopping ]; then
      going=" restart"
      break
    fi
    sleep 0.2
  done
fi
printf "%s\n" "$code$full$going" 1<>"$job/exit.new"
mv "$job/exit.new" "$job/exit"
'

# Sends what a job writes, from the offsets given, and how it ended.
follow() { # id stdout-offset stderr-offset
  (
    job=$dir/$1 a=$2 b=$3
    if ! cd "$job" 2>/dev/null; then
      if flock -n "$job.lock" true 2>/dev/null || ! [ -e "$job.lock" ]; then
        printf '%s\n' "x none"
        exit
      fi
      flock -s "$job.lock" true
      cd "$job" 2>/dev/null || { printf '%s\n' "x none"; exit; }
    fi
    if ! flock -s -w 0.1 "$job.lock" true 2>/dev/null; then
      events=$dir/.events.$$
      rm -f "$events"
      mkfifo "$events"
      exec 8<>"$events"
      rm -f "$events"
      setsid /bin/sh -c "$ticker" kiln-ticker "$((a + 1))" "$((b + 1))" </dev/null &
      ticking=$!
      setsid /bin/sh -c "$waiter" kiln-waiter "$job.lock" "$ticking" </dev/null &
      waiting=$!
      trap 'kill -KILL $ticking -$ticking $waiting -$waiting 2>/dev/null; exit' TERM HUP PIPE
      while emit; read -r event <&8; do
        [ "$event" = end ] && break
      done
      kill -KILL $ticking -$ticking 2>/dev/null
      exec 8>&-
    fi
    emit
    if [ -e exit ]; then
      read -r code <./exit
      printf '%s\n' "x exit $code"
    else
      read -r before <./boot
      state=abrupt
      [ -e term ] && state=orderly
      if [ "$before" = "$boot" ]; then
        [ -s pid ] || state=unstarted
        [ -s pid ] && read -r pid <./pid && end_group "$pid" ended
        printf '%s\n' "x killed $state"
      else
        printf '%s\n' "x restarted $state"
      fi
    fi
  ) &
  follower=$!
}

# Tells when a job has written something: an event at once, then at most twenty a second.
ticker='
{ tail -f -c "+$1" stdout & tail -f -c "+$2" stderr & wait; } 2>/dev/null |
  while dd bs=64k count=1 of=/dev/null 2>/dev/null; do echo data >&8; sleep 0.05; done
'

# Tells when a job has let go of its lock, which it does however it ends.
waiter='
flock -s "$1" true
kill -KILL "$2" "-$2" 2>/dev/null
echo end >&8
'

# Sends the bytes between what was sent already and what the files hold now.
emit() {
  set -- $(stat -c %s stdout stderr)
  if [ "$1" -gt "$a" ]; then
    printf '%s\n' "o $(($1 - a))"
    tail -c "+$((a + 1))" stdout | head -c "$(($1 - a))"
    a=$1
  fi
  if [ "$2" -gt "$b" ]; then
    printf '%s\n' "e $(($2 - b))"
    tail -c "+$((b + 1))" stderr | head -c "$(($2 - b))"
    b=$2
  fi
}

# Ends what is left of a job, as root where its processes may be root's. A process that has the
# number of a job's dead leader is a stranger, since the number is free only once the group is empty.
end_group() { # leader running|ended
  leader=Z
  read -r _ _ leader _ <"/proc/$1/stat"
  [ "$2" = ended ] && [ "$leader" != Z ] && return
  for signal in TERM KILL; do
    signal_group $signal "$1" || return
    for look in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      signal_group 0 "$1" || return
      sleep 0.1
    done
  done
} 2>/dev/null

signal_group() { # signal leader
  kill "-$1" "-$2" && sent=yes || sent=
  [ "$uid" = 0 ] || ! sudo -n /bin/sh -c 'kill "-$1" "-$2"' kiln-kill "$1" "$2" </dev/null || sent=yes
  [ "$sent" ]
} 2>/dev/null

# Ends a job, and makes sure that no agent can start it any more.
cancel() { # id
  job=$dir/$1
  if { command exec 9>>"$job.lock"; } 2>/dev/null && ! flock -n 9; then
    exec 9>&-
    read -r pid <"$job/pid" && end_group "$pid" running
  else
    [ -d "$job" ] || mkdir "$job"
    : >"$job/canceled"
    exec 9>&-
  fi
  printf '%s\n' "c $1"
}

# Receives a file beside its destination and moves it there when its checksum is right.
file() { # id size sha256 mode offset stay|run, and the destination on a line of its own
  id=$1 size=$2 sum=$3 mode=$4 offset=$5 lifetime=$6
  IFS= read -r to
  [ -L "$to" ] && to=$(readlink -f -- "$to")
  parent=${to%/*}
  part=${parent:-/}/.kiln-$run-$id
  count=$((size - offset))
  fault=
  case $to in
    /*) ;;
    *) fault="the destination is not a full path" ;;
  esac
  [ "$fault" ] || [ -d "${parent:-/}" ] || fault="the directory ${parent:-/} does not exist"
  [ "$fault" ] || ! [ -d "$to" ] || fault="it is a directory"
  if ! [ "$fault" ]; then
    printf '%s\n' "$part" >>"$dir/remove" || fault="the run's directory can't be written"
    [ "$lifetime" = stay ] || printf '%s\n' "$to" >>"$dir/remove"
    [ "$offset" != 0 ] || fault=$(rm -f -- "$part" 2>&1)
    [ "$fault" ] || fault=$({ : >>"$part"; } 2>&1)
  fi
  if [ "$fault" ]; then
    printf '%s\n' "f refused $fault"
    head -c "$count" >/dev/null
    return
  fi
  printf '%s\n' "f ready"
  fault=$(head -c "$count" 2>&1 >>"$part")
  if [ "$fault" ]; then
    rm -f -- "$part"
    printf '%s\n' "f refused $fault"
    head -c "$count" >/dev/null
    return
  fi
  [ "$(stat -c %s -- "$part")" = "$size" ] || exit
  have=$(digest <"$part")
  if [ "$have" != "$sum" ]; then
    rm -f -- "$part"
    printf '%s\n' "f differs $have"
  elif fault=$(chmod "$mode" "$part" 2>&1 && mv -f -- "$part" "$to" 2>&1); then
    printf '%s\n' "f placed"
  else
    rm -f -- "$part"
    printf '%s\n' "f refused $fault"
  fi
}

# How much of a file is there already.
have() { # id, and the destination on a line of its own
  id=$1
  IFS= read -r to
  [ -L "$to" ] && to=$(readlink -f -- "$to")
  part=${to%/*}
  printf '%s\n' "f have $(stat -c %s -- "${part:-/}/.kiln-$run-$id" 2>/dev/null || echo 0)"
}

# OpenSSL uses the processor's instructions for SHA-256 where sha256sum may not.
digest() {
  if command -v openssl >/dev/null; then sum=$(openssl dgst -sha256 -r); else sum=$(sha256sum); fi
  printf '%s' "${sum%% *}"
}

# Removes the job that ended, behind the scenes.
forget() { # id
  rm -rf "${dir:?}/$1" "$dir/$1".new.* "$dir/$1.lock" &
}

# Ends what still runs and removes all that the run put here.
leave() {
  for lock in "$dir"/*.lock; do
    [ -e "$lock" ] || continue
    job=${lock%.lock}
    flock -n "$lock" true || { read -r pid <"$job/pid" && end_group "$pid" running; }
  done
  wait
  cd /
  while IFS= read -r path; do
    rm -f -- "$path" || [ "$uid" = 0 ] || sudo -n rm -f -- "$path" </dev/null
  done <"$dir/remove" 2>/dev/null
  fault=$(rm -rf "${dir:?}" 2>&1) || { [ "$uid" = 0 ] || sudo -n rm -rf "$dir" 2>/dev/null; }
  if [ -e "$dir" ]; then printf '%s\n' "l $fault"; else printf '%s\n' "l"; fi
}

while read -r verb one two three four five six rest; do
  case $verb in
    hello) hello "$one" "$two" ;;
    put) put "$one" "$two" "$three" ;;
    start) start "$one" "$two" "$three" "$four" "$five" "$six" "$rest" ;;
    attach) follow "$one" "$two" "$three" ;;
    cancel) cancel "$one" ;;
    file) file "$one" "$two" "$three" "$four" "$five" "$six" ;;
    have) have "$one" ;;
    forget) forget "$one" ;;
    leave) leave ;;
  esac
done
[ "$follower" ] && kill "$follower" 2>/dev/null

# Jobs: a part of agent.sh.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2046,SC2086,SC2154

# Makes directories for jobs that will come. A process costs more than anything else here where there
# is no KVM, and so these two do it for all.
lay() { # id...
  new=''
  lines=''
  for id; do
    [ -e "$dir/$id" ] || [ -e "$dir/$id.new.$$" ] && continue
    new="$new $id.new.$$"
    lines="$lines $id.new.$$/out $id.new.$$/err"
  done
  [ ! "$new" ] || (cd "$dir" && mkdir $new && mkfifo $lines)
}

# Stores a script in the directory of its job: all that can be made ready before the start is made
# ready here.
put() { # id size sha256
  if furnish "$1"; then
    reason=$(take "$2" | tee "$new/script" 2>&1 >/dev/null)
    verify "$1" "$3"
  else
    take "$2" >/dev/null
  fi
}

# As put, without a process to receive it: a short script, written as printf takes it.
text() { # id sha256, and the script on a line of its own
  IFS= read -r script
  furnish "$1" || return
  if ! { printf %b "$script" >"$new/script"; } 2>/dev/null; then
    reason=$(printf %b "$script" | tee "$new/script" 2>&1 >/dev/null)
  fi
  verify "$1" "$2"
}

# Fills the directory that becomes a job when that is started. `exit` has room for the exit code, so
# that a disk that is full then can't hide it.
furnish() { # id
  [ "${refused%% *}" = "$1" ] && refused=
  new=$dir/$1.new.$$
  reason=''
  if ! [ -p "$new/err" ]; then
    [ ! -e "$new" ] || rm -rf "$new"
    reason=$(lay "$1" 2>&1)
  fi
  if { printf '' >"$new/stdout" && printf '' >"$new/stderr" && printf '%s\n' "$boot" >"$new/boot" &&
    printf '%-31s\n' reserved >"$new/exit"; } 2>/dev/null; then
    reason=
    return
  fi
  reason=${reason:-$(printf '%-31s\n' reserved 2>&1 >"$new/exit")}
  refuse "$1" "${reason:-its directory can not be written to}"
  return 1
}

# Takes a script that has arrived as it was sent.
verify() { # id sha256
  sum=$(sha256sum <"$new/script")
  [ "${sum%% *}" = "$2" ] || refuse "$1" "${reason:-it arrived with the checksum ${sum%% *}}"
}

refuse() { # id reason
  refused="$1 ${2##*: }"
  rm -rf "$new"
}

# Starts a job unless it was ever started, and follows it. The lock is held from before the look at
# its directory until the job ends, so that two agents can't both find that it never started.
start() { # id user restart stdout-offset stderr-offset interpreter argument
  job=$dir/$1
  if hold "$job.lock"; then
    if may_start "$1"; then
      by=$2
      [ "$uid" = 0 ] && by=login
      setsid -f /bin/sh -c "$runner" \
        kiln-job "$job" "$by" "$3" "$mask" "$6" "$7" </dev/null >/dev/null 2>&1 5>&-
      # Not before: where nobody listens any more, saying it ends this agent. Another that waits for
      # the lock meanwhile would find a job that was claimed and never begun.
      say s "$boot"
    fi
    exec 9>&-
  elif ! [ -e "$job.lock" ]; then
    reason="the lock file $job.lock could not be written"
  fi
  if [ "$reason" ]; then say n "$reason"; else follow "$1" "$4" "$5"; fi
}

# Starts a job as soon as the one before it has ended well, without a round trip in between. Nobody
# is there to ask for it any more when the server's end of this connection is gone.
chain() { # id-before id user restart interpreter argument
  wait "$follower"
  code=
  read -r code <"$dir/$1/exit"
  if [ "$code" = 0 ] && attended; then
    start "$2" "$3" "$4" 0 0 "$5" "$6"
  else
    say z "$2"
  fi
}

# Takes a lock, if that can be done at once, and keeps it open as descriptor 9.
hold() { # file
  reason=
  { command exec 9>>"$1"; } 2>/dev/null || return
  flock -n 9 && return
  exec 9>&-
  return 1
}

# Whether a job was never started; if so, its directory is there after this, with the script that this
# agent was sent. `reason` says why it can't be started at all.
may_start() { # id
  if [ -d "$job" ]; then
    ! [ -s "$job/pid" ] && ! [ -e "$job/canceled" ] && booted_here
    return
  fi
  if [ "${refused%% *}" = "$1" ]; then
    reason=${refused#* }
  elif ! mv "$dir/$1.new.$$" "$job" 2>"$dir/.fault.$$"; then
    read -r reason <"$dir/.fault.$$"
    reason=${reason:-the job directory could not be made}
  fi
  [ -z "$reason" ]
}

# Whether the job's directory was made since the machine last started.
booted_here() {
  before=
  read -r before <"$job/boot"
  [ "$before" = "$boot" ]
} 2>/dev/null

# What runs in the job's own session. Output goes through pipes, as scripts expect of /dev/stderr;
# a full disk stops what is kept of it and never the script. What a process that is left behind
# writes later is not waited for: a reader that sleeps has read all. How much that was is told by the
# places that the files are open at. The exit code is written over the room that is reserved for it, in
# one piece that no power cut can tear.
runner='
job=$1 by=$2 restart=$3 mask=$4 interpreter=$5 argument=$6
cd 2>/dev/null || cd /
exec 5>>"$job/stdout" 6>>"$job/stderr"
(trap "" TERM; exec tee /dev/null <"$job/out" >&5 5>&- 6>&- 9>&-) & out=$!
(trap "" TERM; exec tee /dev/null <"$job/err" >&6 5>&- 6>&- 9>&-) & err=$!
term=
trap "term=yes; : >\"\$job/term\"" TERM
exec 7>"$job/out" 8>"$job/err"
echo $$ >"$job/pid" && [ -s "$job/pid" ] || exit
export PACKER_BUILDER_TYPE=azure-arm PACKER_BUILD_NAME=azure-arm
set -- "$interpreter"
[ "$interpreter" = direct ] && chmod 700 "$job/script" && set --
[ "$argument" ] && set -- "$@" "$argument"
[ "$by" = root ] && set -- sudo -n -E "$@"
umask "$mask"
"$@" "$job/script" >&7 2>&8 5>&- 6>&- 7>&- 8>&- 9>&-
code=$?
exec 7>&- 8>&-
[ "$term" ] && [ $code -gt 128 ] && exit
place() { at=; while read -r name at; do [ "$name" != pos: ] || break; done <"/proc/$$/fdinfo/$1"; }
quiet=0
while [ $quiet -lt 54 ]; do
  read -r _ _ a _ </proc/$out/stat || a=Z
  read -r _ _ b _ </proc/$err/stat || b=Z
  case $a$b in
    ZZ) break ;;
    *[RD]*) quiet=0 ;;
    *) quiet=$((quiet + 1)) ;;
  esac
  [ $quiet -gt 50 ] && sleep 0.05
done
full=
[ "$a" = Z ] && { wait $out || full=" full"; }
[ "$b" = Z ] && { wait $err || full=" full"; }
going=
[ "$restart$code" = restart0 ] && for look in 1 2 3 4 5 6 7 8 9 10; do
  if [ "$term" ] || [ -e /run/systemd/shutdown/scheduled ] || [ -e /run/nologin ] ||
    [ "$(systemctl is-system-running)" = stopping ]; then
    going=" restart"
    break
  fi
  sleep 0.2
done
place 5
written=$at
place 6
printf "%s\n" "$written $at" >"$job/sizes"
printf "%s\n" "$code$full$going" 1<>"$job/exit"
'

# Sends what a job writes, from the offsets given, and how it ended.
follow() { # id stdout-offset stderr-offset
  (
    job=$dir/$1 a=$2 b=$3
    until cd "$job" 2>/dev/null; do
      if ! [ -e "$job.lock" ] || flock -n "$job.lock" true; then
        say x none
        exit
      fi
      sleep 0.05
    done
    command exec 6<"$job.lock" || {
      say x gone
      exit
    }
    # A look now and then costs less than the processes that tell of output as it comes: they are
    # for a job that takes longer.
    looks=0
    until flock -s -w 0.5 6 || ! [ -e boot ]; do
      looks=$((looks + 1))
      if [ $looks -lt 6 ]; then emit; else stream; fi
    done
    exec 6<&-
    if read -r written more <sizes && [ "$more" ]; then emit "$written" "$more"; else emit; fi
    tell_end
  ) 2>/dev/null &
  follower=$!
}

# Sends what a job writes as it comes, until something suggests that the job has ended.
stream() {
  events=$dir/.events.$$
  rm -f "$events"
  if ! mkfifo "$events"; then
    emit
    sleep 0.5
    return
  fi
  setsid /bin/sh -c "$ticker" kiln-ticker "$((a + 1))" "$((b + 1))" </dev/null >"$events" &
  ticking=$!
  setsid /bin/sh -c "$waiter" kiln-waiter "$job.lock" "$ticking" </dev/null >"$events" &
  waiting=$!
  trap 'stop_events; exit' TERM HUP PIPE
  exec 8<"$events"
  rm -f "$events"
  while emit; read -r event <&8 && [ "$event" = data ]; do :; done
  exec 8<&-
  stop_events
}

stop_events() {
  kill -KILL $ticking -$ticking $waiting -$waiting
}

# Tells when a job has written something: an event at once, then at most twenty a second. Half a
# minute is the longest that the job is not looked after, whatever a script did to its helpers.
ticker='
(sleep 30; echo look) &
{ tail -f -c "+$1" stdout & tail -f -c "+$2" stderr & wait; } 2>/dev/null |
  while dd bs=64k count=1 of=/dev/null 2>/dev/null; do echo data; sleep 0.05; done
'

# Tells when a job has let go of its lock, which it does however it ends.
waiter='
flock -s "$1" true
kill -KILL "$2" "-$2"
echo end
'

# Sends the bytes between what was sent already and what the files hold now.
emit() { # the sizes of both, where they are known
  [ -s stdout ] || [ -s stderr ] || return 0
  [ $# = 2 ] || set -- $(stat -c %s stdout stderr)
  [ $# = 2 ] || return 0
  if [ "$1" -gt "$a" ]; then
    say o $(($1 - a))
    slice stdout "$a" "$1"
    a=$1
  fi
  if [ "$2" -gt "$b" ]; then
    say e $(($2 - b))
    slice stderr "$b" "$2"
    b=$2
  fi
}

slice() { # file from to
  dd if="$1" bs=64k iflag=skip_bytes,count_bytes skip="$2" count="$(($3 - $2))" status=none
}

# Says what became of a job whose lock is free. After a power cut any file may be empty.
tell_end() {
  code=''
  before=''
  pid=''
  read -r code <./exit
  read -r before <./boot
  read -r pid <./pid
  state=abrupt
  [ -e term ] && state=orderly
  case $code in
    [0-9]*) say x exit "$code" ;;
    *)
      if [ -e canceled ]; then
        say x killed canceled
      elif ! [ -e boot ]; then
        say x gone
      elif [ "$before" != "$boot" ]; then
        say x restarted $state
      elif [ -z "$pid" ]; then
        say x unstarted
      else
        end_group "$pid" ended
        say x killed $state
      fi
      ;;
  esac
}

# Ends a job, and makes sure that no agent can start it any more.
cancel() { # id
  if end_job "$dir/$1"; then say c; else say c it could not be ended; fi
}

end_job() { # job directory
  for try in 1 2 3 4 5; do
    if hold "$1.lock"; then
      [ -d "$1" ] || mkdir "$1"
      : >"$1/canceled"
      exec 9>&-
      return
    fi
    [ -e "$1.lock" ] || return 0
    if read -r pid <"$1/pid"; then end_group "$pid" running; else sleep 0.2; fi
  done
  return 1
} 2>/dev/null

# Ends what is left of a job, as root where its processes may be root's. A process that has the
# number of a job's dead leader is a stranger, since the number is free only once the group is empty;
# the leader itself lets go of its lock a moment before it counts as dead.
end_group() { # leader running|ended
  for look in 1 2 3 4 5 6 7 8 9 10; do
    leader=Z
    read -r _ _ leader _ <"/proc/$1/stat"
    [ "$2" = running ] || [ "$leader" = Z ] && break
    [ $look = 10 ] && return
    sleep 0.05
  done
  for signal in TERM KILL; do
    signal_group $signal "$1" || return
    for look in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      signal_group 0 "$1" || return
      sleep 0.1
    done
  done
} 2>/dev/null

# The shell's own `kill` is used as root, too: that of procps 4.0.2 (Debian 12) takes the group -123
# for -1, which is every process of the machine.
signal_group() { # signal leader
  case $2 in '' | 1 | 0* | *[!0-9]*) return 1 ;; esac
  kill -s "$1" -- "-$2" && sent=yes || sent=
  [ "$uid" = 0 ] || ! sudo -n /bin/sh -c 'kill -s "$1" -- "-$2"' kiln-kill "$1" "$2" </dev/null ||
    sent=yes
  [ "$sent" ]
} 2>/dev/null

# Empties what a job that ended needs no more. What proves that it ran stays: the agent of a lost
# connection, to which a request may still come, must not start it again.
forget() { # id
  for file in script stdout stderr; do
    [ ! -e "$dir/$1/$file" ] || printf '' >"$dir/$1/$file"
  done 2>/dev/null
}

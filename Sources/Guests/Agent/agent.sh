# The guest's end of a build: one POSIX shell for each connection, which reads requests on its
# standard input and answers in frames on its standard output. Jobs outlive it: each runs in a
# session of its own, writes its output to files and its exit code last, and holds a lock while it
# lives. So the next agent can tell what became of a job without having seen it run.
#
# Frames: `o N` and `e N`, each followed by N bytes of a job's standard output and error; all others
# are one line. The program is jobs.sh, files.sh and this file, in this order; lines that begin with
# a number sign are taken out before it is sent, and renew.sh comes before them as `renewal`.
# shellcheck disable=SC2015,SC2024,SC2030,SC2031,SC2034,SC2046,SC2048,SC2086,SC2154
mask=$(umask)
umask 077
run=
dir=
refused=
follower=
arming=
listening=
port=/dev/virtio-ports/kiln.agent

# Tells who and where this is, and takes up or makes the directory of the run.
hello() { # nonce run make|find, and the directory on a line of its own where it is known
  nonce=$1 run=$2
  IFS= read -r known
  # One that listened in a kept state has learnt before what does not change.
  [ "$listening" ] || uid=$(id -u)
  read -r boot </proc/sys/kernel/random/boot_id
  found=no
  choose_directory "$3"
  if [ "$listening" ]; then hold_session; else learn "$3"; fi
  printf '\n%s\n' "h $nonce"
  say u "$uid" "$user"
  say b "$boot"
  say d "$dir"
  say k $found
  say m "$missing"
  say r "$root"
  listens=
  if [ "$listening" ]; then
    say p yes
  elif [ "$3" = make ] && [ -c "$port" ] && { command exec 6<>"$port"; } 2>/dev/null; then
    say p yes
    listens=yes
  fi
  [ -z "$dir" ] || printf '%s\n' "$PPID $boot" >>"$dir/.sessions"
  if [ -z "$dir" ]; then
    say n "$reason"
    say .
    exit
  fi
  say .
  if [ "$listens" ]; then
    (
      listening=yes
      serve
    ) <&6 >&6 2>/dev/null 6>&- &
    exec 6>&-
  fi
}

# Stops the server of the connection that the earlier run had: it is gone, and a server that finds that
# out ends, and with it the login session that all steps belong to.
hold_session() {
  read -r name <"/proc/$PPID/comm" || return
  case $name in sshd*) kill -s STOP "$PPID" ;; esac
}

# Finds out who this is, what is missing here, and whether the user may become root.
learn() { # make|find
  # The slowest of all questions is asked first.
  root=yes
  asking=
  if [ "$uid" != 0 ] && [ "$dir" ]; then
    root=
    ask_for_root "$1" >"$dir/.root.$$" 2>&1 </dev/null &
    asking=$!
  fi
  user=$(id -un)
  missing=
  for tool in cat chmod dd flock id mkdir mkfifo mv readlink rm setsid sha256sum sleep stat tail \
    tee; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
  done
  # That of busybox can't do this.
  setsid -f true || missing="$missing util-linux"
  if [ "$asking" ]; then
    if wait "$asking"; then root=sudo; else read -r root <"$dir/.root.$$"; fi
  fi
}

# Whether the user may become root. A VM of ours may have a port to its host: it becomes the user's. One
# more of this agent listens there, until the machine ends, so that nobody has to log in who goes on
# from a state of the machine. A port can be open once only.
ask_for_root() { # make|find
  [ "$1" = make ] && [ -c "$port" ] && sudo -n chown "$uid" "$port" || sudo -n true
}

# The name begins with a dot, since `rm -rf /var/tmp/*` is a usual line of a script that tidies up.
choose_directory() { # make|find
  may=$1
  set -- /var/tmp "$HOME" /tmp
  [ "$known" ] && set -- "${known%/*}"
  for place; do
    dir=$place/.kiln-$run
    [ -d "$dir" ] && [ -O "$dir" ] && ! [ -L "$dir" ] && found=yes && return
  done
  # Where nobody is, or only another agent's channel, the run's directory may have been removed for
  # good already.
  [ "$may" = make ] && attended || exit
  for place; do
    dir=$place/.kiln-$run
    reason=$(mkdir "$dir" 2>&1) && return
  done
  dir=
}

# Whether the other end of this connection is still there: then the process that serves it is still
# the parent. That its number is known proves nothing, since the dead may wait for being noticed.
attended() {
  [ -z "$listening" ] || return 0
  read -r _ _ _ above _ <"/proc/$$/stat" && [ "$above" = "$PPID" ]
}

# Says one line, whatever its words hold.
say() {
  set -f
  set -- $*
  set +f
  printf '%s\n' "$*"
}

# Passes on exactly so many bytes of the requests. Whoever takes them has to read them all, also
# those that it can't keep, so that a script is never mistaken for requests. Not every `head` reads
# no more than it is asked for.
take() { # count
  dd bs=64k iflag=fullblock,count_bytes count="$1" 2>/dev/null
}

# Ends what still runs and removes all that the run put here.
leave() {
  for lock in "$dir"/*.lock; do
    [ -e "$lock" ] && end_job "${lock%.lock}"
  done
  cd / || exit
  while IFS= read -r path; do
    rm -f -- "$path" || [ "$uid" = 0 ] || sudo -n rm -f -- "$path" </dev/null
  done <"$dir/remove" 2>/dev/null
  # Twice at most: what was in it may be root's, or have come meanwhile.
  by=
  [ "$uid" = 0 ] || by='sudo -n'
  fault=$(rm -rf "${dir:?}" 2>&1) || $by rm -rf "$dir" 2>/dev/null </dev/null
  if [ -e "$dir" ]; then say l "$fault"; else say l; fi
}

# Keeps what a restart would clear away, and sees to it that all that was written is on the disk.
pack() {
  by=
  [ "$uid" = 0 ] || by='sudo -n'
  if reason=$($by tar -C / --one-file-system --exclude='tmp/systemd-private-*' \
    -cf "$dir/.tmp.tar" tmp 2>&1 </dev/null) && sync; then
    say a packed
  else
    say a refused "$reason"
  fi
}

unpack() {
  $by rm -f "$dir/.tmp.tar" </dev/null
  say a unpacked
}

# Makes a machine this run's own whose state is that of an earlier run: its clock stands where it stood
# then, its random numbers would be those of every other machine of that state, and it still has that
# run's directory, and sessions whose other end is gone.
#
# Root takes longest: meanwhile directories are made for the first jobs.
adopt() { # seconds random job..., and a line with the directory of the earlier run
  IFS= read -r earlier
  by=
  [ "$uid" = 0 ] || by='sudo -n'
  $by /bin/sh -c "$renewal" kiln-renew "$1" "$2" "$earlier" </dev/null >"$dir/.adopted" 2>&1 &
  renewing=$!
  shift 2
  lay "$@" 2>/dev/null
  code=
  while read -r session since; do
    [ "$since" = "$boot" ] || continue
    [ "$session" != "$PPID" ] || continue
    read -r name <"/proc/$session/comm"
    case $name in sshd*) kill -KILL "$session" ;; esac
  done <"$earlier/.sessions" 2>/dev/null
  if [ -e "$earlier/.tmp.tar" ]; then
    wait "$renewing"
    code=$?
  fi
  [ "$earlier" = "$dir" ] || {
    cat "$earlier/remove" >>"$dir/remove"
    rm -rf "$earlier" || $by rm -rf "$earlier" </dev/null
  } 2>/dev/null
  if [ -z "$code" ]; then
    wait "$renewing"
    code=$?
  fi
  reason=
  while read -r line; do reason=$line; done <"$dir/.adopted"
  case $code$reason in
    0unseeded) say a unseeded ;;
    0*) say a adopted ;;
    *) say a refused "$reason" ;;
  esac
}

# Has root wait for the words to take away what is ours and to power the machine off. They go through
# a pipe that only this agent holds open to write: when it ends, so does the waiting. A job may run
# meanwhile, whose output has the line to itself: what came of it is said when it is asked for.
arm() { # size key, and the program
  program=$(take "$1")
  [ ! -e "$dir/.retire" ] || rm -f "$dir/.retire"
  mkfifo "$dir/.retire" 2>"$dir/.armed" || return
  command exec 5<>"$dir/.retire"
  command exec 6<"$dir/.retire"
  by=
  [ "$uid" = 0 ] || by='sudo -n'
  $by setsid -f /bin/sh -c "$program" kiln-retire "$dir" "$user" "$uid" "$run" "$2" \
    <&6 >"$dir/.armed" 2>&1 5>&- &
  arming=$!
  exec 6<&-
}

# Says whether root waits, and has it look at what runs in the machine.
look() {
  if [ "$arming" ] && wait "$arming" && printf 'look\n' >&5; then
    say r armed
  else
    reason=
    read -r reason <"$dir/.armed"
    say r refused "$reason"
  fi
}

# Does what is asked for, until nobody is there to ask.
serve() {
  while read -r verb one two three four five six rest; do
    case $verb in
      hello) hello "$one" "$two" "$three" ;;
      lay) lay $one $two $three $four $five 2>/dev/null ;;
      put) put "$one" "$two" "$three" ;;
      text) text "$one" "$two" ;;
      start) start "$one" "$two" "$three" "$four" "$five" "$six" "$rest" ;;
      then) chain "$two" "$one" "$three" "$four" "$six" "$rest" ;;
      attach) follow "$one" "$two" "$three" ;;
      cancel) cancel "$one" ;;
      file) file "$one" "$two" "$three" "$four" "$five" ;;
      begin) begin "$one" "$two" "$three" ;;
      piece) piece "$one" "$two" "$three" ;;
      discard) discard "$one" ;;
      end) end "$one" "$two" "$three" ;;
      adopt) adopt $one $two $three $four $five ;;
      pack) pack ;;
      unpack) unpack ;;
      forget) forget "$one" ;;
      arm) arm "$one" "$two" ;;
      look) look ;;
      retire)
        printf 'go\n' >&5
        say r going
        ;;
      leave) leave ;;
    esac
  done
  [ "$follower" ] && kill "$follower" 2>/dev/null
}

serve

# First process of a sandbox (pid 1 where it has process numbers of its own). Reads requests on standard input, starts
# processes on named pipes of the control folder and reports on standard output. Ends, and everything with it, when
# standard input does: that is the lifeline to the worker.
#   request: fields that end in NUL: spawn <id> <directory> <argument count> <arguments...>
#   report:  lines: ready | started <id> <pid> | exited <id> <status>
control=$1
fallback=$2
[ "$3" = 0 ] || ulimit -u "$3"
ulimit -c 0
umask 022
cd "$fallback" || exit 70

supervise() {
  local id=$1 directory=$2
  shift 2
  exec 3>&1
  (
    # A job of a non-interactive shell ignores SIGINT: give the process the default back, or interrupts silently fail.
    trap - INT QUIT
    exec <"$control/$id.in" >"$control/$id.out" 2>"$control/$id.err" || exit 126
    cd -- "$directory" 2>/dev/null || cd -- "$fallback"
    # When memory runs out, the kernel picks this process before the first one, which holds the sandbox together.
    echo 200 2>/dev/null >/proc/self/oom_score_adj
    printf 'started %s %s\n' "$id" "$BASHPID" >&3
    exec 3>&-
    exec -- "$@"
  ) &
  wait $!
  printf 'exited %s %s\n' "$id" $? >&3
}

printf 'ready\n'
while IFS= read -r -d '' word; do
  [ "$word" = spawn ] || exit 71
  IFS= read -r -d '' id
  IFS= read -r -d '' directory
  IFS= read -r -d '' count
  arguments=()
  while ((${#arguments[@]} < count)); do
    IFS= read -r -d '' argument || exit 72
    arguments+=("$argument")
  done
  supervise "$id" "$directory" "${arguments[@]}" </dev/null &
done
kill -9 0

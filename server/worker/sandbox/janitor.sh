# Outlives the worker that started it, to remove what a killed worker cannot: containers, control groups and folders of
# sandboxes. Arguments: what their names begin with, the engine of containers or nothing, then the folders they are in.
# The end of standard input is the worker's end.
trap '' INT TERM HUP
prefix=$1
engine=$2
shift 2
while IFS= read -r _; do :; done
shopt -s nullglob

# Removes our containers; true if none was left, and nobody is about to start one.
containers_are_gone() {
  [ -n "$engine" ] || return 0
  local names
  names=$("$engine" ps --all --filter "name=^$prefix" --format '{{.Names}}' 2>/dev/null)
  [ -z "$names" ] || "$engine" rm --force --volumes $names >/dev/null 2>&1
  # The brackets keep the search from finding itself.
  [ -z "$names" ] && ! grep -qs -e "-[-]name=$prefix" /proc/[0-9]*/cmdline
}

for ((attempt = 0; attempt < 100; attempt++)); do
  left=()
  for parent; do left+=("$parent/$prefix"*); done
  containers_are_gone && [ ${#left[@]} -eq 0 ] && exit 0
  for path in "${left[@]}"; do
    if [ -e "$path/cgroup.procs" ]; then
      while read -r pid; do kill -9 "$pid" 2>/dev/null; done <"$path/cgroup.procs"
      rmdir "$path" 2>/dev/null
    else
      # Without process numbers of its own, a sandbox is known by what its processes were given.
      for file in $(grep -lzxF "AIRA_SANDBOX_FOLDER=$path" /proc/[0-9]*/environ 2>/dev/null); do
        pid=${file#/proc/}
        kill -9 "${pid%/environ}" 2>/dev/null
      done
      rm -rf -- "$path"
    fi
  done
  sleep 0.1
done

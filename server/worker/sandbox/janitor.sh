# Outlives the worker that started it, to remove what a killed worker cannot: control groups and folders of sandboxes.
# Standard input: lines `+ <path>` (made) and `- <path>` (removed by the worker itself). Its end is the worker's end.
trap '' INT TERM HUP
declare -A kept
while read -r word path; do
  case $word in
    +) kept[$path]=1 ;;
    -) unset "kept[$path]" ;;
  esac
done
for ((attempt = 0; attempt < 100 && ${#kept[@]} > 0; attempt++)); do
  for path in "${!kept[@]}"; do
    # Only what bears our name is ever removed.
    case $path in */aira2-*) ;; *) unset "kept[$path]"; continue ;; esac
    if [ -e "$path/cgroup.procs" ]; then
      while read -r pid; do kill -9 "$pid" 2>/dev/null; done <"$path/cgroup.procs"
      rmdir "$path" 2>/dev/null
    else
      rm -rf -- "$path"
    fi
    [ -e "$path" ] || unset "kept[$path]"
  done
  [ ${#kept[@]} -eq 0 ] || sleep 0.1
done

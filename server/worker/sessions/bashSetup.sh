set +o history +H; unset HISTFILE; PS1= PS2= PROMPT_COMMAND=
exec 249>&2 250>&1 251>&2
__aira_end() {
  # 130: an interrupt that was meant for the command. Whoever sends one asks again.
  builtin enable builtin enable eval exit local printf read set unset || [[ $? -eq 130 ]] || builtin exit 70
  builtin set +e
  builtin unset -v "${!__aira_@}"
  builtin printf '\0%s\0' "$2" >&250
  builtin printf '\0%s\0%s\0' "$2" "$1" >&251
  builtin local __aira_numbers
  IFS=' ' builtin read -r -a __aira_numbers </proc/loadavg
  builtin printf '%s\0%s\0%s\0' "${!-}" "${__aira_numbers[4]}" "$PWD" >&251
} 2>/dev/null
__aira_exit() { builtin printf '\0exit\0%s\0\0\0%s\0' "$?" "$PWD" >&249; }
readonly -f __aira_end __aira_exit
trap __aira_exit EXIT

# What linnetctl takes, as it says itself.
function __linnetctl_commands
    linnetctl --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\).*/\1/p' | sort -u
end

complete -c linnetctl -f
complete -c linnetctl -n __fish_use_subcommand -a '(__linnetctl_commands)'
complete -c linnetctl -n '__fish_seen_subcommand_from cache' -a flush -d 'forget what the cache holds'
complete -c linnetctl -n '__fish_seen_subcommand_from reload' -l dry-run -d 'say what would change'
complete -c linnetctl -s s -l socket -r -F -d 'the socket of the daemon'
complete -c linnetctl -s j -l json -d 'answer in JSON'
complete -c linnetctl -s h -l help -d 'say how it is called'
complete -c linnetctl -s V -l version -d 'say the version'

# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ros_global_optspecs
    string join \n h/help V/version
end

function __fish_ros_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ros_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ros_using_subcommand
    set -l cmd (__fish_ros_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ros -n "__fish_ros_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_needs_command" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_needs_command" -f -a "serve" -d 'Run the server'
complete -c ros -n "__fish_ros_needs_command" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c ros -n "__fish_ros_needs_command" -f -a "man" -d 'Print a manual page'
complete -c ros -n "__fish_ros_needs_command" -f -a "generate" -d 'Write man pages and completions into a folder'
complete -c ros -n "__fish_ros_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand serve" -s c -l configuration -d 'The configuration file' -r -F
complete -c ros -n "__fish_ros_using_subcommand serve" -l root -d 'The data folder [default: ./ros-data with --dev, else from the configuration]' -r -F
complete -c ros -n "__fish_ros_using_subcommand serve" -l listen -d 'Where to listen; port 0 takes a free one [default: 127.0.0.1:9080, or from the configuration]' -r
complete -c ros -n "__fish_ros_using_subcommand serve" -l private-key -d 'The private key, PEM; its public half is known from it [default: from the configuration]' -r -F
complete -c ros -n "__fish_ros_using_subcommand serve" -l public-key -d 'The public key, PEM; must belong to the private key [default: from the configuration]' -r -F
complete -c ros -n "__fish_ros_using_subcommand serve" -l log-level -d 'What to log [default: from the configuration, or info]' -r -f -a "all\t''
trace\t''
debug\t''
detail\t''
info\t''
warn\t''
error\t''
fatal\t''
off\t''"
complete -c ros -n "__fish_ros_using_subcommand serve" -l dev -d 'Run for development: any app, anybody signs in, everything made on the spot'
complete -c ros -n "__fish_ros_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand serve" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand completions" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand man" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand generate" -s h -l help -d 'Print help'
complete -c ros -n "__fish_ros_using_subcommand generate" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve completions man generate help" -f -a "serve" -d 'Run the server'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve completions man generate help" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve completions man generate help" -f -a "man" -d 'Print a manual page'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve completions man generate help" -f -a "generate" -d 'Write man pages and completions into a folder'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve completions man generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'

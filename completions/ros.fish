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
complete -c ros -n "__fish_ros_needs_command" -f -a "check-config" -d 'Check a configuration, and show what would hold'
complete -c ros -n "__fish_ros_needs_command" -f -a "backup" -d 'Copy the data folder of a running or stopped server'
complete -c ros -n "__fish_ros_needs_command" -f -a "verify" -d 'Check that a backup is what it was when it was made'
complete -c ros -n "__fish_ros_needs_command" -f -a "restore" -d 'Make a data folder of a backup'
complete -c ros -n "__fish_ros_needs_command" -f -a "browse" -d 'Look at what a Realm contains'
complete -c ros -n "__fish_ros_needs_command" -f -a "realms" -d 'Work with whole Realms'
complete -c ros -n "__fish_ros_needs_command" -f -a "perms" -d 'See and change permissions'
complete -c ros -n "__fish_ros_needs_command" -f -a "users" -d 'List, make, change and remove users'
complete -c ros -n "__fish_ros_needs_command" -f -a "token" -d 'Make, look at and revoke tokens'
complete -c ros -n "__fish_ros_needs_command" -f -a "bench" -d 'Measure any server that speaks the sync protocol'
complete -c ros -n "__fish_ros_needs_command" -f -a "status" -d 'Show a running server at a glance'
complete -c ros -n "__fish_ros_needs_command" -f -a "doctor" -d 'Find out what is wrong on this host, and how to put it right'
complete -c ros -n "__fish_ros_needs_command" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c ros -n "__fish_ros_needs_command" -f -a "man" -d 'Print a manual page'
complete -c ros -n "__fish_ros_needs_command" -f -a "generate" -d 'Write what is made from definitions into a folder: man pages, completions, the sample configuration, its schema and its reference'
complete -c ros -n "__fish_ros_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand serve" -s c -l configuration -d 'The configuration file' -r -F
complete -c ros -n "__fish_ros_using_subcommand serve" -l root -d 'The data folder [default: ./ros-data with --dev, else from the configuration]' -r -F
complete -c ros -n "__fish_ros_using_subcommand serve" -l listen -d 'Where to listen; port 0 takes a free one [default: 127.0.0.1:9080 with --dev, else from the configuration]' -r
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
complete -c ros -n "__fish_ros_using_subcommand check-config" -l root -d 'The data folder [default: ./ros-data with --dev, else from the configuration]' -r -F
complete -c ros -n "__fish_ros_using_subcommand check-config" -l listen -d 'Where to listen; port 0 takes a free one [default: 127.0.0.1:9080 with --dev, else from the configuration]' -r
complete -c ros -n "__fish_ros_using_subcommand check-config" -l private-key -d 'The private key, PEM; its public half is known from it [default: from the configuration]' -r -F
complete -c ros -n "__fish_ros_using_subcommand check-config" -l public-key -d 'The public key, PEM; must belong to the private key [default: from the configuration]' -r -F
complete -c ros -n "__fish_ros_using_subcommand check-config" -l log-level -d 'What to log [default: from the configuration, or info]' -r -f -a "all\t''
trace\t''
debug\t''
detail\t''
info\t''
warn\t''
error\t''
fatal\t''
off\t''"
complete -c ros -n "__fish_ros_using_subcommand check-config" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand check-config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand check-config" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand backup" -l jobs -d 'Files worked on at the same time' -r
complete -c ros -n "__fish_ros_using_subcommand backup" -s o -l output -d 'The form of the result; ndjson prints a line for each file when it is done' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand backup" -l with-keys -d 'Copy keys that lie outside of the data folder, too, into TARGET/keys'
complete -c ros -n "__fish_ros_using_subcommand backup" -l full-speed -d 'Do not give way to a server on this machine'
complete -c ros -n "__fish_ros_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand backup" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand verify" -l jobs -d 'Files worked on at the same time' -r
complete -c ros -n "__fish_ros_using_subcommand verify" -s o -l output -d 'The form of the result; ndjson prints a line for each file when it is done' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand verify" -l full-speed -d 'Do not give way to a server on this machine'
complete -c ros -n "__fish_ros_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand verify" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand restore" -l jobs -d 'Files worked on at the same time' -r
complete -c ros -n "__fish_ros_using_subcommand restore" -s o -l output -d 'The form of the result; ndjson prints a line for each file when it is done' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand restore" -l dry-run -d 'Verify the backup and say what would be done, and do nothing'
complete -c ros -n "__fish_ros_using_subcommand restore" -l rehearse -d 'Restore into ROOT, read every row of every Realm there, and take it away again'
complete -c ros -n "__fish_ros_using_subcommand restore" -l full-speed -d 'Do not give way to a server on this machine'
complete -c ros -n "__fish_ros_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand restore" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand browse" -l where -d 'Only objects for which this holds' -r
complete -c ros -n "__fish_ros_using_subcommand browse" -l sort -d 'The order: properties with ASC or DESC' -r
complete -c ros -n "__fish_ros_using_subcommand browse" -l limit -d 'No more objects than this' -r
complete -c ros -n "__fish_ros_using_subcommand browse" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand browse" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand browse" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand browse" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand browse" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand browse" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand browse" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand browse" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand browse" -l follow -d 'Print changes as they arrive, a JSON document each, until interrupted'
complete -c ros -n "__fish_ros_using_subcommand browse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand browse" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand realms; and not __fish_seen_subcommand_from list info export import remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand realms; and not __fish_seen_subcommand_from list info export import remove help" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand realms; and not __fish_seen_subcommand_from list info export import remove help" -f -a "list" -d 'List the Realms of the server'
complete -c ros -n "__fish_ros_using_subcommand realms; and not __fish_seen_subcommand_from list info export import remove help" -f -a "info" -d 'Show what is known of a Realm'
complete -c ros -n "__fish_ros_using_subcommand realms; and not __fish_seen_subcommand_from list info export import remove help" -f -a "export" -d 'Write every object of a Realm as a line of JSON'
complete -c ros -n "__fish_ros_using_subcommand realms; and not __fish_seen_subcommand_from list info export import remove help" -f -a "import" -d 'Write objects into a Realm: those that are there are changed, others are made'
complete -c ros -n "__fish_ros_using_subcommand realms; and not __fish_seen_subcommand_from list info export import remove help" -f -a "remove" -d 'Remove a Realm with all that is in it, what is granted on it, and its history'
complete -c ros -n "__fish_ros_using_subcommand realms; and not __fish_seen_subcommand_from list info export import remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from info" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -l file -d 'The file to write [default: standard output]' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -s o -l output -d 'The form: lines of JSON' -r -f -a "ndjson\t''"
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -l dry-run -d 'Say what would be done, and do nothing'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -l root -d 'The data folder of a stopped server, for when no administrator can sign in' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -s c -l configuration -d 'With --root: the server\'s configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -l dry-run -d 'Say what would be done, and do nothing'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do it without asking'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the Realms of the server'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from help" -f -a "info" -d 'Show what is known of a Realm'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write every object of a Realm as a line of JSON'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from help" -f -a "import" -d 'Write objects into a Realm: those that are there are changed, others are made'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a Realm with all that is in it, what is granted on it, and its history'
complete -c ros -n "__fish_ros_using_subcommand realms; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -f -a "list" -d 'List permissions: all of them for administrators, else your own, those on your Realms, and what everybody has'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -f -a "show" -d 'Show the permissions on a Realm'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -f -a "grant" -d 'Give somebody rights on a Realm; flags that are not named stay as they are'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -f -a "revoke" -d 'Take rights away from somebody; all of them if none is named'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -f -a "why" -d 'Say what a user may do in a Realm, and why'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -f -a "offer" -d 'Make an offer of rights on a Realm, and print its token; whoever has it may take them'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -f -a "accept" -d 'Take the rights of an offer'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -f -a "offers" -d 'List your offers'
complete -c ros -n "__fish_ros_using_subcommand perms; and not __fish_seen_subcommand_from list show grant revoke why offer accept offers help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -l of -d 'Only those of this user; \'*\' for what everybody has' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -l app -d 'The app, for a user that signs in with a password' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l file -d 'A list of grants; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l read -d 'Reading'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l write -d 'Writing, which implies reading'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l manage -d 'Changing permissions and removing classes, which implies reading'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -l dry-run -d 'Say what would be asked for, and ask for nothing'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from grant" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l read -d 'Reading'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l write -d 'Writing, which implies reading'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l manage -d 'Changing permissions and removing classes, which implies reading'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -l dry-run -d 'Say what would be asked for, and ask for nothing'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from why" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l expires -d 'How long it holds: 90s, 10m, 12h, 7d [default: until it is withdrawn]' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -s o -l output -d 'The form of the result' -r -f -a "plain\t''
json\t''"
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l read -d 'Reading'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l write -d 'Writing, which implies reading'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -l manage -d 'Changing permissions and removing classes, which implies reading'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offer" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -l app -d 'The app, for a user that signs in with a password' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -s o -l output -d 'The form of the result' -r -f -a "plain\t''
json\t''"
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from accept" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -l app -d 'The app, for a user that signs in with a password' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -l tokens -d 'Show their tokens, too'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from offers" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from help" -f -a "list" -d 'List permissions: all of them for administrators, else your own, those on your Realms, and what everybody has'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show the permissions on a Realm'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from help" -f -a "grant" -d 'Give somebody rights on a Realm; flags that are not named stay as they are'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Take rights away from somebody; all of them if none is named'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from help" -f -a "why" -d 'Say what a user may do in a Realm, and why'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from help" -f -a "offer" -d 'Make an offer of rights on a Realm, and print its token; whoever has it may take them'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from help" -f -a "accept" -d 'Take the rights of an offer'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from help" -f -a "offers" -d 'List your offers'
complete -c ros -n "__fish_ros_using_subcommand perms; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -f -a "list" -d 'List users, in the order of their ids'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -f -a "show" -d 'Show what is known of a user'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -f -a "add" -d 'Make a user'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -f -a "import" -d 'Make the users of another server, with their ids and the hashes of their passwords'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -f -a "remove" -d 'Remove a user with its Realms, and end all that it has open'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -f -a "set-password" -d 'Give a user another password, and end all its logins'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -f -a "make-admin" -d 'Make a user an administrator of the server'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -f -a "suspend" -d 'Keep a user out, and end all that it has open'
complete -c ros -n "__fish_ros_using_subcommand users; and not __fish_seen_subcommand_from list show add import remove set-password make-admin suspend help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l app -d 'Those of this app; `classic` are the users of Realm Object Server 1 to 3 [default: all]' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l search -d 'Those whose name contains this, or whose id begins with it' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l limit -d 'How many, at most' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l root -d 'The data folder of a stopped server, for when no administrator can sign in' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -s c -l configuration -d 'With --root: the server\'s configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -l admins -d 'Administrators alone'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -l app -d 'The app that the user belongs to' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -l root -d 'The data folder of a stopped server, for when no administrator can sign in' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -s c -l configuration -d 'With --root: the server\'s configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l app -d 'The app that the user belongs to' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l new-password-file -d 'A file that holds the password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l root -d 'The data folder of a stopped server, for when no administrator can sign in' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -s c -l configuration -d 'With --root: the server\'s configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -l admin -d 'Make it an administrator of the server'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l app -d 'The app of users whose line names none' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -s o -l output -d 'The form of the report' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l root -d 'The data folder of a stopped server, for when no administrator can sign in' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -s c -l configuration -d 'With --root: the server\'s configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -l dry-run -d 'Say which users could be made, and make none'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l app -d 'The app that the user belongs to' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l root -d 'The data folder of a stopped server, for when no administrator can sign in' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -s c -l configuration -d 'With --root: the server\'s configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -l dry-run -d 'Say what would be done, and do nothing'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do it without asking'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l app -d 'The app that the user belongs to' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l new-password-file -d 'A file that holds the password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l root -d 'The data folder of a stopped server, for when no administrator can sign in' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -s c -l configuration -d 'With --root: the server\'s configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from set-password" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l app -d 'The app that the user belongs to' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l root -d 'The data folder of a stopped server, for when no administrator can sign in' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -s c -l configuration -d 'With --root: the server\'s configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -l undo -d 'Make it one like all others again'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from make-admin" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l app -d 'The app that the user belongs to' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l root -d 'The data folder of a stopped server, for when no administrator can sign in' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -s c -l configuration -d 'With --root: the server\'s configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -l undo -d 'Let it in again'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from suspend" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "list" -d 'List users, in the order of their ids'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show what is known of a user'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make a user'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "import" -d 'Make the users of another server, with their ids and the hashes of their passwords'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a user with its Realms, and end all that it has open'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "set-password" -d 'Give a user another password, and end all its logins'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "make-admin" -d 'Make a user an administrator of the server'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "suspend" -d 'Keep a user out, and end all that it has open'
complete -c ros -n "__fish_ros_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand token; and not __fish_seen_subcommand_from admin mint inspect revoke help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand token; and not __fish_seen_subcommand_from admin mint inspect revoke help" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand token; and not __fish_seen_subcommand_from admin mint inspect revoke help" -f -a "admin" -d 'Make an administrator\'s token'
complete -c ros -n "__fish_ros_using_subcommand token; and not __fish_seen_subcommand_from admin mint inspect revoke help" -f -a "mint" -d 'Make a token for a user, or for one Realm'
complete -c ros -n "__fish_ros_using_subcommand token; and not __fish_seen_subcommand_from admin mint inspect revoke help" -f -a "inspect" -d 'Say what a token contains, and whether the server takes it'
complete -c ros -n "__fish_ros_using_subcommand token; and not __fish_seen_subcommand_from admin mint inspect revoke help" -f -a "revoke" -d 'End a token before its time'
complete -c ros -n "__fish_ros_using_subcommand token; and not __fish_seen_subcommand_from admin mint inspect revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from admin" -l to -d 'A file to write it to, which must not be there; readable for its owner alone' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from admin" -s o -l output -d 'The form of the result: the token alone, or a document that says what is in it' -r -f -a "plain\t''
json\t''"
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from admin" -l private-key -d 'The private key, PEM [default: ./ros-data/keys/private.pem, /etc/realm/token-signature.key]' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from admin" -s c -l configuration -d 'The configuration that names it' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from admin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from admin" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -l realm -d 'The Realm that it is for: a path; ~ stands for the user\'s home' -r
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -l lifetime -d 'How long it counts: 10m, 12h, 30d' -r
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -l to -d 'A file to write it to, which must not be there; readable for its owner alone' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -s o -l output -d 'The form of the result: the token alone, or a document that says what is in it' -r -f -a "plain\t''
json\t''"
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -l private-key -d 'The private key, PEM [default: ./ros-data/keys/private.pem, /etc/realm/token-signature.key]' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -s c -l configuration -d 'The configuration that names it' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -l read -d 'May download'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -l write -d 'May upload'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -l manage -d 'May manage'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from mint" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -l public-key -d 'A public key, PEM, that may have signed it; no server is asked' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from inspect" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -l dry-run -d 'Say what would be done, and do nothing'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -s y -l yes -d 'Do it without asking'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "admin" -d 'Make an administrator\'s token'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "mint" -d 'Make a token for a user, or for one Realm'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Say what a token contains, and whether the server takes it'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'End a token before its time'
complete -c ros -n "__fish_ros_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand bench; and not __fish_seen_subcommand_from load fanout bootstrap conflict idle reconnect help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand bench; and not __fish_seen_subcommand_from load fanout bootstrap conflict idle reconnect help" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand bench; and not __fish_seen_subcommand_from load fanout bootstrap conflict idle reconnect help" -f -a "load" -d 'Transactions that each wait for their durable acknowledgement'
complete -c ros -n "__fish_ros_using_subcommand bench; and not __fish_seen_subcommand_from load fanout bootstrap conflict idle reconnect help" -f -a "fanout" -d 'From a commit on one device to its integration on many'
complete -c ros -n "__fish_ros_using_subcommand bench; and not __fish_seen_subcommand_from load fanout bootstrap conflict idle reconnect help" -f -a "bootstrap" -d 'A fresh device downloads everything'
complete -c ros -n "__fish_ros_using_subcommand bench; and not __fish_seen_subcommand_from load fanout bootstrap conflict idle reconnect help" -f -a "conflict" -d 'Devices that edited the same objects offline come online together'
complete -c ros -n "__fish_ros_using_subcommand bench; and not __fish_seen_subcommand_from load fanout bootstrap conflict idle reconnect help" -f -a "idle" -d 'Devices that are connected and do nothing'
complete -c ros -n "__fish_ros_using_subcommand bench; and not __fish_seen_subcommand_from load fanout bootstrap conflict idle reconnect help" -f -a "reconnect" -d 'All devices lose their connection at once and come back'
complete -c ros -n "__fish_ros_using_subcommand bench; and not __fish_seen_subcommand_from load fanout bootstrap conflict idle reconnect help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l clients -d 'Clients, each with a connection of its own' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l realms -d 'Realms, over which the clients are spread [default: one for each client]' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l tx -d 'Transactions of each client' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l objects -d 'New objects in each transaction' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l window -d 'Transactions of each client on their way at the same time; 1 is a closed loop' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l app -d 'Partitions of this app, opened by an anonymous user, unless --path is given' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l path -d 'Classic Realms whose virtual paths begin like this, opened with a token' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l token -d 'The token is of no account to the server that is measured: send this text' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l server-pid -d 'Read what the server\'s process uses' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -l no-nodelay -d 'Leave Nagle\'s algorithm on, as the SDKs do'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from load" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l readers -d 'Devices that read' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l tx -d 'Transactions, one after another' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l objects -d 'New objects in each transaction' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l app -d 'Partitions of this app, opened by an anonymous user, unless --path is given' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l path -d 'Classic Realms whose virtual paths begin like this, opened with a token' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l token -d 'The token is of no account to the server that is measured: send this text' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l server-pid -d 'Read what the server\'s process uses' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -l no-nodelay -d 'Leave Nagle\'s algorithm on, as the SDKs do'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from fanout" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l objects -d 'Objects in the Realm' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l objects-per-tx -d 'Objects in each of the transactions that made them' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l repeat -d 'Fresh devices, one after another' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l app -d 'Partitions of this app, opened by an anonymous user, unless --path is given' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l path -d 'Classic Realms whose virtual paths begin like this, opened with a token' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l token -d 'The token is of no account to the server that is measured: send this text' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l server-pid -d 'Read what the server\'s process uses' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -l no-nodelay -d 'Leave Nagle\'s algorithm on, as the SDKs do'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from bootstrap" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l clients -d 'Devices' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l ops -d 'Edits of each while it is offline' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l objects -d 'Objects that they share' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l seed -d 'From which the edits are drawn' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l app -d 'Partitions of this app, opened by an anonymous user, unless --path is given' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l path -d 'Classic Realms whose virtual paths begin like this, opened with a token' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l token -d 'The token is of no account to the server that is measured: send this text' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l server-pid -d 'Read what the server\'s process uses' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -l no-nodelay -d 'Leave Nagle\'s algorithm on, as the SDKs do'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from conflict" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l sessions -d 'Devices, each with a connection of its own' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l realms -d 'Realms, over which they are spread' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l hold -d 'Seconds to hold them' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l app -d 'Partitions of this app, opened by an anonymous user, unless --path is given' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l path -d 'Classic Realms whose virtual paths begin like this, opened with a token' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l token -d 'The token is of no account to the server that is measured: send this text' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l server-pid -d 'Read what the server\'s process uses' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -l no-nodelay -d 'Leave Nagle\'s algorithm on, as the SDKs do'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from idle" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l clients -d 'Devices, each with a connection of its own' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l realms -d 'Realms, over which they are spread' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l app -d 'Partitions of this app, opened by an anonymous user, unless --path is given' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l path -d 'Classic Realms whose virtual paths begin like this, opened with a token' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l token -d 'The token is of no account to the server that is measured: send this text' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l server-pid -d 'Read what the server\'s process uses' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -l no-nodelay -d 'Leave Nagle\'s algorithm on, as the SDKs do'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from reconnect" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "load" -d 'Transactions that each wait for their durable acknowledgement'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "fanout" -d 'From a commit on one device to its integration on many'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "bootstrap" -d 'A fresh device downloads everything'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "conflict" -d 'Devices that edited the same objects offline come online together'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "idle" -d 'Devices that are connected and do nothing'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "reconnect" -d 'All devices lose their connection at once and come back'
complete -c ros -n "__fish_ros_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand status" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand status" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand status" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand status" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand status" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand status" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand status" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand status" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand status" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand doctor" -s c -l configuration -d 'The configuration file [default: /etc/realm/configuration.yml, or else the development server of ./ros-data]' -r -F
complete -c ros -n "__fish_ros_using_subcommand doctor" -l certificate -d 'The certificate that devices are shown, PEM, also one of a proxy in front' -r -F
complete -c ros -n "__fish_ros_using_subcommand doctor" -s o -l output -d 'The form of the result' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c ros -n "__fish_ros_using_subcommand doctor" -l server -d 'The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]' -r
complete -c ros -n "__fish_ros_using_subcommand doctor" -l ca-file -d 'A file of authorities, PEM, that may sign the server\'s certificate beside those that this host trusts' -r -F
complete -c ros -n "__fish_ros_using_subcommand doctor" -l admin-token-file -d 'A file that holds an administrator\'s token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]' -r -F
complete -c ros -n "__fish_ros_using_subcommand doctor" -l token-file -d 'A file that holds a user\'s or access token' -r -F
complete -c ros -n "__fish_ros_using_subcommand doctor" -l user -d 'A user of the app, by e-mail address' -r
complete -c ros -n "__fish_ros_using_subcommand doctor" -l password-file -d 'A file that holds the user\'s password; - for standard input' -r -F
complete -c ros -n "__fish_ros_using_subcommand doctor" -l timeout -d 'Seconds to wait for the server' -r
complete -c ros -n "__fish_ros_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand completions" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ros -n "__fish_ros_using_subcommand man" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand generate" -s h -l help -d 'Print help'
complete -c ros -n "__fish_ros_using_subcommand generate" -s V -l version -d 'Print version'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "serve" -d 'Run the server'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "check-config" -d 'Check a configuration, and show what would hold'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "backup" -d 'Copy the data folder of a running or stopped server'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "verify" -d 'Check that a backup is what it was when it was made'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "restore" -d 'Make a data folder of a backup'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "browse" -d 'Look at what a Realm contains'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "realms" -d 'Work with whole Realms'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "perms" -d 'See and change permissions'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "users" -d 'List, make, change and remove users'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "token" -d 'Make, look at and revoke tokens'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "bench" -d 'Measure any server that speaks the sync protocol'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "status" -d 'Show a running server at a glance'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "doctor" -d 'Find out what is wrong on this host, and how to put it right'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "man" -d 'Print a manual page'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "generate" -d 'Write what is made from definitions into a folder: man pages, completions, the sample configuration, its schema and its reference'
complete -c ros -n "__fish_ros_using_subcommand help; and not __fish_seen_subcommand_from serve check-config backup verify restore browse realms perms users token bench status doctor completions man generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from realms" -f -a "list" -d 'List the Realms of the server'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from realms" -f -a "info" -d 'Show what is known of a Realm'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from realms" -f -a "export" -d 'Write every object of a Realm as a line of JSON'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from realms" -f -a "import" -d 'Write objects into a Realm: those that are there are changed, others are made'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from realms" -f -a "remove" -d 'Remove a Realm with all that is in it, what is granted on it, and its history'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from perms" -f -a "list" -d 'List permissions: all of them for administrators, else your own, those on your Realms, and what everybody has'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from perms" -f -a "show" -d 'Show the permissions on a Realm'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from perms" -f -a "grant" -d 'Give somebody rights on a Realm; flags that are not named stay as they are'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from perms" -f -a "revoke" -d 'Take rights away from somebody; all of them if none is named'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from perms" -f -a "why" -d 'Say what a user may do in a Realm, and why'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from perms" -f -a "offer" -d 'Make an offer of rights on a Realm, and print its token; whoever has it may take them'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from perms" -f -a "accept" -d 'Take the rights of an offer'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from perms" -f -a "offers" -d 'List your offers'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "list" -d 'List users, in the order of their ids'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "show" -d 'Show what is known of a user'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "add" -d 'Make a user'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "import" -d 'Make the users of another server, with their ids and the hashes of their passwords'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "remove" -d 'Remove a user with its Realms, and end all that it has open'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "set-password" -d 'Give a user another password, and end all its logins'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "make-admin" -d 'Make a user an administrator of the server'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "suspend" -d 'Keep a user out, and end all that it has open'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "admin" -d 'Make an administrator\'s token'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "mint" -d 'Make a token for a user, or for one Realm'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "inspect" -d 'Say what a token contains, and whether the server takes it'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "revoke" -d 'End a token before its time'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "load" -d 'Transactions that each wait for their durable acknowledgement'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "fanout" -d 'From a commit on one device to its integration on many'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "bootstrap" -d 'A fresh device downloads everything'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "conflict" -d 'Devices that edited the same objects offline come online together'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "idle" -d 'Devices that are connected and do nothing'
complete -c ros -n "__fish_ros_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "reconnect" -d 'All devices lose their connection at once and come back'

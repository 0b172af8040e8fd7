complete -c realm-object-server -s c -l configuration -d 'The configuration file' -r -F
complete -c realm-object-server -l root -d 'The data folder [default: ./ros-data with --dev, else from the configuration]' -r -F
complete -c realm-object-server -l listen -d 'Where to listen; port 0 takes a free one [default: 127.0.0.1:9080 with --dev, else from the configuration]' -r
complete -c realm-object-server -l private-key -d 'The private key, PEM; its public half is known from it [default: from the configuration]' -r -F
complete -c realm-object-server -l public-key -d 'The public key, PEM; must belong to the private key [default: from the configuration]' -r -F
complete -c realm-object-server -l log-level -d 'What to log [default: from the configuration, or info]' -r -f -a "all\t''
trace\t''
debug\t''
detail\t''
info\t''
warn\t''
error\t''
fatal\t''
off\t''"
complete -c realm-object-server -l check-configuration -d 'Check a configuration, and show what would hold' -r -F
complete -c realm-object-server -l dev -d 'Run for development: any app, anybody signs in, everything made on the spot'
complete -c realm-object-server -s h -l help -d 'Print help (see more with \'--help\')'
complete -c realm-object-server -s V -l version -d 'Print version'

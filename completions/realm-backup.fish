complete -c realm-backup -l jobs -d 'Files worked on at the same time' -r
complete -c realm-backup -s o -l output -d 'The form of the result; ndjson prints a line for each file when it is done' -r -f -a "table\t'A table for people'
json\t'One JSON document'
ndjson\t'A JSON document for each row'
plain\t'Values with tabs between them, without headings'
csv\t'Comma-separated values with a heading'"
complete -c realm-backup -l with-keys -d 'Copy keys that lie outside of the data folder, too, into TARGET/keys'
complete -c realm-backup -l full-speed -d 'Do not give way to a server on this machine'
complete -c realm-backup -s h -l help -d 'Print help (see more with \'--help\')'
complete -c realm-backup -s V -l version -d 'Print version'

# Prints the failures in test output: each failed test with its message and place, and each other error (of a build, a crash).
function begin() { telling = 1; if (!count++) print "\nFailed:" }
/^== / { part = " on " substr($0, 4) }
# Not all lines of a message are indented. The message ends at the next known line.
/^([0-9]+ )?skipped|^Test run|^Running tests|^Exit code|^== |\.dll \(.*\) passed/ { telling = 0 }
/^failed / { begin(); $0 = $0 part }
/error [A-Z]+[0-9]+:|\.dll \(.*\) failed with|^Unhandled exception|^Fatal error|^qemu: / { begin() }
telling && NF && !/^ +at System\./ { print }

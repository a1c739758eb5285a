# What test output tells of failures: each failed test, its message and place, and each error that is no test's (a build's, a crash).
function begin() { telling = 1; if (!count++) print "\nFailed:" }
/^== / { part = " on " substr($0, 4) }
# The lines of a message are not all indented: it ends where something else begins.
/^([0-9]+ )?skipped|^Test run|^Running tests|^Exit code|^== |\.dll \(.*\) passed/ { telling = 0 }
/^failed / { begin(); $0 = $0 part }
/error [A-Z]+[0-9]+:|\.dll \(.*\) failed with|^Unhandled exception|^Fatal error|^qemu: / { begin() }
telling && NF && !/^ +at System\./ { print }

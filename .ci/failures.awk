# What test output tells of failures: each failed test, its message and place, and each error that is no test's (a build's, a crash).
/^== / { part = " on " substr($0, 4) }
/^[^ ]/ { telling = 0 }
/^failed / { telling = 1; if (!count++) print "\nFailed:"; sub(/$/, part) }
/^[^ ].*(error [A-Z]+[0-9]+:|failed with [0-9]+ error)/ || /^(Unhandled exception|Fatal error|qemu: )/ { telling = 1; if (!count++) print "\nFailed:" }
telling && NF { print }

# Removes skipped tests from test output. Prints one line per reason with its count before each summary instead.
function tell(reason) {
    for (reason in count) printf "%d skipped: %s\n", count[reason], reason
    delete count
}
/^skipped / { skipping = 1; next }
skipping && /^ +from / { next }
skipping && /^( |$)/ {
    # The first line is the reason; output of the test may follow.
    if (skipping++ == 1) { sub(/^ +/, ""); count[$0]++ }
    next
}
{ skipping = 0 }
/^Test run summary/ { tell() }
{ print; fflush() }
END { tell() }

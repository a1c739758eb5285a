# Test output without its skipped tests: in their place, before each summary, one line a reason with its count.
function tell(reason) {
    for (reason in count) printf "%d skipped: %s\n", count[reason], reason
    delete count
}
/^skipped / { skipping = 1; next }
skipping && /^ +from / { next }
skipping && /^( |$)/ {
    # The first line is the reason; what the test has printed may follow.
    if (skipping++ == 1) { sub(/^ +/, ""); count[$0]++ }
    next
}
{ skipping = 0 }
/^Test run summary/ { tell() }
{ print; fflush() }
END { tell() }

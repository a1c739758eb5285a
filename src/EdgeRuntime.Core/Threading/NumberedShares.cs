namespace EdgeRuntime.Threading;

/// <summary>
/// Maps a running number to a share of one of several items, when the shares of all items are numbered consecutively. Used by one thread of
/// a team, whose numbers from <see cref="WorkerPool.TakeItems"/> only increase.
/// </summary>
/// <param name="counts">The number of shares of each item.</param>
internal struct NumberedShares(int[] counts)
{
    private int _thing;
    private int _firstShare;

    /// <summary>
    /// Finds the item of a number and the index of the share within the item. Returns false for numbers after the last share.
    /// </summary>
    public bool TryFind(int number, out int thing, out int share)
    {
        while (_thing < counts.Length && number >= _firstShare + counts[_thing])
        {
            _firstShare += counts[_thing];
            _thing++;
        }

        thing = _thing;
        share = number - _firstShare;
        return _thing < counts.Length;
    }
}

namespace EdgeRuntime.Threading;

/// <summary>
/// Shares of several things, numbered through from the first thing's first: finds where a number belongs. For one thread of a team, whose
/// numbers from <see cref="WorkerPool.TakeItems"/> only go up.
/// </summary>
/// <param name="counts">How many shares each thing has.</param>
internal struct NumberedShares(int[] counts)
{
    private int _thing;
    private int _firstShare;

    /// <summary>The thing that a number belongs to, and the share's own number in it; false behind the last.</summary>
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

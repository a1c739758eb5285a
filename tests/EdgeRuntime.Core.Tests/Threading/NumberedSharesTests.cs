using System.Collections.Generic;
using EdgeRuntime.Threading;
using Xunit;

namespace EdgeRuntime.Core.Tests.Threading;

public sealed class NumberedSharesTests
{
    [Fact]
    public void TryFind_OfEveryNumber_GivesTheThingsInOrderAndSkipsEmptyOnes()
    {
        var shares = new NumberedShares([2, 0, 1]);
        List<(int, int)> found = [];
        for (int number = 0; shares.TryFind(number, out int thing, out int share); number++)
        {
            found.Add((thing, share));
        }

        Assert.Equal([(0, 0), (0, 1), (2, 0)], found);
    }

    /// <summary>As a thread sees it whose team-mates take numbers too.</summary>
    [Fact]
    public void TryFind_OfSomeNumbers_FindsThemAndEndsForGood()
    {
        var shares = new NumberedShares([2, 3, 4]);
        Assert.True(shares.TryFind(1, out int thing, out int share));
        Assert.Equal((0, 1), (thing, share));
        Assert.True(shares.TryFind(8, out thing, out share));
        Assert.Equal((2, 3), (thing, share));
        Assert.False(shares.TryFind(9, out _, out _));
        Assert.False(shares.TryFind(12, out _, out _));
    }
}

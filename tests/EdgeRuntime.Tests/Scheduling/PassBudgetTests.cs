using System;
using EdgeRuntime.Scheduling;
using Xunit;

namespace EdgeRuntime.Tests.Scheduling;

public sealed class PassBudgetTests
{
    /// <summary>Machines from a fast one to one that needs longer than the target to read the weights.</summary>
    [Theory]
    [InlineData(0.5, 0.02, 24)]
    [InlineData(5, 0.4, 24)]
    [InlineData(12, 1.5, 27)]
    [InlineData(7, 3, 24)]
    [InlineData(200, 10, 420)]
    public void Record_OfPassesOfItsOwnSize_ReachesTheTarget(double passMilliseconds, double rowMilliseconds, double target)
    {
        var budget = new PassBudget();
        budget.Record(1, TimeSpan.FromMilliseconds(passMilliseconds + rowMilliseconds), isDecode: true);
        Assert.Equal(target, budget.Target.TotalMilliseconds);
        for (int i = 0; i < 50; i++)
        {
            budget.Record(budget.Rows, TimeSpan.FromMilliseconds(passMilliseconds + (rowMilliseconds * budget.Rows)), isDecode: false);
        }

        double expected = (target - passMilliseconds) / rowMilliseconds;
        Assert.InRange(budget.Rows, (0.9 * expected) - 1, 1.1 * expected);
    }

    [Fact]
    public void Record_OfHalfAPart_ChangesNothing()
    {
        var budget = new PassBudget();
        int rows = budget.Rows;
        budget.Record(rows / 2, TimeSpan.FromMilliseconds(20), isDecode: false);
        Assert.Equal(rows, budget.Rows);
    }

    [Fact]
    public void Record_OfADisturbedDecodePass_BarelyMovesTheTarget()
    {
        var budget = new PassBudget();
        budget.Record(1, TimeSpan.FromMilliseconds(20), isDecode: true);
        budget.Record(1, TimeSpan.FromMilliseconds(900), isDecode: true);
        Assert.InRange(budget.Target.TotalMilliseconds, 40, 45);
    }

    [Fact]
    public void Record_OfAVerySlowMachine_KeepsTheSmallestPart()
    {
        var budget = new PassBudget();
        budget.Record(16, TimeSpan.FromSeconds(60), isDecode: false);
        Assert.Equal(PassBudget.LeastRows, budget.Rows);
    }
}

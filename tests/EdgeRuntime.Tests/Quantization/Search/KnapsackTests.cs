using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Quantization.Search;
using Xunit;

namespace EdgeRuntime.Tests.Quantization.Search;

public sealed class KnapsackTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 32)]
    [InlineData(4, 96)]
    public void Choose_SmallItems_IsAsGoodAsTheBestCombination(int seed, int unit)
    {
        KnapsackChoice[][] items = Random(seed, count: 5, choices: 4, mostCost: 20, unit);
        var knapsack = new Knapsack(items);
        for (long budget = knapsack.LeastCost; budget <= knapsack.MostCost; budget += Math.Max(1, unit / 3))
        {
            int[] choices = knapsack.Choose(budget);
            Assert.InRange(CostOf(items, choices), 0, budget);
            double best = Combinations(items).Where(all => CostOf(items, all) <= budget).Min(all => LossOf(items, all));
            Assert.Equal(best, LossOf(items, choices), 1e-12);
            Assert.Equal(best, knapsack.LossOf(budget), 1e-12);
        }
    }

    [Fact]
    public void Choose_CostsThatShareNoCell_StaysWithinTheBudgetAndNearTheBound()
    {
        KnapsackChoice[][] items = Random(seed: 5, count: 300, choices: 8, mostCost: 1_000_003, unit: 1);
        var knapsack = new Knapsack(items);
        double before = double.PositiveInfinity;
        for (int part = 1; part < 10; part++)
        {
            long budget = knapsack.LeastCost + ((knapsack.MostCost - knapsack.LeastCost) * part / 10);
            int[] choices = knapsack.Choose(budget);
            Assert.InRange(CostOf(items, choices), 0, budget);
            double loss = LossOf(items, choices);
            Assert.InRange(loss, LowerBound(items, budget), before);
            Assert.InRange(loss, 0, (LowerBound(items, budget) * 1.02) + 1e-9);
            before = loss;
        }
    }

    [Fact]
    public void FindBudget_OfALoss_IsTheSmallestThatHasIt()
    {
        KnapsackChoice[][] items = Random(seed: 6, count: 5, choices: 4, mostCost: 20, unit: 1);
        var knapsack = new Knapsack(items);
        double loss = knapsack.LossOf((knapsack.LeastCost + knapsack.MostCost) / 2);
        long budget = knapsack.FindBudget(loss)!.Value;
        Assert.InRange(LossOf(items, knapsack.Choose(budget)), 0, loss);
        Assert.All(Combinations(items).Where(all => CostOf(items, all) < budget), all => Assert.True(LossOf(items, all) > loss));
        Assert.Null(knapsack.FindBudget(-1));
    }

    [Fact]
    public void Choose_LessThanTheLeastCost_IsRefused()
    {
        var knapsack = new Knapsack([[new KnapsackChoice(3, 1), new KnapsackChoice(5, 0)]]);
        Assert.Throws<ArgumentOutOfRangeException>(() => knapsack.Choose(2));
        Assert.Equal([0], knapsack.Choose(4));
        Assert.Equal([1], knapsack.Choose(5));
    }

    private static KnapsackChoice[][] Random(int seed, int count, int choices, int mostCost, int unit)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, choices)
            .Select(_ => new KnapsackChoice((long)random.Next(mostCost) * unit, random.NextDouble())).ToArray())];
    }

    private static IEnumerable<int[]> Combinations(KnapsackChoice[][] items) => items.Aggregate(
        (IEnumerable<int[]>)[[]], (all, item) => all.SelectMany(some => item.Select((_, choice) => (int[])[.. some, choice])));

    private static long CostOf(KnapsackChoice[][] items, int[] choices) =>
        items.Zip(choices, static (item, choice) => item[choice].Cost).Sum();

    private static double LossOf(KnapsackChoice[][] items, int[] choices) =>
        items.Zip(choices, static (item, choice) => item[choice].Loss).Sum();

    /// <summary>Computes Lagrange's bound, which no solution can beat: the greatest over multipliers.</summary>
    private static double LowerBound(KnapsackChoice[][] items, long budget) => Enumerable.Range(0, 2000)
        .Select(step => Math.Pow(10, -9 + (step / 250.0)))
        .Max(price => items.Sum(item => item.Min(choice => choice.Loss + (price * choice.Cost))) - (price * budget));
}

using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Quantization.Search;

/// <summary>A choice for an item of a <see cref="Knapsack"/>.</summary>
/// <param name="Cost">What it takes of the budget; not negative.</param>
/// <param name="Loss">What is to be small in total.</param>
internal readonly record struct KnapsackChoice(long Cost, double Loss);

/// <summary>
/// Solves the multiple-choice knapsack problem for all budgets: one choice for each item, with the least loss in total and a total cost
/// within a budget. Dynamic programming over cells of the budget is exact if all costs are multiples of a cell; otherwise costs are rounded
/// up, and the unused rest is spent greedily.
/// </summary>
internal sealed class Knapsack
{
    /// <summary>The largest number of cells. A table has a byte for each item and cell.</summary>
    private const int MaxCells = 1 << 15;

    private readonly KnapsackChoice[][] _items;
    private readonly long[] _least;
    private readonly long _unit;
    private readonly double[] _losses; // by cell: the least loss of all items
    private readonly byte[][] _chosen; // [items][cells]: the choice of the best solution of the items so far

    /// <param name="items">The choices of each item; 1 to 256.</param>
    public Knapsack(IReadOnlyList<KnapsackChoice[]> items)
    {
        _items = [.. items];
        _least = Array.ConvertAll(_items, static choices => choices.Min(static choice => choice.Cost));
        LeastCost = _least.Sum();
        MostCost = _items.Sum(static choices => choices.Max(static choice => choice.Cost));
        _unit = FindUnit();
        int cells = checked((int)((MostCost - LeastCost + _unit - 1) / _unit)) + 1;
        _losses = new double[cells];
        _chosen = new byte[_items.Length][];
        for (int item = 0; item < _items.Length; item++)
        {
            AddItem(item);
        }
    }

    /// <summary>Gets the smallest budget that has a solution.</summary>
    public long LeastCost { get; }

    /// <summary>Gets the budget from which on no better solution exists.</summary>
    public long MostCost { get; }

    /// <summary>Chooses for a budget.</summary>
    /// <param name="budget">The largest total cost; at least <see cref="LeastCost"/>.</param>
    /// <returns>The index of the choice for each item.</returns>
    public int[] Choose(long budget)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, LeastCost);
        int[] choices = new int[_items.Length];
        int cell = CellOf(budget);
        for (int item = _items.Length - 1; item >= 0; item--)
        {
            choices[item] = _chosen[item][cell];
            cell -= CellsOf(item, choices[item]);
        }

        Spend(choices, budget);
        return choices;
    }

    /// <summary>Gets the least loss within a budget, apart from what <see cref="Choose"/> makes of rounding.</summary>
    /// <param name="budget">The largest total cost; at least <see cref="LeastCost"/>.</param>
    public double LossOf(long budget) => _losses[CellOf(budget)];

    /// <summary>Finds the smallest budget whose solution has at most a loss.</summary>
    /// <returns>Null if no budget has.</returns>
    public long? FindBudget(double loss)
    {
        int cell = Array.FindIndex(_losses, found => found <= loss);
        return cell < 0 ? null : LeastCost + (cell * _unit);
    }

    /// <summary>Finds a cell that divides all differences of costs, or the smallest that leaves at most <see cref="MaxCells"/>.</summary>
    private long FindUnit()
    {
        long divisor = 0;
        for (int item = 0; item < _items.Length; item++)
        {
            foreach (KnapsackChoice choice in _items[item])
            {
                divisor = GreatestDivisor(divisor, choice.Cost - _least[item]);
            }
        }

        divisor = Math.Max(divisor, 1);
        return divisor * Math.Max(1, ((MostCost - LeastCost) / divisor / MaxCells) + 1);
    }

    private static long GreatestDivisor(long left, long right)
    {
        while (right != 0)
        {
            (left, right) = (right, left % right);
        }

        return left;
    }

    private int CellOf(long budget) => (int)Math.Min(_losses.Length - 1, (budget - LeastCost) / _unit);

    private int CellsOf(int item, int choice) => (int)((_items[item][choice].Cost - _least[item] + _unit - 1) / _unit);

    private void AddItem(int item)
    {
        double[] before = [.. _losses];
        byte[] chosen = _chosen[item] = new byte[_losses.Length];
        Array.Fill(_losses, double.PositiveInfinity);
        for (int choice = 0; choice < _items[item].Length; choice++)
        {
            int cells = CellsOf(item, choice);
            double loss = _items[item][choice].Loss;
            for (int cell = cells; cell < _losses.Length; cell++)
            {
                double total = before[cell - cells] + loss;
                if (total < _losses[cell])
                {
                    _losses[cell] = total;
                    chosen[cell] = (byte)choice;
                }
            }
        }
    }

    /// <summary>Spends what rounding left of the budget: always on the change that reduces the loss most.</summary>
    private void Spend(int[] choices, long budget)
    {
        long rest = budget - choices.Select((choice, item) => _items[item][choice].Cost).Sum();
        while (true)
        {
            (int Item, int Choice, double Gain) best = (0, 0, 0);
            for (int item = 0; item < _items.Length; item++)
            {
                KnapsackChoice now = _items[item][choices[item]];
                for (int choice = 0; choice < _items[item].Length; choice++)
                {
                    KnapsackChoice other = _items[item][choice];
                    if (other.Cost - now.Cost <= rest && now.Loss - other.Loss > best.Gain)
                    {
                        best = (item, choice, now.Loss - other.Loss);
                    }
                }
            }

            if (best.Gain == 0)
            {
                return;
            }

            rest -= _items[best.Item][best.Choice].Cost - _items[best.Item][choices[best.Item]].Cost;
            choices[best.Item] = best.Choice;
        }
    }
}

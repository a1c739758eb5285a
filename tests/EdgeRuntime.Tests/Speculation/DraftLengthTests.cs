using System;
using System.Collections.Generic;
using EdgeRuntime.Speculation;
using Xunit;

namespace EdgeRuntime.Tests.Speculation;

public sealed class DraftLengthTests
{
    [Fact]
    public void Choose_DraftsNeverFit_TriesRarely()
    {
        DraftLength length = new(1, 15, measures: true);
        length.RecordPlain(0.010);
        int tried = 0;
        for (int i = 0; i < 5000; i++)
        {
            int drafted = length.Choose(0, 15);
            if (drafted == 0)
            {
                length.RecordPlain(0.010);
            }
            else
            {
                tried++;
                length.Record(0, drafted, 0, 0.010 + 0.003 * drafted);
            }
        }

        Assert.InRange(tried, 20, 120);
    }

    [Fact]
    public void Choose_DraftsAlwaysFit_GrowsToTheLongest()
    {
        DraftLength length = new(1, 15, measures: true);
        length.RecordPlain(0.010);
        int drafted = 0;
        for (int i = 0; i < 50; i++)
        {
            drafted = length.Choose(0, 15);
            length.Record(0, drafted, drafted, 0.010 + 0.001 * drafted);
        }

        Assert.Equal(15, drafted);
    }

    [Fact]
    public void Choose_FirstStepOfEveryLengthIsSlow_GrowsAllTheSame()
    {
        DraftLength length = new(1, 11, measures: true);
        HashSet<int> seen = [];
        int drafted = 0;
        for (int i = 0; i < 50; i++)
        {
            drafted = length.Choose(0, 11);
            length.Record(0, drafted, drafted, seen.Add(drafted) ? 0.5 : 0.010 + 0.001 * drafted);
        }

        Assert.Equal(11, drafted);
    }

    [Fact]
    public void Choose_AnyAcceptance_OffersFewLengths()
    {
        HashSet<int> lengths = [];
        for (int accepted = 0; accepted <= 11; accepted++)
        {
            DraftLength length = new(1, 11, measures: true);
            for (int i = 0; i < 50; i++)
            {
                int drafted = length.Choose(0, 11);
                lengths.Add(drafted);
                length.Record(0, drafted, Math.Min(accepted, drafted), 0.010 + 0.001 * drafted);
            }
        }

        Assert.All(lengths, drafted => Assert.Contains(drafted, (int[])[0, 1, 3, 7, 11]));
    }

    [Fact]
    public void Choose_RowsCostAsMuchAsSteps_Stops()
    {
        DraftLength length = new(1, 15, measures: true);
        length.RecordPlain(0.010);
        int tried = 0;
        for (int i = 0; i < 1000; i++)
        {
            int drafted = length.Choose(0, 15);
            tried += drafted > 0 ? 1 : 0;
            length.Record(0, drafted, drafted, 0.010 * (drafted + 1));
        }

        Assert.InRange(tried, 1, 300);
    }
}

using System;
using System.IO;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Counts what the whole process allocates, worker threads included, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    [Fact]
    public void Forward_OneTokenAtATime_AllocatesNothing()
    {
        using var model = LanguageModel.Load(Path.Combine(SharedData.Repository, "models", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 64 });
        int[] token = [100];
        for (int i = 0; i < 8; i++)
        {
            session.Forward(token);
        }

        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < 16; i++)
        {
            session.Forward(token);
        }

        Assert.Equal(0, GC.GetTotalAllocatedBytes(precise: true) - before);
    }
}

using System.Linq;
using EdgeRuntime.Kernels;
using Xunit;

namespace EdgeRuntime.Tests.Models;

internal static class IsaSupport
{
    /// <summary>Skips the test where the machine lacks the instruction set.</summary>
    public static void Require(string name) =>
        Assert.SkipUnless(InstructionSet.All.Single(isa => isa.Name == name).IsSupported, $"this machine has no {name}");
}

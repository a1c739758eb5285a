using Xunit;

namespace EdgeRuntime.Tests.Support;

/// <summary>Tests that count what the whole process uses: no other test runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone
{
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The order in which a blind page shows the answers of two models: another one for each prompt, run and seed.</summary>
/// <param name="Run">The name of the run.</param>
/// <param name="Seed">The seed of the run.</param>
internal sealed record AbOrder(string Run, ulong Seed)
{
    /// <summary>Gets whether the answer of B is on the left.</summary>
    public bool IsSwapped(int prompt)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{Run}\n{Seed}\n{prompt}");
        return (SHA256.HashData(Encoding.UTF8.GetBytes(text))[0] & 1) == 1;
    }
}

using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Files that the reader takes and the loader must refuse.</summary>
public sealed class HostileModelTests
{
    [Fact]
    public void Load_OfEveryHostileFile_IsRefusedInOneLine()
    {
        string folder = SharedData.Require("conformance/malformed-gguf");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")));
        var accepted = new List<string>();
        foreach (JsonElement entry in manifest.RootElement.EnumerateArray()
            .Where(entry => entry.GetProperty("expect").GetString() is "reject" or "reject-load"))
        {
            string file = entry.GetProperty("file").GetString()!;
            string? message = Refusal(Path.Combine(folder, file));
            if (message is null)
            {
                accepted.Add(file);
            }
            else
            {
                Assert.DoesNotContain('\n', message);
            }
        }

        Assert.Empty(accepted);
    }

    private static string? Refusal(string path)
    {
        try
        {
            LanguageModel.Load(path).Dispose();
            return null;
        }
        catch (ModelFormatException exception)
        {
            return exception.Message;
        }
        catch (UnsupportedModelException exception)
        {
            return exception.Message;
        }
    }
}

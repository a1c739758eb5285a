using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>A model file that is cut short under a command: an answer or one line, never a signal.</summary>
public sealed class ShrinkingFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_FileTruncatedAtARandomMoment_EndsWithAnAnswerOrALine()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps an open file as long as it is");
        var random = new Random(5);
        long length = new FileInfo(TestModels.Stories).Length;
        for (int round = 0; round < 12; round++)
        {
            string model = _folder.File("model.gguf");
            File.Copy(TestModels.Stories, model, overwrite: true);
            using Process process =
                Edgert.Start(new Dictionary<string, string?>(), "run", model, "-p", "Once upon a time", "-n", "300", "--temp", "0");
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            await Task.Delay(random.Next(400));
            using (var stream = new FileStream(model, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                stream.SetLength(random.NextInt64(length));
            }

            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
            string lines = (await error).TrimEnd();
            Assert.True(process.ExitCode is 0 or 1, $"exit code {process.ExitCode}\n{await output}\n{lines}");
            Assert.True(process.ExitCode == 0 || lines.Split('\n')[^1].StartsWith("edgert: error: ", StringComparison.Ordinal), lines);
            Assert.DoesNotContain("internal error", lines, StringComparison.Ordinal);
        }
    }
}

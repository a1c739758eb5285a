using System;
using System.IO;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Examples.Tests;

/// <summary>The sample worker.</summary>
public sealed class WorkerTests
{
    [Fact]
    public async Task Worker_AQuestionAndASignalToStop_AnswersAndStopsCleanly()
    {
        Unix.Require();
        using var folder = new ExampleFolder();
        string questions = Path.Combine(folder.Path, "questions");
        Directory.CreateDirectory(questions);
        await File.WriteAllTextAsync(Path.Combine(questions, "question.txt"), "Once upon a time");
        using var worker = new ExampleProcess(
            Path.Combine(AppContext.BaseDirectory, "Worker.dll"), folder, $"--EdgeRuntime:ModelPath={TestModels.Stories}");

        await worker.ReadToAsync("question.txt: ");
        worker.Terminate();

        (int exitCode, string output) = await worker.CompleteAsync();
        Assert.True(exitCode == 0, $"exit code {exitCode}\n{output}\n{await worker.Errors}");
        Assert.Equal("", await worker.Errors);
        Assert.NotEqual("", (await File.ReadAllTextAsync(Path.Combine(questions, "question.answer.md"))).Trim());
    }
}

using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Worker;

/// <summary>Answers each text file of a folder: <c>question.txt</c> gets a <c>question.answer.md</c>, and is asked once.</summary>
internal sealed partial class FolderWorker(LanguageModel model, IConfiguration configuration, ILogger<FolderWorker> logger)
    : BackgroundService
{
    private readonly string _folder = configuration["Folder"] ?? "questions";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Directory.CreateDirectory(_folder);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            foreach (string question in Directory.GetFiles(_folder, "*.txt"))
            {
                string answer = Path.ChangeExtension(question, ".answer.md");
                if (!File.Exists(answer))
                {
                    await AnswerAsync(question, answer, stoppingToken);
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task AnswerAsync(string question, string answer, CancellationToken stoppingToken)
    {
        using ModelSession session = model.CreateSession();
        string text = await File.ReadAllTextAsync(question, stoppingToken);
        GenerationResult result = await session.Generate(text, new() { MaxTokens = 256 }, stoppingToken).CompleteAsync(stoppingToken);
        await File.WriteAllTextAsync(answer, result.Text, stoppingToken);
        Answered(logger, question, result.Usage.GeneratedTokens, result.FinishReason);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{File}: {Tokens} tokens, {FinishReason}")]
    private static partial void Answered(ILogger logger, string file, int tokens, FinishReason finishReason);
}

#:project ../../../../src/EdgeRuntime
#:package Microsoft.Extensions.Logging.Console@10.0.0
using EdgeRuntime;
using Microsoft.Extensions.Logging;

using ILoggerFactory log = LoggerFactory.Create(logging => logging.AddConsole());
using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(5));
var progress = new Progress<float>(fraction => Console.WriteLine($"{fraction:P0}"));
using LanguageModel model = await LanguageModel.LoadAsync(args[0], new() { LoggerFactory = log }, progress, timeout.Token);
Console.WriteLine("loaded");

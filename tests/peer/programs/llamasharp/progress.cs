#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
#:property PublishAot=false
#:package Microsoft.Extensions.Logging.Console@10.0.0
using LLama;
using LLama.Common;
using LLama.Native;
using Microsoft.Extensions.Logging;

using ILoggerFactory log = LoggerFactory.Create(logging => logging.AddConsole());
NativeLibraryConfig.All.WithLogCallback(log.CreateLogger("llama.cpp"));
using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(5));
var progress = new Progress<float>(fraction => Console.WriteLine($"{fraction:P0}"));
using LLamaWeights weights = await LLamaWeights.LoadFromFileAsync(new ModelParams(args[0]), timeout.Token, progress);
Console.WriteLine("loaded");
